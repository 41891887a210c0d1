#include "lb/process/signal_table.h"

#include <signal.h>

#include <algorithm>
#include <iterator>

namespace finishline::process {
namespace {

struct Row {
  int number;
  Meaning meaning;
};

constexpr Row kTable[] = {
    {SIGTERM, Meaning::stop},        {SIGINT, Meaning::stop},         {SIGQUIT, Meaning::stop},
    {SIGHUP, Meaning::reload},       {SIGUSR1, Meaning::reopen_log},  {SIGUSR2, Meaning::upgrade},
    {SIGCHLD, Meaning::child_ended}, {SIGSEGV, Meaning::fault},       {SIGBUS, Meaning::fault},
    {SIGFPE, Meaning::fault},        {SIGILL, Meaning::fault},        {SIGABRT, Meaning::fault},
    {SIGSYS, Meaning::fault},        {SIGTRAP, Meaning::fault},       {SIGKILL, Meaning::job_control},
    {SIGSTOP, Meaning::job_control}, {SIGTSTP, Meaning::job_control}, {SIGTTIN, Meaning::job_control},
    {SIGCONT, Meaning::job_control},
};

bool is_order(Meaning meaning) { return meaning <= Meaning::upgrade; }

/// Fails for the two that the C library keeps for itself.
void act(int number, bool ignored) { ::signal(number, ignored ? SIG_IGN : SIG_DFL); }

}  // namespace

Meaning meaning_of(int number) {
  const auto* const row = std::find_if(std::begin(kTable), std::end(kTable),
                                       [number](const Row& it) { return it.number == number; });
  return row == std::end(kTable) ? Meaning::nothing : row->meaning;
}

std::vector<int> signals_for_master() {
  std::vector<int> numbers;
  for (const Row& row : kTable)
    if (is_order(row.meaning) || row.meaning == Meaning::child_ended) numbers.push_back(row.number);
  return numbers;
}

void ignore_signals() {
  for (const int number : signals_for_master()) act(number, false);
  for (int number = 1; number < NSIG; ++number)
    if (meaning_of(number) == Meaning::nothing) act(number, true);
}

void ignore_signals_in_child() {
  for (int number = 1; number < NSIG; ++number) {
    const Meaning meaning = meaning_of(number);
    act(number, meaning == Meaning::nothing || is_order(meaning));
  }
  sigset_t none;
  sigemptyset(&none);
  ::sigprocmask(SIG_SETMASK, &none, nullptr);
}

}  // namespace finishline::process
