#include "lb/process/program.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <iterator>

#include "lb/process/spawn.h"

namespace finishline::process {
namespace {

std::vector<char*> pointers_to(const std::vector<std::string>& texts) {
  std::vector<char*> pointers;
  for (const std::string& text : texts) pointers.push_back(const_cast<char*>(text.c_str()));
  pointers.push_back(nullptr);
  return pointers;
}

int run_quietly(const std::string& path, const std::vector<std::string>& arguments) {
  const int nowhere = ::open("/dev/null", O_WRONLY | O_CLOEXEC);
  ::dup2(nowhere, STDOUT_FILENO);
  ::execv(path.c_str(), pointers_to(arguments).data());
  return kNotRun;
}

}  // namespace

Program this_program() {
  Program program;
  std::error_code none;
  program.path = std::filesystem::read_symlink("/proc/self/exe", none).string();
  std::ifstream in("/proc/self/cmdline", std::ios::binary);
  const std::string line{std::istreambuf_iterator<char>(in), {}};
  for (auto at = line.begin(); at != line.end();) {
    const auto end = std::find(at, line.end(), '\0');
    program.arguments.emplace_back(at, end);
    at = end == line.end() ? end : end + 1;
  }
  return program;
}

pid_t try_program(const std::string& path, const std::vector<std::string>& arguments) {
  std::vector<std::string> all{path};
  all.insert(all.end(), arguments.begin(), arguments.end());
  return spawn("fl-check", [&] { return run_quietly(path, all); });
}

std::string become(const Program& program) {
  ::execv(program.path.c_str(), pointers_to(program.arguments).data());
  return std::strerror(errno);
}

}  // namespace finishline::process
