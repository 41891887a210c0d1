// The columns of a pool view, owned: what a worker fills from the ledger, tests write by hand.
#pragma once

#include <cstdint>
#include <limits>
#include <string>
#include <vector>

#include "lb/sched/hash.h"
#include "lb/sched/policy.h"

namespace finishline::test {

inline constexpr double kCannot = std::numeric_limits<double>::infinity();

struct PoolColumns {
  std::vector<std::int64_t> finish;
  std::vector<double> nanos_per_unit;
  std::vector<std::uint32_t> in_flight = std::vector<std::uint32_t>(finish.size(), 0);
  std::vector<std::int64_t> backlog = std::vector<std::int64_t>(finish.size(), 0);
  std::vector<double> weight = std::vector<double>(finish.size(), 1.0);
  std::vector<std::uint32_t> slots = std::vector<std::uint32_t>(finish.size(), 1);
  std::vector<std::uint64_t> identity = identities(finish.size());
  std::vector<std::int64_t> response_time = std::vector<std::int64_t>(finish.size(), 1);
  std::vector<double> share = {};

  /// Borrows from the columns; `now` is 0, so finish times are what is left to do.
  sched::PoolView view() const {
    return {.now = Instant{},
            .finish = finish,
            .nanos_per_unit = nanos_per_unit,
            .in_flight = in_flight,
            .backlog = backlog,
            .weight = weight,
            .slots = slots,
            .identity = identity,
            .response_time = response_time,
            .share = share};
  }

  /// Of servers called "0", "1", ...
  static std::vector<std::uint64_t> identities(std::size_t servers) {
    std::vector<std::uint64_t> of;
    for (std::size_t i = 0; i < servers; ++i) of.push_back(sched::identity_of(std::to_string(i)));
    return of;
  }
};

}  // namespace finishline::test
