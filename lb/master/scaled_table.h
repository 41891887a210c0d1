// The processes of scaled servers: who runs, who is to be started or ended, and when. Pure: what is wanted,
// pids and times come in, decisions go out; server_processes.cc acts on them.
//
//   none --wanted--> running --not wanted--> ending --exited--> none
//   running --died--> backing_off --due--> running
//                `--too often--> given_up --the configuration is read again--> none
//
// A process is told to end (SIGTERM), and killed when it takes longer than it may. Of a place that the
// configuration has no more it is told once nobody has anything in flight there.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "lb/config/config.h"
#include "lb/ledger/scaled_server.h"
#include "proto/state_machine.h"
#include "proto/units.h"

namespace finishline::master {

inline constexpr Moves<ledger::ScaledLife, 5> kScaledMoves{
    "a scaled server",
    {{ledger::ScaledLife::none,
      "none",
      {ledger::ScaledLife::none, ledger::ScaledLife::running, ledger::ScaledLife::backing_off}},
     {ledger::ScaledLife::running,
      "running",
      {ledger::ScaledLife::ending, ledger::ScaledLife::backing_off, ledger::ScaledLife::given_up}},
     {ledger::ScaledLife::ending, "ending", {ledger::ScaledLife::none}},
     {ledger::ScaledLife::backing_off,
      "backing_off",
      {ledger::ScaledLife::running, ledger::ScaledLife::backing_off, ledger::ScaledLife::given_up,
       ledger::ScaledLife::none}},
     {ledger::ScaledLife::given_up, "given_up", {ledger::ScaledLife::none}}}};

/// A place that the configuration has.
struct ScaledPlace {
  std::string name;
  ledger::ServerId row = 0;
  std::string type;
  config::ScaledServers how{};
};

struct ScaledProcess {
  ScaledPlace place;
  bool configured = true;  // false: the configuration has it no more, and it ends
  StateMachine<kScaledMoves> state{ledger::ScaledLife::none};
  pid_t pid = 0;
  std::uint16_t port = 0;
  Instant started_at{};
  Instant due_at{};                 // of one that backs off
  Instant end_by = Instant::max();  // of one that ends: it is killed then
  bool killed = false;
  std::uint32_t quick_deaths = 0;
};

class ScaledTable {
 public:
  /// One that dies younger than this died quickly: its restart is delayed, more each time.
  static constexpr Nanos kQuick = 10s;
  static constexpr Nanos kFirstDelay = 100ms;
  static constexpr Nanos kLongestDelay = 5s;
  static constexpr std::uint32_t kTooManyQuickDeaths = 6;

  /// The places of a configuration. Those that were given up get another chance; those that it has not got
  /// stay until their processes have ended.
  void follow(std::vector<ScaledPlace> places);
  /// One that runs already, started by the program before this one.
  void adopt(const std::string& name, pid_t pid, std::uint16_t port, Instant started_at);

  std::vector<ScaledProcess>& all() { return processes_; }
  const std::vector<ScaledProcess>& all() const { return processes_; }
  /// nullptr: none has it.
  ScaledProcess* with_pid(pid_t pid);
  bool any_running() const;
  bool has_port(std::uint16_t port) const;

  /// Whether it is to be started now.
  static bool due(const ScaledProcess& it, bool wanted, Instant now);
  static void started(ScaledProcess& it, pid_t pid, std::uint16_t port, Instant now);
  /// It could not be: counts as a quick death.
  static void failed_to_start(ScaledProcess& it, Instant now);
  /// It has been told to end.
  static void ending(ScaledProcess& it, Instant now);
  /// Its process has ended; whether it was told to.
  static bool exited(ScaledProcess& it, Instant now);
  /// Places that the configuration has not got, and whose processes have ended.
  std::vector<ScaledProcess> take_gone();
  /// How long until somebody is due or is to be killed; nothing when nobody is.
  std::optional<Nanos> until_due(Instant now) const;

 private:
  std::vector<ScaledProcess> processes_;
};

}  // namespace finishline::master
