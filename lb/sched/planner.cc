#include "lb/sched/planner.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include "lb/sched/policy.h"

namespace finishline::sched {
namespace {

constexpr double kNever = std::numeric_limits<double>::infinity();
constexpr double kShortestMemory = 20e6, kLongestMemory = 1e9;  // ns
constexpr double kNewRequests = 64;  // after so many the mean service is that of the new ones

}  // namespace

Planner::Planner(PoolCosts costs) : arrived_(costs.types), requests_(costs.types) {
  set_costs(std::move(costs));
}

void Planner::set_costs(PoolCosts costs) {
  costs_ = std::move(costs);
  available_.assign(costs_.servers.size(), 1);
  set_up();
}

/// The programme for the servers that are available.
void Planner::set_up() {
  const std::size_t groups = costs_.groups(), types = costs_.types;
  std::vector<double> rate(groups * types, 0.0);
  cheapest_.assign(types, kNever);
  for (std::size_t server = 0; server < costs_.servers.size(); ++server) {
    for (std::size_t type = 0; type < types && available_[server] != 0; ++type) {
      const double cost = costs_.cost(server, type);
      cheapest_[type] = std::min(cheapest_[type], cost);
      if (cost < kNever)
        rate[costs_.servers[server].group * types + type] += costs_.servers[server].slots / cost;
    }
  }
  for (double& cheapest : cheapest_) cheapest = cheapest < kNever ? cheapest : 0;
  for (double& time : rate) time = time > 0 ? 1 / time : kNever;
  programme_.emplace(std::move(rate), types);
}

/// Servers come and go.
void Planner::consider(std::span<const std::int64_t> finish) {
  bool changed = false;
  for (std::size_t server = 0; server < finish.size(); ++server) {
    const std::uint8_t there = finish[server] != kUnavailable;
    changed |= std::exchange(available_[server], there) != there;
  }
  if (changed) set_up();
}

void Planner::sum_up(const PoolState& state) {
  const std::int64_t now = state.now.time_since_epoch().count();
  std::vector<double> servers(costs_.groups(), 0.0);
  busy_.assign(servers.size(), 0.0);
  for (std::size_t server = 0; server < state.finish.size(); ++server) {
    if (available_[server] == 0) continue;
    busy_[costs_.servers[server].group] += static_cast<double>(state.finish[server] - now);
    ++servers[costs_.servers[server].group];
  }
  for (std::size_t group = 0; group < busy_.size(); ++group) busy_[group] /= std::max(servers[group], 1.0);
}

void Planner::follow_arrivals(const PoolState& state) {
  double work = 0, service = 0, requests = 0;
  for (std::size_t type = 0; type < costs_.types; ++type) {
    const auto length =
        static_cast<double>(state.arrived[type] - std::exchange(arrived_[type], state.arrived[type]));
    work += length * programme_->request_prices()[type];
    service += length * cheapest_[type];
    requests +=
        static_cast<double>(state.requests[type] - std::exchange(requests_[type], state.requests[type]));
  }
  const auto elapsed = static_cast<double>((state.now - then_).count());
  if (requests > 0)
    mean_service_ += (service / requests - mean_service_) * (1 - std::exp(-requests / kNewRequests));
  if (!std::exchange(started_, true)) mean_service_ = requests > 0 ? service / requests : 0;
  then_ = state.now;
  const double memory = std::clamp(horizon_ / 4, kShortestMemory, kLongestMemory);
  const double kept = std::exp(-elapsed / memory);
  load_ = elapsed > 0 ? load_ * kept + work / elapsed * (1 - kept) : load_ + work / memory;
}

PoolPlan Planner::plan_of(const PoolState& state) {
  consider(state.finish);
  sum_up(state);
  horizon_ = programme_->solve(state.waiting, busy_);
  if (!started_) then_ = state.now;
  follow_arrivals(state);
  PoolPlan plan{.load = load_, .mean_service = Nanos{std::llround(mean_service_)}};
  std::ranges::copy(programme_->machine_prices(), plan.price.begin());
  return plan;
}

}  // namespace finishline::sched
