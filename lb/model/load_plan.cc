#include "lb/model/load_plan.h"

#include <algorithm>
#include <cmath>
#include <utility>

namespace finishline::model {
namespace {

constexpr double kLatest = 9e9;  // seconds: what Nanos can hold

/// Uniform in [0, 1), 53 bits.
double unit(std::mt19937_64& generator) { return static_cast<double>(generator() >> 11) * 0x1.0p-53; }

std::mt19937_64 generator_of(std::uint64_t seed, std::uint32_t purpose) {
  std::seed_seq sequence{static_cast<std::uint32_t>(seed), static_cast<std::uint32_t>(seed >> 32), purpose};
  return std::mt19937_64(sequence);
}

}  // namespace

LoadPlan::LoadPlan(Traffic traffic)
    : traffic_(std::move(traffic)),
      types_(generator_of(traffic_.seed, 1)),
      lengths_(generator_of(traffic_.seed, 2)),
      times_(generator_of(traffic_.seed, 3)) {
  double sum = 0;
  for (const double weight : traffic_.weights) cumulative_.push_back(sum += weight);
}

std::optional<PlannedRequest> LoadPlan::next() {
  std::optional<PlannedRequest> request;
  if (cumulative_.empty()) {
    if (given_ < rows_.size()) request = rows_[given_];
  } else if (traffic_.requests == 0 || given_ < traffic_.requests) {
    request = draw();
  }
  if (request) ++given_;
  return request;
}

std::optional<PlannedRequest> LoadPlan::draw() {
  const Nanos at = arrival();
  const bool open = traffic_.arrivals != Arrivals::closed;
  if (open && traffic_.duration > 0ns && at >= traffic_.duration) return std::nullopt;
  if (open && traffic_.pace && at >= traffic_.pace->length()) return std::nullopt;
  const RequestType type = draw_type();
  return PlannedRequest{at, type, std::min(traffic_.lengths.draw(unit(lengths_)), traffic_.max_length)};
}

Nanos LoadPlan::arrival() {
  double count = 0;
  switch (traffic_.arrivals) {
    case Arrivals::closed:
      return 0ns;
    case Arrivals::poisson:
      count = come_ -= std::log1p(-unit(times_));
      break;
    case Arrivals::uniform:
      count = static_cast<double>(given_);
      break;
    case Arrivals::burst:
      if (traffic_.burst == 0 || (traffic_.rate <= 0 && !traffic_.pace)) return 0ns;
      count = static_cast<double>(given_ - given_ % traffic_.burst);
  }
  return Nanos{std::llround(std::min(time_of(count), kLatest) * 1e9)};
}

/// Seconds until so many have come. A Poisson process whose rate changes is one of rate 1, its time bent.
double LoadPlan::time_of(double count) const {
  return traffic_.pace ? traffic_.pace->time_of(count) : count / traffic_.rate;
}

RequestType LoadPlan::draw_type() {
  const double point = unit(types_) * cumulative_.back();
  const auto at = std::upper_bound(cumulative_.begin(), cumulative_.end(), point);
  return static_cast<RequestType>(at - cumulative_.begin());
}

std::optional<std::uint64_t> LoadPlan::size() const {
  if (cumulative_.empty()) return rows_.size();
  const bool cut_by_time =
      traffic_.arrivals != Arrivals::closed && (traffic_.duration > 0ns || traffic_.pace);
  if (traffic_.requests == 0 || cut_by_time) return std::nullopt;
  return traffic_.requests;
}

std::vector<PlannedRequest> list_of(LoadPlan plan, std::uint64_t limit) {
  std::vector<PlannedRequest> list;
  while (list.size() < limit) {
    const auto request = plan.next();
    if (!request) break;
    list.push_back(*request);
  }
  return list;
}

}  // namespace finishline::model
