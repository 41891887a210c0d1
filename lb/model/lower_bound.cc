#include "lb/model/lower_bound.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "lb/model/fractional_load.h"

namespace finishline::model {
namespace {

constexpr std::size_t kMostThresholds = 1024;
constexpr double kNever = std::numeric_limits<double>::infinity();

/// Work that all servers of each type do together, in units of a server of speed 1.
std::vector<double> capacity_by_type(const CostModel& cost, std::span<const ServerSpec> servers) {
  std::vector<double> capacity(cost.server_types().size(), 0.0);
  for (const ServerSpec& server : servers) capacity[server.type] += server.speed * server.slots;
  return capacity;
}

}  // namespace

LowerBound::LowerBound(const CostModel& cost, std::span<const ServerSpec> servers)
    : types_(cost.request_types().size()), fastest_(types_, kNever), volume_(types_, 0.0) {
  const std::vector<double> capacity = capacity_by_type(cost, servers);
  group_time_.assign(capacity.size() * types_, kNever);
  for (std::size_t t = 0; t < capacity.size(); ++t) {
    if (capacity[t] <= 0) continue;
    for (std::size_t k = 0; k < types_; ++k)
      group_time_[t * types_ + k] =
          cost.nanos_per_unit(static_cast<ServerType>(t), static_cast<RequestType>(k), capacity[t]);
  }
  for (const ServerSpec& server : servers) {
    for (std::size_t k = 0; k < types_; ++k)
      fastest_[k] =
          std::min(fastest_[k], cost.nanos_per_unit(server.type, static_cast<RequestType>(k), server.speed));
  }
}

void LowerBound::add(Nanos release, RequestType type, double length) {
  if (std::isinf(fastest_[type])) {
    ++impossible_;
    return;
  }
  if (release != last_release_) open_threshold(release);
  volume_[type] += length;
  single_ = std::max(single_, static_cast<double>(release.count()) + fastest_[type] * length);
}

void LowerBound::open_threshold(Nanos release) {
  last_release_ = release;
  if (releases_++ % stride_ != 0) return;
  thresholds_.push_back({release, volume_});
  if (thresholds_.size() < 2 * kMostThresholds) return;
  for (std::size_t i = 1; i < kMostThresholds; ++i) thresholds_[i] = std::move(thresholds_[2 * i]);
  thresholds_.resize(kMostThresholds);
  stride_ *= 2;
}

Nanos LowerBound::value() const {
  FractionalLoad load(group_time_, types_);
  double best = single_;
  std::vector<double> after(types_);
  for (const Threshold& threshold : thresholds_) {
    for (std::size_t k = 0; k < types_; ++k) after[k] = volume_[k] - threshold.before[k];
    best = std::max(best, static_cast<double>(threshold.release.count()) + load.solve(after));
  }
  return Nanos{static_cast<std::int64_t>(std::min(best, 9e18))};
}

Nanos lower_bound(const CostModel& cost, std::span<const ServerSpec> servers,
                  std::span<const PlannedRequest> requests) {
  LowerBound bound(cost, servers);
  for (const PlannedRequest& request : requests) bound.add(request.at, request.type, request.length);
  return bound.value();
}

}  // namespace finishline::model
