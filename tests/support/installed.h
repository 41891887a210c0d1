// Programs that are not ours: where they are, if they are.
#pragma once

#include <doctest/doctest.h>
#include <unistd.h>

#include <cstdlib>
#include <sstream>
#include <string>
#include <vector>

namespace finishline::test {

/// The path of an installed program; "" when there is none of this name, which the test then tells.
inline std::string installed(const std::string& name) {
  const char* const path = std::getenv("PATH");
  std::istringstream directories(std::string(path == nullptr ? "" : path) + ":/usr/sbin:/sbin");
  for (std::string directory; std::getline(directories, directory, ':');) {
    const std::string file = directory + '/' + name;
    if (::access(file.c_str(), X_OK) == 0) return file;
  }
  MESSAGE(name << " is not installed: nothing was tried with it");
  return "";
}

}  // namespace finishline::test
