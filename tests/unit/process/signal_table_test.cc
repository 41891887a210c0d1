// Real forks, in which real signals are sent: each child lives a few milliseconds at most.
#include "lb/process/signal_table.h"

#include <doctest/doctest.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <functional>

#include "lb/process/signals.h"
#include "lb/process/spawn.h"

using namespace finishline::process;

namespace {

bool ends_well(const std::function<int()>& body) {
  const pid_t pid = spawn("fl-test", body);
  REQUIRE(pid > 0);
  int status = 0;
  REQUIRE(::waitpid(pid, &status, 0) == pid);
  return WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

/// The C library has taken two of the real-time signals.
bool is_ours(int number) { return number < __SIGRTMIN || number >= SIGRTMIN; }

bool is_default(int number) {
  struct sigaction now {};
  return ::sigaction(number, nullptr, &now) == 0 && now.sa_handler == SIG_DFL;
}

bool of_the_kernel(Meaning meaning) { return meaning == Meaning::fault || meaning == Meaning::job_control; }

}  // namespace

TEST_CASE("a child lives through every signal that is neither a fault of its own nor job control") {
  for (int number = 1; number < NSIG; ++number) {
    if (!is_ours(number) || of_the_kernel(meaning_of(number))) continue;
    CAPTURE(number);
    CHECK(ends_well([number] { return ::kill(::getpid(), number); }));
  }
}

TEST_CASE("a child leaves faults, job control and the ends of its own children to the kernel") {
  CHECK(ends_well([] {
    for (int number = 1; number < NSIG; ++number) {
      const Meaning meaning = meaning_of(number);
      if ((of_the_kernel(meaning) || meaning == Meaning::child_ended) && !is_default(number)) return number;
    }
    return 0;
  }));
}

TEST_CASE(
    "a master takes each signal that has a meaning for it, whatever was ignored before, and lives through "
    "all others") {
  for (int number = 1; number < NSIG; ++number) {
    if (!is_ours(number) || of_the_kernel(meaning_of(number))) continue;
    CAPTURE(number);
    CHECK(ends_well([number] {
      ::signal(SIGHUP, SIG_IGN);  // as nohup(1) does
      SignalInbox inbox(signals_for_master());
      ignore_signals();
      ::kill(::getpid(), number);
      const auto taken = inbox.take();
      if (meaning_of(number) == Meaning::nothing) return taken ? 1 : 0;
      return taken == number ? 0 : 1;
    }));
  }
}

TEST_CASE("the documented signals mean what is documented") {
  for (const int number : {SIGTERM, SIGINT, SIGQUIT}) CHECK(meaning_of(number) == Meaning::stop);
  CHECK(meaning_of(SIGHUP) == Meaning::reload);
  CHECK(meaning_of(SIGUSR1) == Meaning::reopen_log);
  CHECK(meaning_of(SIGUSR2) == Meaning::upgrade);
  for (const int number : {SIGPIPE, SIGALRM, SIGXFSZ, SIGPROF, SIGIO, SIGTTOU, SIGRTMIN, SIGRTMAX})
    CHECK(meaning_of(number) == Meaning::nothing);
}
