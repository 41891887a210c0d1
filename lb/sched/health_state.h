// Whether the servers of a pool may be given work, as their checks and the experience of the workers tell.
// Floor 1: readings in, states out; time and randomness are arguments, nothing here waits or looks.
//
// Two machines per server. The worse of the two is what counts; `down` is worse than what the breaker says.
//
//   checks    up --failed--> suspect --`fall` in a row--> down --passed--> recovering --`rise` in a row--> up
//             |  <--passed------'                           ^------failed------'
//
//   breaker   closed --run of failures--> open --back-off over--> half_open --trial served--> closed
//               (up)                   (ejected) <-----trial failed-----'
//
// A server that comes back, from either, works itself up again during `slow_start`.
//
// What begins anew when the configuration changes, or another process takes over: nothing that is counted or
// timed. A run of failed checks, a run of failed requests, a back-off and its doublings, a slow start belong
// to the server, not to the pool, its options or the process that watches it; new options hold from the next
// step on.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "lb/sched/random.h"
#include "proto/units.h"

namespace finishline::sched {

/// What one server's checks and breaker say together.
enum class Health : std::uint8_t {
  up,          // works
  down,        // its checks fail
  ejected,     // it failed too many requests in a row; its back-off runs
  half_open,   // the back-off is over: one request may try it
  slow_start,  // it is back and counts as slower than it is for a while
};

struct HealthOptions {
  std::uint32_t rise = 2;         // checks passed in a row until a server is up
  std::uint32_t fall = 3;         // checks failed in a row until it is down; a single one makes it suspect
  std::uint32_t eject_after = 5;  // failed requests in a row; 0: never
  double eject_over = 0;          // share of the last kJudged requests that failed; 0: never
  Nanos eject_time = 5s;          // of the first ejection; each further one lasts twice as long
  double max_ejected = 0.5;       // share of the pool that may be ejected at once; one server always stays
  Nanos slow_start = 0s;          // 0: a server that comes back is at once what it was
};

/// What is counted and timed of one server, as plain values: a process that takes over goes on with them.
struct HealthNotes {
  std::uint8_t check_state = 0;  // Checks::State
  std::uint32_t checks_in_a_row = 0;
  std::uint8_t breaker_state = 0;  // Breaker::State
  std::int64_t failed_in_a_row = 0;
  std::uint32_t doublings = 0;
  Instant open_until{};
  Instant calm_since{};
  Instant back_since{};
  Instant next_check_at{};  // kept for whoever checks

  bool operator==(const HealthNotes&) const = default;
};

/// The active half: counts checks in a row.
class Checks {
 public:
  enum class State : std::uint8_t { up, suspect, down, recovering };

  explicit Checks(State first = State::up, std::uint32_t in_a_row = 0) : state_(first), in_a_row_(in_a_row) {}
  void step(bool passed, const HealthOptions& options);
  State state() const { return state_; }
  /// Checks that said otherwise than what counts.
  std::uint32_t in_a_row() const { return in_a_row_; }
  bool up() const { return state_ == State::up || state_ == State::suspect; }
  /// Between two verdicts: worth looking again soon.
  bool undecided() const { return state_ == State::suspect || state_ == State::recovering; }

 private:
  State state_;
  std::uint32_t in_a_row_ = 0;
};

/// What the workers met at one server since they were asked last.
struct Experience {
  std::int64_t served = 0;
  std::int64_t failed = 0;  // by the server's own fault
  /// The trial request of a half-open server was sent and nothing is in flight there any more.
  bool trial_gone = false;
};

/// The passive half: a circuit breaker whose back-off doubles from ejection to ejection and decays, one
/// halving for every kDecay x eject_time without failures.
class Breaker {
 public:
  enum class State : std::uint8_t { closed, open, half_open };
  static constexpr std::uint32_t kMostDoublings = 5;
  static constexpr int kDecay = 4;
  static constexpr double kStretch = 0.25;  // of a back-off, at most
  /// So many requests back a share of failures looks, roughly: older ones count less and less.
  static constexpr double kJudged = 50;
  /// A trial that ended without a verdict (its client had gone, its worker died) is repeated after this long.
  static constexpr Nanos kTrialPatience = 1s;

