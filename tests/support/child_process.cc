#include "tests/support/child_process.h"

#include <fcntl.h>
#include <linux/close_range.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <cstdio>
#include <filesystem>
#include <stdexcept>
#include <utility>

namespace finishline::test {
namespace {

/// A file in memory: no pipe that could fill up, no thread that reads.
int capture_file(const char* name) {
  const int fd = ::memfd_create(name, MFD_CLOEXEC);
  if (fd < 0) throw std::runtime_error("no memory file for the output of a child");
  ::fcntl(fd, F_SETFL, O_APPEND);
  return fd;
}

std::string contents(int fd) {
  std::string text;
  char block[16384];
  for (ssize_t n = 0; (n = ::pread(fd, block, sizeof block, static_cast<off_t>(text.size()))) > 0;) {
    text.append(block, static_cast<std::size_t>(n));
  }
  return text;
}

/// In the new process, before the program: only what is safe between fork and exec.
[[noreturn]] void become(const std::vector<char*>& arguments, pid_t parent, int output_fd, int errors_fd,
                         int third) {
  ::setpgid(0, 0);
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (::getppid() != parent) ::_exit(127);
  const int input_fd = ::open("/dev/null", O_RDONLY);
  ::dup2(input_fd, STDIN_FILENO);
  ::dup2(output_fd, STDOUT_FILENO);
  ::dup2(errors_fd, STDERR_FILENO);
  ::close_range(STDERR_FILENO + 1, ~0U, CLOSE_RANGE_CLOEXEC);
  if (third == 3) ::fcntl(third, F_SETFD, 0);
  if (third > 3) ::dup2(third, 3);
  ::signal(SIGPIPE, SIG_DFL);
  sigset_t none;
  sigemptyset(&none);
  ::sigprocmask(SIG_SETMASK, &none, nullptr);
  ::execv(arguments[0], arguments.data());
  ::perror(arguments[0]);
  ::_exit(127);
}

}  // namespace

std::string program(std::string_view name) {
  return (std::filesystem::read_symlink("/proc/self/exe").parent_path() / name).string();
}

ChildProcess::ChildProcess(const std::string& program, const std::vector<std::string>& arguments, int third)
    : output_fd_(capture_file("output")), errors_fd_(capture_file("errors")) {
  std::vector<char*> raw = {const_cast<char*>(program.c_str())};
  for (const std::string& argument : arguments) raw.push_back(const_cast<char*>(argument.c_str()));
  raw.push_back(nullptr);
  const pid_t parent = ::getpid();
  pid_ = ::fork();
  if (pid_ == 0) become(raw, parent, output_fd_, errors_fd_, third);
  if (pid_ < 0) throw std::runtime_error("cannot fork");
  ::setpgid(pid_, pid_);  // whoever of the two comes first
}

ChildProcess::ChildProcess(ChildProcess&& other) noexcept
    : pid_(std::exchange(other.pid_, -1)),
      output_fd_(std::exchange(other.output_fd_, -1)),
      errors_fd_(std::exchange(other.errors_fd_, -1)),
      exit_(other.exit_) {}

ChildProcess::~ChildProcess() {
  if (pid_ < 0) return;
  ::kill(-pid_, SIGKILL);
  if (!exit_) ::waitpid(pid_, nullptr, 0);
  ::close(output_fd_);
  ::close(errors_fd_);
}

bool ChildProcess::running() {
  if (exit_) return false;
  int status = 0;
  if (::waitpid(pid_, &status, WNOHANG) != pid_) return true;
  exit_ = WIFSIGNALED(status) ? Exit{0, WTERMSIG(status)} : Exit{WEXITSTATUS(status), 0};
  return false;
}

void ChildProcess::signal(int number) {
  if (running()) ::kill(pid_, number);
}

std::optional<Exit> ChildProcess::wait(Nanos at_most) {
  wait_until([this] { return !running(); }, at_most);
  return exit_;
}

std::optional<Exit> ChildProcess::stop(Nanos at_most) {
  signal(SIGTERM);
  return wait(at_most);
}

void ChildProcess::kill() {
  signal(SIGKILL);
  wait();
}

std::string ChildProcess::output() const { return contents(output_fd_); }
std::string ChildProcess::errors() const { return contents(errors_fd_); }

Outcome run(std::string_view name, const std::vector<std::string>& arguments, Nanos at_most) {
  ChildProcess process(program(name), arguments);
  const auto exit = process.wait(at_most);
  return {exit, process.output(), process.errors()};
}

}  // namespace finishline::test
