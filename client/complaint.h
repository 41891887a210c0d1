// How the client complains: on standard error, with its name.
#pragma once

#include <cstdio>
#include <string>

namespace finishline::client {

/// Returns `code`.
inline int fail(int code, const std::string& message) {
  std::fprintf(stderr, "finishline-client: %s\n", message.c_str());
  return code;
}

}  // namespace finishline::client
