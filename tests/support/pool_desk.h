// One worker's pool on a ledger that others may share.
#pragma once

#include <doctest/doctest.h>

#include <optional>
#include <vector>

#include "lb/worker/request_pool.h"

namespace finishline::worker {

inline Instant at(Nanos t) { return Instant(std::chrono::hours(1) + t); }

inline const CostModel& cost() {
  static const CostModel seed = CostModel::seed(1ms);
  return seed;
}

constexpr sched::Job kVideoJob{0, 5, 0};
constexpr sched::Job kMusicJob{2, 5, 0};
/// It does not fit the two-byte protocol.
constexpr sched::Job kLargeVideoJob{0, 5, 0, sched::kFrames};

/// Two video servers and a music server; the second video server speaks the two-byte protocol.
inline std::vector<Member> members_of(ledger::Ledger& ledger) {
  std::vector<Member> members;
  const auto add = [&](const char* name, ServerType type, bool mini) {
    const ledger::ServerId id = *ledger.ensure_server(name, 1);
    members.push_back({.id = id, .spec = {id, name, type, 1.0, 1}, .mini = mini});
  };
  add("video-1", 0, false);
  add("video-2", 0, true);
  add("music-1", 1, false);
  return members;
}

struct PoolDesk {
  PoolDesk(ledger::Ledger& shared, ledger::WorkerId worker, const char* policy = "makespan",
           Nanos coalesce = 0ns)
      : books(shared, worker),
        metrics(shared, worker),
        pool({.name = "media", .policy = policy, .coalesce = coalesce}, members_of(shared), cost(), books,
             metrics, worker + 1) {
    for (std::size_t i = 0; i < 3; ++i) pool.set_reach(i, true);
  }
  /// The member chosen for `job`, booked; nothing when there is none.
  std::optional<std::size_t> place(const sched::Job& job, Instant now = at(0ms)) {
    const auto placed = pool.place(job, now);
    return placed ? std::optional(placed->member) : std::nullopt;
  }
  ledger::WorkerBooks books;
  ledger::WorkerMetrics metrics;
  RequestPool pool;
};

inline ledger::Ledger make_ledger() { return std::get<ledger::Ledger>(ledger::Ledger::create({4, 8})); }

}  // namespace finishline::worker
