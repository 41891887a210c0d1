#include "lb/process/program.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <thread>

#include "lb/process/spawn.h"
#include "proto/units.h"

namespace finishline::process {
namespace {

constexpr Nanos kPatience = 10s;
constexpr int kNotRun = 127;

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

/// The status of a child that ended in time; it is killed when it did not.
int wait_for(pid_t pid) {
  const auto end = std::chrono::steady_clock::now() + kPatience;
  int status = 0;
  while (::waitpid(pid, &status, WNOHANG) == 0) {
    if (std::chrono::steady_clock::now() > end) ::kill(pid, SIGKILL);
    std::this_thread::sleep_for(2ms);
  }
  return status;
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

std::optional<std::string> try_program(const std::string& path, const std::vector<std::string>& arguments) {
  std::vector<std::string> all{path};
  all.insert(all.end(), arguments.begin(), arguments.end());
  const pid_t pid = spawn("fl-check", [&] { return run_quietly(path, all); });
  if (pid < 0) return std::string("cannot be tried: ") + std::strerror(errno);
  const int status = wait_for(pid);
  if (WIFEXITED(status) && WEXITSTATUS(status) == 0) return std::nullopt;
  return describe_wait_status(status);
}

std::string become(const Program& program) {
  ::execv(program.path.c_str(), pointers_to(program.arguments).data());
  return std::strerror(errno);
}

}  // namespace finishline::process
