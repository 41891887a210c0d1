// Real forks: every child is reaped, and each lives a few milliseconds at most.
#include "lb/process/spawn.h"

#include <doctest/doctest.h>
#include <poll.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <stdexcept>

using namespace finishline::process;

namespace {

/// Forks, waits, and says how the child ended.
std::string end_of(const std::function<int()>& body) {
  const pid_t pid = spawn("fl-test", body);
  REQUIRE(pid > 0);
  int status = 0;
  REQUIRE(::waitpid(pid, &status, 0) == pid);
  return describe_wait_status(status);
}

}  // namespace

TEST_CASE("a child exits with what its body returns") {
  CHECK(end_of([] { return 0; }) == "exit 0");
  CHECK(end_of([] { return 3; }) == "exit 3");
}

TEST_CASE("a child killed by a signal is described by number and name") {
  CHECK(end_of([]() -> int { return ::kill(::getpid(), SIGKILL), 0; }) == "signal 9 (Killed)");
  CHECK(end_of([]() -> int { return ::kill(::getpid(), SIGABRT), 0; }) == "signal 6 (Aborted)");
}

TEST_CASE("an exception that leaves the body aborts the child") {
  CHECK(end_of([]() -> int {
          ::close(STDERR_FILENO);  // the runtime's last words are no matter for the test's output
          throw std::runtime_error("on purpose");
        }) == "signal 6 (Aborted)");
}

TEST_CASE("a child bears its title and blocks no signal of its parent's") {
  sigset_t blocked, before;
  sigemptyset(&blocked);
  sigaddset(&blocked, SIGUSR1);
  ::sigprocmask(SIG_BLOCK, &blocked, &before);
  const std::string end = end_of([] {
    char name[16] = {};
    ::prctl(PR_GET_NAME, name);
    sigset_t mask;
    ::sigprocmask(SIG_SETMASK, nullptr, &mask);
    const bool as_promised = std::string(name) == "fl-test" && sigismember(&mask, SIGUSR1) == 0;
    return as_promised ? 0 : 1;
  });
  ::sigprocmask(SIG_SETMASK, &before, nullptr);
  CHECK(end == "exit 0");
}

TEST_CASE("a child takes none of its parent's signal handlers along") {
  struct sigaction mine {
  }, before{};
  mine.sa_handler = [](int) {};
  ::sigaction(SIGUSR2, &mine, &before);
  const std::string end = end_of([] {
    struct sigaction now {};
    ::sigaction(SIGUSR2, nullptr, &now);
    return now.sa_handler == SIG_IGN ? 0 : 1;
  });
  ::sigaction(SIGUSR2, &before, nullptr);
  CHECK(end == "exit 0");
}

// The grandchild holds the writing end of a pipe: the pipe ends when it has died. Orphans are reaped by init,
// so that nothing is left to wait for here.
TEST_CASE("a child dies with its parent, even when the parent is killed") {
  int ends[2];
  REQUIRE(::pipe(ends) == 0);
  const std::string end = end_of([&]() -> int {
    const pid_t grandchild = spawn("fl-test", [&]() -> int {
      for (;;) ::pause();
    });
    if (::write(ends[1], &grandchild, sizeof grandchild) != sizeof grandchild) return 1;
    return ::kill(::getpid(), SIGKILL), 0;
  });
  CHECK(end == "signal 9 (Killed)");
  ::close(ends[1]);
  pid_t grandchild = 0;
  REQUIRE(::read(ends[0], &grandchild, sizeof grandchild) == sizeof grandchild);
  pollfd pipe_end{.fd = ends[0], .events = POLLIN, .revents = 0};
  const bool died = ::poll(&pipe_end, 1, 10'000) == 1;
  CHECK(died);
  if (!died) ::kill(grandchild, SIGKILL);  // it still has the pid that it had
  ::close(ends[0]);
}
