// Late binding: requests wait in the proxy, and when a server has room this rule says which of them it gets.
// Floor 1: pure, and it allocates nothing per decision. The same object decides in workers, tests and the
// simulator.
//
// For a server s of group g (server type) that has room, with c the service time per unit of length, p the
// cheapest service time of a request, V_k the waiting length of type k, a_gk the time that all of g needs for
// one unit of it:
//
//   z_k = min over g of a_gk * y_g            what a unit of k is worth, by the prices y of the PoolPlan
//   H   = sum V_k z_k + sum y_g * mean time that g has left      by weak duality of the linear programme that
//   H1  = sum V_k z_k + sum y_g * least time that g has left     lb/model solves: no schedule is done before
//   H
//
//   1 urgent     latest start is near, and s can make it: the earliest latest start
//   2 critical   s is the cheapest, and even alone it would be done here only after (1/4) H / (1 - load): the
//   longest 3 in order   the least (class, tier, key):
//                  class  0 when a_gk y_g <= 1.02 z_k: g is where the programme has this type done; else 1
//                  tier   c / least c, 1 up to 1.02; where servers are farther than others, of the head:
//                         (c * length + distance) / least of that
//                  key    arrival + B * p - head start of its priority, times |B| where the longest is first
//   4 where the tier is above 1 (a steal) only if it is no loss to anybody:
//        done + gamma * (c - least c) * length <= max(now + H1, least over cheaper servers of finish +
//        service), gamma = min(1, 2 load) / 2;  tried: the head, else the longest near the head that passes,
//        else the shortest; and it must not be too late here for its deadline. "Done" is with the distance of
//        the server, so that one of another zone leaves work to those of this zone for just as long as they
//        are not behind by more
//
// B = 0 is first come, first served (balanced); B > 0 lets short ones pass (shortest); B far below 0 is the
// longest first, for batches: without 2, with gamma = 0 and H for H1. What is older than `patience` is of
// class 0 at the servers that are cheapest for it, and these do no critical work before it, so that nothing
// starves but by what is urgent. Within class and tier nobody is passed, except by 1, 2 and 4, by what
// arrives later than its arrival + B * (p - least p).
//
// With other proxies, whose lanes are seen but whose requests only they can send, the steps are for what
// waits here; a steal is left undone while another proxy shows cheaper work for this server.
//
// Steps 3 and 4 are near the rules of A. Mandelbaum, A. Stolyar, Operations Research 52(6), 2004 (gcmu), and
// of S. L. Bell, R. J. Williams, Electronic Journal of Probability 10, 2005 (help across types only above a
// threshold); the relaxation is in lb/model/fractional_load.h. There is no proof for the rule as a whole:
// tests/unit/sim has its figures.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "lb/sched/least_costs.h"
#include "lb/sched/policy.h"
#include "lb/sched/pool_costs.h"
#include "lb/sched/pool_plan.h"
#include "lb/sched/random.h"
#include "lb/sched/wait_lane.h"
#include "lb/sched/waiting_queue.h"

namespace finishline::sched {

enum class WaitOrder : std::uint8_t { balanced, shortest, longest };

struct MatchingRule {
  WaitOrder order = WaitOrder::balanced;
  double aging = 3;  // B of `shortest`: what may pass arrives within so many times the difference in service
  Nanos patience = 1s;  // older requests do not stand behind another class
};

/// Why a request was chosen; the steps above.
enum class Reason : std::uint8_t { urgent, critical, in_order, steal };

/// What is asked: who shall be served by this server. The spans borrow for the length of the call.
struct Ask {
  std::size_t server = 0;  // position in the pool; it has room
  Instant now{};
  Instant start{};  // when it would begin: its finish, or `now` while one of its slots is free
  /// By position: finish time in ns, never before `now`; kUnavailable where there is none. As in PoolView.
  std::span<const std::int64_t> finish;
  /// Of all workers, in any order; empty ones may be among them. Types are below PoolCosts::types.
  std::span<const WaitLane> lanes;
  const WaitingQueue* own = nullptr;  // of the worker that asks
  std::uint16_t worker = 0;           // who that is
  Nanos urgent_within{};  // of its latest start a request with a deadline is urgent: twice the mark
  /// Lanes of workers from this number on are of other proxies. They decide for themselves: what waits here
  /// is given away only where they have cheaper work for this server than a steal, or what has waited longer
  /// by more than `turn`.
  std::uint16_t first_remote = 0xffff;
  Nanos turn{};
  bool steals = true;  // false: nothing is known of others, and their servers are left to them
};

struct Choice {
  std::uint16_t worker = 0;  // whose queue it is in
  std::uint8_t type = 0;
  Reason reason = Reason::in_order;
  std::uint32_t length = 0;
  std::uint32_t handle = kNobody;  // in Ask::own; kNobody: it is another worker's, who asks again for itself

  bool operator==(const Choice&) const = default;
};

/// One pool in one worker.
class Matching {
 public:
  Matching(const MatchingRule& rule, PoolCosts costs);

