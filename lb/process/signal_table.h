// What each signal means, to the master and to its children: the one table. A signal may come from anywhere
// and hit anybody: a terminal that closes or Ctrl-\ reaches the whole process group, `kill -HUP $(pidof
// finishline)` every process of the proxy. So a signal means the same however it arrives:
//
//   * to the master what the table says;
//   * to workers and control nothing. They follow the master's word, which comes over the line (order.h), and
//   die
//     with the master. SIGTERM to one worker does nothing: who wants to be rid of one kills it (SIGKILL), and
//     the master starts another.
//   * What is in the table neither as an order nor as a fault of the process itself is ignored by all: no
//   signal
//     that nobody documents ends a proxy.
//   * SIGKILL and what job control means (SIGSTOP, SIGTSTP, SIGTTIN, SIGCONT) keep their meanings.
//
// The same under nohup(1), where SIGHUP is ignored at the start: it is a reload.
#pragma once

#include <cstdint>
#include <vector>

namespace finishline::process {

enum class Meaning : std::uint8_t {
  stop,         // drain and end; the second time at once
  reload,       // the configuration is read again
  reopen_log,   // the log file was moved away: all processes go on in a new one
  upgrade,      // the program at the same path takes over
  child_ended,  // of the kernel: a child is to be reaped
  fault,        // of the process itself: the kernel's default, a core
  job_control,  // of the terminal, or beyond anybody's reach: the kernel's default
  nothing,      // ignored
};

/// Of the signals 1 to NSIG - 1, real-time signals included.
Meaning meaning_of(int number);
/// Those that the master waits for; every other one keeps the action that it has after ignore_signals().
std::vector<int> signals_for_master();

/// In the master, before its first fork: what means nothing is ignored, and whatever the program before this
/// one, or a shell, has ignored is not.
void ignore_signals();
/// In a child, after the fork: faults and job control as the kernel has them, all else ignored; none is
/// blocked.
void ignore_signals_in_child();

}  // namespace finishline::process
