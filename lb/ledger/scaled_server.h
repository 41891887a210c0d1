// Servers whose processes the proxy starts and ends itself, as the ledger knows them: what is wanted, and
// what there is. Their places are rows like any other, reserved by the configuration and absent while nobody
// listens there.
//
//   wish      control, and the master for what a configuration has at least   whether a process is to run
//             of a server on another machine: control alone; wanted since it has answered, then with the time
//             since when it leaves
//   the rest  master alone                                                    the process, its port, its past
//
//   none --wanted--> running --told to end--> ending --exited--> none
//   running --died--> backing_off --due--> running, or given_up after too many deaths, until the next reload
//
// The row's state stays absent until control has seen the process answer (pool_watch.h); the master makes
// it absent again when the process has ended. A port that changes means another process: workers let go of
// their links. All words stand alone and are relaxed, but for `port`, which comes last: who reads it sees the
// life that goes with it.
#pragma once

#include <cstdint>
#include <string_view>

#include "lb/ledger/ledger.h"

namespace finishline::ledger {

enum class ScaledWish : std::uint8_t {
  none,
  wanted,
  leaving,  // its process runs until nothing is in flight there any more
  ordered,  // of a server on another machine: somebody has been told to end it
};
enum class ScaledLife : std::uint8_t { none, running, ending, backing_off, given_up };
std::string_view name_of(ScaledLife life);

struct ScaledServer {
  bool reserved = false;
  ScaledWish wish = ScaledWish::none;
  ScaledLife life = ScaledLife::none;
  std::uint16_t port = 0;  // 0: no process runs
  std::int32_t pid = 0;
  Instant since{};                                               // of the life
  std::uint32_t starts = 0, deaths = 0, ends = 0, give_ups = 0;  // so far; deaths: unasked

  /// Its process runs and has not been told to end.
  bool runs() const { return life == ScaledLife::running; }
  /// It is to run, and may be given up.
  bool counts() const { return wish == ScaledWish::wanted && life != ScaledLife::given_up; }
};

/// Any process.
ScaledServer scaled_server(const Ledger& ledger, ServerId server);
/// 0: no process runs. Any process.
std::uint16_t scaled_port(const Ledger& ledger, ServerId server);

/// Control, and the master.
void want_scaled(Ledger& ledger, ServerId server, ScaledWish wish);
/// Control: a server on another machine is to leave. What follows is remembered for the control process after
/// this one, with `now`, by which it knows the order again.
void leave_elsewhere(Ledger& ledger, ServerId server, Instant now);

// Master only.

/// The row belongs to a place of the configuration from now on, whether anybody is there or not; or no more.
void reserve_scaled(Ledger& ledger, ServerId server, bool reserved);
void scaled_started(Ledger& ledger, ServerId server, std::uint16_t port, std::int32_t pid, Instant now);
/// It was told to end.
void scaled_ending(Ledger& ledger, ServerId server, Instant now);
/// None runs, and none is to be started.
void scaled_resting(Ledger& ledger, ServerId server, Instant now);
/// No process runs there any more: the row is absent. `asked`: it was told to; `after` is none, backing_off
/// or given_up.
void scaled_ended(Ledger& ledger, ServerId server, bool asked, ScaledLife after, Instant now);

}  // namespace finishline::ledger
