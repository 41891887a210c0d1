// The columns of a pool view, owned: what a worker fills from the ledger, tests write by hand.
#pragma once

#include <cstdint>
#include <limits>
#include <vector>

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

  /// Borrows from the columns; `now` is 0, so finish times are what is left to do.
  sched::PoolView view() const {
    return {Instant{}, finish, nanos_per_unit, in_flight, backlog, weight, slots};
  }
};

}  // namespace finishline::test
