#include "lb/sched/least_costs.h"

#include "proto/cost_model.h"

namespace finishline::sched {

void LeastCosts::reset(std::size_t types) {
  least_.assign(types, kNobodyCan);
  for (Ring& ring : rings_) ring.least.assign(types, kNobodyCan);
}

void LeastCosts::add(std::size_t type, double nanos_per_unit, Nanos later) {
  auto ring = std::ranges::find(rings_, later, &Ring::later);
  if (ring == rings_.end())
    ring = rings_.insert(rings_.end(), {later, std::vector<double>(least_.size(), kNobodyCan)});
  ring->least[type] = std::min(ring->least[type], nanos_per_unit);
  least_[type] = std::min(least_[type], nanos_per_unit);
}

double LeastCosts::tier(std::size_t type, std::uint32_t length, double nanos_per_unit, Nanos later) const {
  if (rings_.size() == 1) return nanos_per_unit / least_[type];
  double least = kNobodyCan;
  for (const Ring& ring : rings_) least = std::min(least, done_after(length, ring.least[type], ring.later));
  return done_after(length, nanos_per_unit, later) / least;
}

Nanos LeastCosts::service(std::size_t type, std::uint32_t length) const {
  if (least_[type] == kNobodyCan) return {};
  if (rings_.size() == 1) return service_time(length, least_[type]) + rings_.front().later;
  Nanos least = kMaxServiceTime;
  for (const Ring& ring : rings_)
    if (ring.least[type] < kNobodyCan)
      least = std::min(least, service_time(length, ring.least[type]) + ring.later);
  return least;
}

}  // namespace finishline::sched