  /// Other servers, types or costs from now on. Keys of what waits stay as they are.
  void set_costs(PoolCosts costs);
  /// To be called when the plan has changed. An old one does no harm: any prices give an H that is too small
  /// at most.
  void follow(const PoolPlan& plan);

  /// `head_start` is the worth of the request's priority: as if it had come so much earlier, or, where the
  /// longest is first, took so much longer. Static: it is computed once, when it arrives.
  std::int64_t key_of(Instant arrival, std::uint8_t type, std::uint32_t length, Nanos head_start = {}) const;
  /// On the server that has it done first when all are free, whether it is available or not.
  Nanos least_service_of(std::uint8_t type, std::uint32_t length) const;
  /// The last moment at which the cheapest server meets the deadline; kNoKey for Instant::max().
  std::int64_t latest_start_of(Instant deadline, std::uint8_t type, std::uint32_t length) const;

  /// Whom this server should serve now; nothing: nobody waits, or it had better wait for other work. Then it
  /// is to be asked again when something has arrived or another server was given work, and every few
  /// milliseconds. Equals are left to chance, but its own requests come first while they are at most one mean
  /// service behind in their key.
  std::optional<Choice> choose(const Ask& ask, Random& random);

  /// H as of now: no schedule has all that waits and is being served done sooner than this, from now.
  Nanos horizon_of(const Ask& ask);
  /// The same as of the last choose().
  Nanos horizon() const { return Nanos{static_cast<std::int64_t>(horizon_)}; }
  const PoolCosts& costs() const { return costs_; }

 private:
  /// Servers that cost the same, have as many slots, are equally far and are priced together.
  struct Kind {
    ServerGroup group = 0;
    std::uint32_t slots = 1;
    std::size_t begin = 0, end = 0;  // in by_kind_
    std::uint32_t available = 0;     // when the prices were derived
    double earliest = 0;             // finish of one that is not asked for, ns from now; kNever
    Nanos later{};                   // how far they are
  };
  struct Group {
    double left = 0;   // sum of the times from now to the finish of its servers, ns
    double least = 0;  // the least of them
    std::uint32_t available = 0;
  };
  /// What one lane offers to the server.
  struct Rank {
    bool dear = false;  // class 1
    double tier = 1;
    std::int64_t key = 0;
    auto operator<=>(const Rank&) const = default;
  };
  struct Candidate {
    std::uint32_t length = 0;
    std::uint32_t handle = kNobody;
  };

  void sort_by_kind();
  double told_apart(std::size_t server, std::size_t type) const;
  bool alike(std::size_t a, std::size_t b) const;
  void derive();
  double group_time(std::size_t group, std::size_t type) const;
  void derive_type(std::size_t type, std::size_t groups);

  void survey(const Ask& ask);
  struct Span {
    std::int64_t least = kUnavailable;  // finish
    std::int64_t left = 0;              // sum of the times from now to the finish, ns
    std::uint32_t available = 0;
  };
  Span look(const Ask& ask, std::size_t begin, std::size_t end) const;
  bool survey_kind(Kind& kind, const Ask& ask);
  void weigh(const Ask& ask);
  bool can(const Ask& ask, const WaitLane& lane) const;
  double tier_of(const Ask& ask, std::size_t type, std::uint32_t length) const;
  Rank rank_of(const Ask& ask, const WaitLane& lane) const;
  bool aged(const Ask& ask, const WaitLane& lane) const;
  bool harmless(const Ask& ask, std::size_t type, std::uint32_t length) const;
  std::optional<Candidate> candidate(const Ask& ask, const WaitLane& lane, double tier) const;
  std::optional<Candidate> steal(const Ask& ask, const WaitLane& lane) const;

  std::optional<Choice> urgent(const Ask& ask, Random& random) const;
  bool in_time(const Ask& ask, std::size_t type, std::uint32_t length, std::int64_t latest_start) const;
  std::optional<Choice> critical(const Ask& ask, Random& random) const;
  std::optional<Choice> in_order(const Ask& ask, Random& random) const;
  static bool is_remote(const Ask& ask, const WaitLane& lane) { return lane.worker >= ask.first_remote; }
  static bool goes_first(const Ask& ask, const Rank& remote, const Rank& ours);

  MatchingRule rule_;
  double passing_ = 0;  // B
  PoolCosts costs_;
  PoolPlan plan_;
  std::vector<std::uint32_t> by_kind_;  // positions of servers
  std::vector<std::uint32_t> place_;    // of each server in by_kind_
  std::vector<Kind> kinds_;
  std::vector<double> told_apart_;  // the costs, rounded down where servers are of too many kinds
  std::vector<double> kind_cost_;   // [type * kinds + kind]
  LeastCosts always_cheapest_;      // of all servers, for keys
  // Derived from the plan and from who is available.
  LeastCosts cheapest_;             // of the available servers
  std::vector<double> worth_;       // by type: z
  std::vector<std::uint8_t> dear_;  // [type * kMaxGroups + group]
  std::array<double, kMaxGroups> price_{};
  // Of the last ask.
  std::array<Group, kMaxGroups> groups_{};
  std::size_t group_count_ = 0;
  double horizon_ = 0, horizon_of_steals_ = 0;  // ns from now
};

}  // namespace finishline::sched
