// The seed pool with requests that wait, for tests of late binding: two video servers, one music server;
// types video 0, picture 1, music 2; a unit of length is 10 ns of work at cost 1. Time begins at 0.
#pragma once

#include <set>
#include <vector>

#include "lb/sched/matching.h"

namespace finishline::test {

inline constexpr double kUnit = 10;

inline sched::PoolCosts seed_costs() {
  return {.servers = {{0, 1}, {0, 1}, {1, 1}},
          .types = 3,
          .nanos_per_unit = {kUnit, kUnit, 3 * kUnit, kUnit, kUnit, 2 * kUnit, 2 * kUnit, 2 * kUnit, kUnit}};
}

struct WaitingPool {
  explicit WaitingPool(const sched::MatchingRule& rule = {}, sched::PoolCosts costs = seed_costs())
      : matching(rule, costs), queue(costs.types), finish(costs.servers.size(), 0) {}

  void wait(std::uint32_t handle, std::uint8_t type, std::uint32_t length, std::int64_t arrival = 0,
            Instant deadline = Instant::max()) {
    const Instant at{Nanos{arrival}};
    queue.push(handle, {matching.key_of(at, type, length), matching.latest_start_of(deadline, type, length),
                        length, type});
  }
  sched::Ask ask(std::size_t server) const {
    return {.server = server,
            .now = Instant{Nanos{now}},
            .start = Instant{Nanos{finish[server]}},
            .finish = finish,
            .lanes = queue.lanes(),
            .own = &queue,
            .urgent_within = Nanos{20}};
  }
  std::optional<sched::Choice> choose(std::size_t server) { return matching.choose(ask(server), random); }
  /// The handle it would be given; kNobody for none.
  std::uint32_t handle_for(std::size_t server) {
    const auto choice = choose(server);
    return choice ? choice->handle : sched::kNobody;
  }
  /// All that can come out.
  std::set<std::uint32_t> handles_for(std::size_t server) {
    std::set<std::uint32_t> handles;
    for (int i = 0; i < 200; ++i) handles.insert(handle_for(server));
    return handles;
  }

  sched::Matching matching;
  sched::WaitingQueue queue;
  std::vector<std::int64_t> finish;
  std::int64_t now = 0;
  sched::Random random{1};
};

}  // namespace finishline::test
