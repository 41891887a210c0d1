// A time before which nobody can have finished: the measure that a makespan is compared with. Pure.
//
// Two bounds hold for every schedule, however clever, even one that knew all requests beforehand:
//
//   volume       For every time r: what was released at or after r has to be done after r. If it may be cut
//                at will and spread over the servers without loss that takes L (fractional_load.h), so
//                makespan >= max over r of  r + L(volume released at or after r).
//   single job   makespan >= max over requests j of  r_j + the service time of j at the fastest server.
//
// Each r gives a valid bound by itself, so it is enough to try some: all distinct release times while there
// are fewer than 2048, an even choice of 1024 to 2048 of them above.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "lb/model/load_plan.h"
#include "proto/cost_model.h"
#include "proto/units.h"

namespace finishline::model {

class LowerBound {
 public:
  /// A server with k slots counts k times in the volume; its speed divides its service times.
  LowerBound(const CostModel& cost, std::span<const ServerSpec> servers);

  /// In order of release time. `length` in units, whole or not.
  void add(Nanos release, RequestType type, double length);

  /// From time 0, when the run starts; rounded down. 0 for no requests.
  Nanos value() const;
  /// Requests that no server can do; they are left out of the bound.
  std::uint64_t impossible() const { return impossible_; }

 private:
  struct Threshold {
    Nanos release{};
    std::vector<double> before;  // volume per type that was released earlier
  };
  void open_threshold(Nanos release);

  std::size_t types_;
  std::vector<double> group_time_;  // [server type * types_ + request type], ns per unit for the whole type
  std::vector<double> fastest_;     // per request type: ns per unit at the fastest server
  std::vector<double> volume_;      // per request type, units of length
  std::vector<Threshold> thresholds_;
  std::uint64_t releases_ = 0;  // distinct release times so far
  std::uint64_t stride_ = 1;    // every stride_-th of them has a threshold
  Nanos last_release_{-1};
  double single_ = 0;
  std::uint64_t impossible_ = 0;
};

/// The same for a list in order of time.
Nanos lower_bound(const CostModel& cost, std::span<const ServerSpec> servers,
                  std::span<const PlannedRequest> requests);

}  // namespace finishline::model