  /// Whether `seen` is the last straw: as many failures without a good stretch in between as eject. A reading
  /// with at least as many successes as failures is a good stretch.
  bool count(const Experience& seen, const HealthOptions& options, Instant now);
  /// `unit` in [0, 1) stretches the back-off by up to kStretch, so that those ejected together do not come
  /// back together.
  void open(const HealthOptions& options, double unit, Instant now);
  void close(Instant now);
  /// Goes on where an earlier process stopped. What its trial came to is not known: an ejected server gets
  /// another one when the back-off is over.
  void go_on(const HealthNotes& notes, const HealthOptions& options, Instant now);
  /// Half-open only: the verdict on the trial, or a further trial when it got lost.
  void judge_trial(const Experience& seen, const HealthOptions& options, double unit, Instant now);
  /// Lets time pass: the end of the back-off, its decay.
  void tick(const HealthOptions& options, Instant now);

  State state() const { return state_; }
  Instant open_until() const { return open_until_; }
  /// How many trials have been let through so far.
  std::uint64_t trials() const { return trials_; }
  std::uint32_t doublings() const { return doublings_; }
  void note(HealthNotes& notes) const;

 private:
  void allow_trial(Instant now);

  State state_ = State::closed;
  bool fails_too_often(const HealthOptions& options) const;

  std::int64_t failed_in_a_row_ = 0;
  double judged_ = 0, failed_ = 0;  // of late
  std::uint32_t doublings_ = 0;     // of the next back-off
  Instant open_until_{};
  Instant calm_since_{};
  Instant trial_since_{};
  std::uint64_t trials_ = 0;
};

class ServerHealth {
 public:
  /// Goes on where an earlier process stopped, of which only this is known.
  ServerHealth(Health first, const HealthOptions& options, Instant now);
  /// The same with its notes, which count as far as they go with what is known.
  ServerHealth(Health first, const HealthNotes& notes, const HealthOptions& options, Instant now);
  HealthNotes notes() const;
  /// Nobody checks it any more: it gets the benefit of the doubt.
  void forget_checks() { checks_ = Checks(); }

  Health health() const;
  /// How fast the server counts as, of its configured speed: below 1 only in slow start, where it grows with
  /// the time from kFirstShare to 1.
  double share(const HealthOptions& options, Instant now) const;
  static constexpr double kFirstShare = 0.1;

  const Checks& checks() const { return checks_; }
  const Breaker& breaker() const { return breaker_; }

 private:
  friend class PoolHealth;
  bool takes_work() const { return health() == Health::up || health() == Health::slow_start; }
  void begin_slow_start(const HealthOptions& options, Instant now);

  Checks checks_;
  Breaker breaker_;
  bool slow_ = false;
  Instant back_since_{};
};

/// The servers of one pool: nobody is ejected without a look at the others.
class PoolHealth {
 public:
  PoolHealth(const HealthOptions& options, std::span<const Health> first, std::uint64_t seed, Instant now);
  /// Of servers that were in pools before: what was counted of them goes on under these options.
  PoolHealth(const HealthOptions& options, std::vector<ServerHealth> servers, std::uint64_t seed,
             Instant now);

  std::size_t size() const { return servers_.size(); }
  const HealthOptions& options() const { return options_; }
  const ServerHealth& operator[](std::size_t server) const { return servers_[server]; }
  double share(std::size_t server, Instant now) const { return servers_[server].share(options_, now); }

  /// A check of this server ended.
  void checked(std::size_t server, bool passed, Instant now);
  /// What the workers met at it since the last call; to be told several times a second.
  void experienced(std::size_t server, const Experience& seen, Instant now);
  /// Somebody holds this server back (an administrator): it takes no work, whatever its health.
  void hold_back(std::size_t server, bool held, Instant now);
  /// Nobody is in this place, as of a server that is not started: it counts as no server of the pool.
  void vacate(std::size_t server, Instant now);
  /// Somebody is who has not been there before.
  void occupy(std::size_t server, Health first, Instant now);
  /// Lets time pass.
  void tick(Instant now);

 private:
  std::size_t occupied() const;
  bool may_eject(std::size_t server) const;
  std::size_t ejected() const;
  bool usable(std::size_t server) const;
  void keep_one(Instant now);

  HealthOptions options_;
  std::vector<ServerHealth> servers_;
  std::vector<std::uint8_t> held_back_;
  std::vector<std::uint8_t> vacant_;
  Random random_;
};

}  // namespace finishline::sched
