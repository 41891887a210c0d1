// The passes over the columns of a pool of which the makespan rule is made, as fast as this processor can.
// A cost is a service time per unit of length (PoolView::nanos_per_unit), +infinity the cost of no server.
#pragma once

#include <cstddef>
#include <cstdint>
#include <limits>
#include <optional>
#include <span>
#include <string_view>

#include "lb/sched/policy.h"

namespace finishline::sched {

inline constexpr double kNoCost = std::numeric_limits<double>::infinity();

/// Servers alike in cost and finish, so that only chance can choose among them.
struct Equals {
  std::int64_t finish = kUnavailable;
  std::uint32_t count = 0;
};

/// What the servers that take work and finish by some limit have before them, whether they can do a job or
/// not.
struct Load {
  std::int64_t latest = 0;    // finish; now when there is no such server
  double backlog = 0;         // the sum of their times from now to their finish, ns
  std::uint32_t servers = 0;  // how many they are
};

/// The passes, made by one set of instructions. All sets give the same answers as long as every finish
/// and completion lies less than 2^53 ns (104 days) after now; later ones the vectors round to a double.
struct Scan {
  std::string_view instructions;
  /// Of the servers that finish by `limit`, which is below kUnavailable.
  Load (*load)(const PoolView& view, std::int64_t limit);
  /// The least cost among the servers that take work; kNoCost when none can do this job.
  double (*cheapest)(const PoolView& view);
  /// The least cost among the servers that complete the job by `limit`, a finish time; kNoCost when none
  /// does.
  double (*cheapest_by)(const PoolView& view, const Job& job, std::int64_t limit);
  /// The least cost among the servers that complete the job first; kNoCost when none can do it.
  double (*cheapest_soonest)(const PoolView& view, const Job& job);
  /// Of the servers with this cost those with the earliest finish. One of them takes work: the cost was
  /// answered by one of the passes above.
  Equals (*earliest)(const PoolView& view, double cost);
  /// The position of the server with this cost and finish that has `n` such servers before it.
  std::size_t (*nth)(const PoolView& view, double cost, std::int64_t finish, std::uint32_t n);
};

/// Every set that this processor has: the plain one first, the fastest last.
std::span<const Scan> scans();
/// The fastest for a pool of this size.
const Scan& scan_for(std::size_t servers);

/// Of the servers with this cost one with the earliest finish, chance deciding among equals (one number is
/// drawn where there is a tie, none where there is not); nothing for kNoCost.
std::optional<std::size_t> pick_earliest(const PoolView& view, double cost, Random& random);

}  // namespace finishline::sched
