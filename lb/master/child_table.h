// The master's children: who runs, who died, whom to start when. Pure: pids and times come in, decisions
// go out; master.cc acts on them.
//
//   waiting --started--> running --exited--> waiting (after a delay), or stopped when nobody is started any
//   more
//                          |--told to end--> leaving  --exited--> gone
//                          `--told to end--> renewing --exited--> waiting (without a delay), or stopped
//
// A child that keeps dying young is started less and less often, and never given up: what else works goes on.
// Workers belong to a generation: those that were started with one configuration. A reload adds the next
// one; once that runs, the one before leaves.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "proto/state_machine.h"
#include "proto/units.h"

namespace finishline::master {

enum class Role : std::uint8_t { worker, control, peer };
const char* name_of(Role role);

enum class ChildState : std::uint8_t {
  waiting,  // to be started when it is due
  running,
  renewing,  // told to end, and started again at once: no death
  leaving,   // told to end, and not started again
  stopped,   // has ended, or never ran, when nobody is started any more
  gone,      // has left: no longer in the table
};

inline constexpr Moves<ChildState, 6> kChildMoves{
    "a child",
    {{ChildState::waiting,
      "waiting",
      {ChildState::waiting, ChildState::running, ChildState::stopped}},  // to itself: could not be forked
     {ChildState::running,
      "running",
      {ChildState::waiting, ChildState::renewing, ChildState::leaving, ChildState::stopped}},
     {ChildState::renewing, "renewing", {ChildState::renewing, ChildState::waiting, ChildState::stopped}},
     {ChildState::leaving, "leaving", {ChildState::leaving, ChildState::gone}},  // to itself: by another time
     {ChildState::stopped, "stopped", {}},
     {ChildState::gone, "gone", {}}}};

struct Child {
  Role role = Role::worker;
  std::uint32_t number = 0;      // of a worker: its WorkerId
  std::uint32_t generation = 0;  // of a worker
  pid_t pid = 0;                 // 0: not running
  Instant started_at{};
  StateMachine<kChildMoves> state{ChildState::waiting};
  Instant due_at{};  // of one that waits: when to start it
  std::uint32_t quick_deaths = 0;
  Instant end_by = Instant::max();  // of one that was told to end: after this its patience is over
  bool overdue = false;             // it is, and was told

  std::string name() const {
    return role == Role::worker ? "worker " + std::to_string(number) : std::string(name_of(role));
  }
};

class ChildTable {
 public:
  /// A child that dies younger than this died quickly: its restart is delayed, more each time.
  static constexpr Nanos kQuick = 1s;
  static constexpr Nanos kFirstDelay = 50ms;
  static constexpr Nanos kLongestDelay = 5s;
  /// So many quick deaths in a row, and something is broken that restarting does not mend: quarantine.
  static constexpr std::uint32_t kTooManyQuickDeaths = 10;

  /// Due at once.
  void add(Role role, std::uint32_t number, Instant now, std::uint32_t generation = 0);
  /// One that runs already, started by the program before this one.
  void adopt(const Child& child) { children_.push_back(child); }
  /// The lowest `count` worker numbers below `limit` that no child has; fewer when there are not so many.
  std::vector<std::uint32_t> free_numbers(std::uint32_t count, std::uint32_t limit) const;

  /// A child to be started now, or nullptr. The caller starts it and says started(), or failed().
  Child* due(Instant now);
  void started(Child& child, pid_t pid, Instant now);
  /// It could not be forked: counts as a quick death.
  void failed_to_start(Child& child, Instant now);

  struct Ended {
    Child child;     // as it is now, with its next start planned or taken out of the table
    ChildState was;  // before
  };
  /// The child that had this pid; nothing for a stranger.
  std::optional<Ended> exited(pid_t pid, Instant now);
  static bool quarantined(const Child& child) { return child.quick_deaths >= kTooManyQuickDeaths; }
  std::uint32_t quarantined() const;
  /// Whether this one's deaths mean that a proxy which has never been up never will: no worker runs, and none
  /// lives.
  bool hopeless(const Child& child) const;

  /// Generations of workers that have not been told to leave, but for this one.
  std::set<std::uint32_t> other_generations(std::uint32_t but) const;
  /// Generations of workers that have any.
  std::set<std::uint32_t> generations() const;
  /// The earliest of them; 1 when none runs.
  std::uint32_t oldest_generation() const;
  /// Those of them that have been told to leave and may stay beyond `until`.
  std::set<std::uint32_t> staying_generations(Instant until) const;
  /// Whether a worker that leaves has to be gone by then.
  bool any_overdue_by(Instant when) const;
  /// The workers of this generation leave, by `end_by` at the latest. The caller tells those that run.
  void leave(std::uint32_t generation, Instant end_by);
  /// The process of this role, of which there is one, is to run anew; returns the pid that has to end first,
  /// by `end_by` at the latest, 0: none.
  pid_t renew(Role role, Instant end_by);
  pid_t renew_control(Instant end_by) { return renew(Role::control, end_by); }
  /// It is not needed any more: likewise.
  pid_t leave(Role role, Instant end_by);
  bool has(Role role) const;
  /// Whether that one has not ended yet.
  bool leaving(Role role) const;
  /// Whether one that is to run anew has not ended yet.
  bool renewing() const;
  /// Since when the process of this role runs, of which there is one; the epoch: none does.
  Instant started_at(Role role) const;
  /// Children whose patience is over; each is returned once.
  std::vector<pid_t> overdue(Instant now);

  /// From now on nobody is started.
  void stop_starting();
  /// How long until somebody is due or overdue; nothing when nobody is.
  std::optional<Nanos> until_due(Instant now) const;
  bool any_running(Role role) const;
  std::size_t running() const;
  const std::vector<Child>& children() const { return children_; }

 private:
  void plan(Child& child, Instant now);
  static void wait(Child& child, Instant until);

  std::vector<Child> children_;
  bool stopping_ = false;
};

}  // namespace finishline::master
