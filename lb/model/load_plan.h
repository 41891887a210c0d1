// The load plan: which request comes when. Pure and seeded; the client plays it over sockets, the
// simulator under a virtual clock.
#pragma once

#include <cstdint>
#include <optional>
#include <random>
#include <span>
#include <vector>

#include "lb/model/traffic.h"
#include "proto/cost_model.h"
#include "proto/units.h"

namespace finishline::model {

struct PlannedRequest {
  Nanos at{};  // intended send time from the start of the run; 0 in a closed loop
  RequestType type = 0;
  std::uint32_t length = 0;

  bool operator==(const PlannedRequest&) const = default;
};

/// Hands out the requests one by one, `at` never falling; nothing is stored per request. A value: a copy
/// goes on from where the original stood, so a copy made at the start tells the whole story again.
///
/// Types, lengths and times come from three generators of one seed: the same seed gives the same types and
/// lengths however the requests arrive.
class LoadPlan {
 public:
  /// `traffic.weights` holds at least one positive number; an open loop has a rate above 0, or a pace, or
  /// is one burst.
  explicit LoadPlan(Traffic traffic);
  /// Replays `rows`, which are in order of time and outlive the plan.
  explicit LoadPlan(std::span<const PlannedRequest> rows) : rows_(rows) {}

  std::optional<PlannedRequest> next();
  /// How many requests next() will have given in all, where that is known beforehand.
  std::optional<std::uint64_t> size() const;

 private:
  /// The standard fixes this generator's numbers, but not those of its distributions.
  using Generator = std::mt19937_64;

  std::optional<PlannedRequest> draw();
  Nanos arrival();
  double time_of(double count) const;
  RequestType draw_type();

  Traffic traffic_;
  std::vector<double> cumulative_;  // of the weights
  Generator types_, lengths_, times_;
  double come_ = 0;  // Poisson: how many have come on average by the time of the last arrival
  std::uint64_t given_ = 0;
  std::span<const PlannedRequest> rows_;
};

/// At most `limit` requests of a copy of the plan, in order.
std::vector<PlannedRequest> list_of(LoadPlan plan, std::uint64_t limit);

}  // namespace finishline::model
