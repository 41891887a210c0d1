#include "lb/process/spawn.h"

#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdio>
#include <cstring>

#include "lb/process/signal_table.h"

namespace finishline::process {
namespace {

/// noexcept: an exception must end this process, not unwind into the parent's code.
[[noreturn]] void be_child(pid_t parent, const std::string& title,
                           const std::function<int()>& body) noexcept {
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (::getppid() != parent) ::_exit(1);  // the parent died before the line above
  ::prctl(PR_SET_NAME, title.c_str());
  ::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
  ignore_signals_in_child();
  const int code = body();
  std::fflush(nullptr);
  ::_exit(code);  // the parent's static objects are not ours to destroy
}

}  // namespace

pid_t spawn(const std::string& title, const std::function<int()>& body) {
  std::fflush(nullptr);  // else the child would print the parent's buffered lines again
  const pid_t parent = ::getpid();
  const pid_t pid = ::fork();
  if (pid == 0) be_child(parent, title, body);
  return pid;
}

std::string describe_wait_status(int status) {
  if (WIFEXITED(status)) return "exit " + std::to_string(WEXITSTATUS(status));
  if (WIFSIGNALED(status)) {
    return "signal " + std::to_string(WTERMSIG(status)) + " (" + ::strsignal(WTERMSIG(status)) + ")";
  }
  return "status " + std::to_string(status);
}

}  // namespace finishline::process
