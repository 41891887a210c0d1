#include "lb/control/planning.h"

#include <limits>
#include <numeric>
#include <utility>

#include "lb/ledger/demand.h"
#include "lb/ledger/learned_costs.h"
#include "lb/sched/policy.h"

namespace finishline::control {

Planning::Planning(net::Loop& loop, ledger::Ledger& ledger, std::vector<PlannedPool> pools)
    : loop_(loop), ledger_(ledger), timer_(loop, [this] { tick(); }) {
  change_to(std::move(pools));
}

void Planning::change_to(std::vector<PlannedPool> pools) {
  std::vector<std::unique_ptr<Planned>> planned;
  for (PlannedPool& pool : pools) planned.push_back(take(pool));
  pools_ = std::move(planned);
  timer_.stop();
  if (!pools_.empty()) tick();
}

/// The one that there was for this row, if its types are still the same.
std::unique_ptr<Planning::Planned> Planning::take(PlannedPool& pool) {
  sched::PoolCosts costs = pool.costs;
  for (auto& before : pools_) {
    if (!before || before->pool.row != pool.row || before->pool.costs.types != costs.types) continue;
    before->pool = std::move(pool);
    before->planner.set_costs(std::move(costs));
    before->costs = 0;
    return std::move(before);
  }
  return std::make_unique<Planned>(Planned{std::move(pool), sched::Planner(std::move(costs))});
}

void Planning::tick() {
  bool busy = false;
  for (const auto& planned : pools_) busy |= plan(*planned, loop_.fresh_now());
  timer_.start(busy ? kBusy : kQuiet);
}

void Planning::follow_costs(Planned& planned) {
  const PlannedPool& pool = planned.pool;
  const std::uint32_t revision = ledger::cost_revision(ledger_, pool.row);
  if (!pool.learns || std::exchange(planned.costs, revision) == revision) return;
  planned.planner.set_costs(costs_now(ledger_, pool));
}

sched::PoolCosts Planning::costs_now(const ledger::Ledger& ledger, const PlannedPool& pool) {
  sched::PoolCosts costs = pool.costs;
  if (!pool.learns) return costs;
  for (std::size_t at = 0; at < costs.nanos_per_unit.size(); ++at) {
    const ledger::ServerId server = pool.servers[at % pool.servers.size()];
    const std::size_t type = at / pool.servers.size() / pool.lanes_per_type;
    const double learned = ledger::learned_cost(ledger, server, static_cast<RequestType>(type)).learned;
    double& cost = costs.nanos_per_unit[at];
    if (learned > 0 && cost < std::numeric_limits<double>::infinity()) cost = learned;
  }
  return costs;
}

/// True when something waits, or has come since the last plan.
bool Planning::plan(Planned& planned, Instant now) {
  follow_costs(planned);
  const PlannedPool& pool = planned.pool;
  const ledger::DemandSum demand = ledger::sum_demand(ledger_, pool.row, pool.costs.types);
  const std::vector<std::int64_t> finish = finish_times(pool, now);
  const sched::PoolPlan plan = planned.planner.plan_of({.now = now,
                                                        .finish = finish,
                                                        .waiting = demand.waiting,
                                                        .arrived = demand.arrived,
                                                        .requests = demand.requests});
  if (plan != planned.plan) ledger::write_plan(ledger_, pool.row, planned.plan = plan);
  const auto requests = std::accumulate(demand.requests.begin(), demand.requests.end(), std::uint64_t{0});
  return demand.any() || std::exchange(planned.requests, requests) != requests;
}

std::vector<std::int64_t> Planning::finish_times(const PlannedPool& pool, Instant now) const {
  std::vector<std::int64_t> finish;
  for (const ledger::ServerId server : pool.servers) {
    const std::int64_t word = ledger_.finish_word(server);
    finish.push_back(takes_work(ledger_.state(server)) ? ledger_.finish_at(server, word, now)
                                                       : sched::kUnavailable);
  }
  return finish;
}

}  // namespace finishline::control
