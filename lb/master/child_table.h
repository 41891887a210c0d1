// The master's children: who runs, who died, whom to start when. Pure: pids and times come in, decisions
// go out; master.cc acts on them.
//
//   due --started--> running --exited--> due (after a delay) | gave up | gone (when stopping)
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "proto/units.h"

namespace finishline::master {

enum class Role : std::uint8_t { worker, control };

struct Child {
  Role role = Role::worker;
  std::uint32_t number = 0;     // of a worker: its WorkerId
  pid_t pid = 0;                // 0: not running
  Instant started_at{};
  std::optional<Instant> due;   // when to start it
  std::uint32_t quick_deaths = 0;

  std::string name() const { return role == Role::control ? "control" : "worker " + std::to_string(number); }
};

class ChildTable {
 public:
  /// A child that dies younger than this died quickly: its restart is delayed, more each time.
  static constexpr Nanos kQuick = 1s;
  static constexpr Nanos kFirstDelay = 50ms;
  static constexpr Nanos kLongestDelay = 2s;
  /// So many quick deaths in a row, and something is broken that restarting does not mend.
  static constexpr std::uint32_t kTooManyQuickDeaths = 10;

  /// Due at once.
  void add(Role role, std::uint32_t number, Instant now);

  /// A child to be started now, or nullptr. The caller starts it and says started(), or failed().
  Child* due(Instant now);
  void started(Child& child, pid_t pid, Instant now);
  /// It could not be forked: counts as a quick death.
  void failed_to_start(Child& child, Instant now);

  /// The child that had this pid, with its next start planned (unless stopping); nullptr for a stranger.
  const Child* exited(pid_t pid, Instant now);
  bool gave_up(const Child& child) const { return child.quick_deaths >= kTooManyQuickDeaths; }

  /// From now on nobody is started.
  void stop_starting();
  /// How long until somebody is due; nothing when nobody is.
  std::optional<Nanos> until_due(Instant now) const;
  bool any_running(Role role) const;
  std::size_t running() const;
  const std::vector<Child>& children() const { return children_; }

 private:
  void plan(Child& child, Instant now);

  std::vector<Child> children_;
  bool stopping_ = false;
};

}  // namespace finishline::master
