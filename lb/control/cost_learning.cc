#include "lb/control/cost_learning.h"

#include <algorithm>
#include <cmath>
#include <numbers>
#include <utility>

#include "lb/ledger/metrics.h"

namespace finishline::control {
namespace {

/// So many replies of one look count at most: more say nothing that these do not.
constexpr std::uint64_t kMostAtOnce = 1000;
/// Doubted for this long, a server has failed two audits.
constexpr Nanos kTwoWindows = sched::ReportAudit::kWindow * 3 / 4;

std::size_t at(const CostLearning::LearningPool& pool, std::size_t server, std::size_t type) {
  return type * pool.servers.size() + server;
}

bool possible(const CostLearning::LearningPool& pool, std::size_t server, std::size_t type) {
  return std::isfinite(pool.declared.cost(server, type));
}

}  // namespace

CostLearning::CostLearning(net::Loop& loop, ledger::Ledger& ledger, std::vector<LearningPool> pools)
    : loop_(loop), ledger_(ledger), timer_(loop, [this] { step(loop_.fresh_now()); }) {
  change_to(std::move(pools));
}

void CostLearning::change_to(std::vector<LearningPool> pools) {
  pools_.clear();
  for (LearningPool& pool : pools) pools_.push_back(begin(std::move(pool)));
  timer_.stop();
  if (!pools_.empty()) timer_.start(kTick, kTick);
}

std::unique_ptr<CostLearning::Learned> CostLearning::begin(LearningPool pool) const {
  auto learned = std::make_unique<Learned>(Learned{std::move(pool), sched::CostLearner({}), {}, {}, {}});
  const LearningPool& it = learned->pool;
  learned->learner = sched::CostLearner(it.declared);
  learned->seen.resize(it.declared.nanos_per_unit.size());
  for (std::size_t server = 0; server < it.servers.size(); ++server) {
    learned->servers.push_back({.audit = sched::ReportAudit(it.declared.servers[server].slots),
                                .reported = reported(it.servers[server]),
                                .ways = ledger::ways_to(ledger_, it.servers[server]),
                                .doubted_since = {}});
    for (std::size_t type = 0; type < it.declared.types; ++type) resume(*learned, server, type);
  }
  return learned;
}

/// What was learned is a time: where another cost is declared now, the factor is another.
void CostLearning::resume(Learned& learned, std::size_t server, std::size_t type) const {
  const LearningPool& pool = learned.pool;
  const auto request = static_cast<RequestType>(type);
  learned.seen[at(pool, server, type)] = ledger::cost_evidence(ledger_, pool.servers[server], request);
  const ledger::LearnedCost known = ledger::learned_cost(ledger_, pool.servers[server], request);
  if (known.learned <= 0 || known.samples == 0 || known.doubted || !possible(pool, server, type)) return;
  learned.learner.resume(server, type,
                         {.factor = known.learned / pool.declared.cost(server, type),
                          .sd = known.sd,
                          .samples = known.samples,
                          .last = known.updated_at});
}

Nanos CostLearning::reported(ledger::ServerId server) const {
  return std::chrono::microseconds(
      ledger::MetricsReader(ledger_).total(server, ledger::ServerCell::service_us));
}

void CostLearning::step(Instant now) {
  for (const auto& learned : pools_) step(*learned, now);
}

void CostLearning::step(Learned& learned, Instant now) {
  for (std::size_t server = 0; server < learned.servers.size(); ++server) {
    audit(learned, server, now);
    for (std::size_t type = 0; type < learned.pool.declared.types; ++type)
      observe(learned, server, type, now);
  }
  publish(learned, now);
}

void CostLearning::audit(Learned& learned, std::size_t server, Instant now) {
  const ledger::ServerId row = learned.pool.servers[server];
  Server& it = learned.servers[server];
  const Nanos reported_now = reported(row), ways = ledger::ways_to(ledger_, row);
  it.audit.replied(reported_now - std::exchange(it.reported, reported_now),
                   ways - std::exchange(it.ways, ways), ledger_.books(row).in_flight, now);
  if (it.audit.truthful())
    it.doubted_since.reset();
  else if (!it.doubted_since)
    it.doubted_since = now;
}

void CostLearning::observe(Learned& learned, std::size_t server, std::size_t type, Instant now) {
  const LearningPool& pool = learned.pool;
  if (!possible(pool, server, type)) return;
  const auto evidence = ledger::cost_evidence(ledger_, pool.servers[server], static_cast<RequestType>(type));
  const auto before = std::exchange(learned.seen[at(pool, server, type)], evidence);
  if (evidence.n <= before.n || learned.servers[server].doubted_since) return;
  const std::uint64_t n = evidence.n - before.n;
  const double mean = (evidence.sum - before.sum) / static_cast<double>(n);
  learned.learner.observe_mean(server, type, mean * std::numbers::ln2, std::min(n, kMostAtOnce), now);
}

// --- what comes of it --------------------------------------------------------------------------------

void CostLearning::publish(Learned& learned, Instant now) {
  const LearningPool& pool = learned.pool;
  const sched::PoolCosts& published = learned.learner.publish(now);
  std::vector<double> costs(published.nanos_per_unit.size());
  for (std::size_t server = 0; server < pool.servers.size(); ++server) {
    for (std::size_t type = 0; type < pool.declared.types; ++type) {
      if (!possible(pool, server, type)) continue;
      const double cost = cost_of(learned, published, server, type, now);
      const sched::CostLearner::Estimate estimate = learned.learner.estimate(server, type);
      costs[at(pool, server, type)] = cost;
      write_learned_cost(ledger_, pool.servers[server], static_cast<RequestType>(type),
                         {.declared = pool.declared.cost(server, type),
                          .learned = cost,
                          .sd = estimate.sd,
                          .samples = estimate.samples,
                          .updated_at = estimate.last,
                          .doubted = learned.servers[server].doubted_since.has_value()});
    }
  }
  if (!worth_telling(learned, costs)) return;
  learned.told = std::move(costs);
  ledger::announce_costs(ledger_, pool.row);
}

double CostLearning::cost_of(const Learned& learned, const sched::PoolCosts& published, std::size_t server,
                             std::size_t type, Instant now) const {
  const auto since = learned.servers[server].doubted_since;
  const bool liar = since && now - *since > kTwoWindows;
  return liar ? learned.pool.declared.cost(server, type) : published.cost(server, type);
}

bool CostLearning::worth_telling(const Learned& learned, const std::vector<double>& costs) const {
  if (learned.told.size() != costs.size()) return true;
  for (std::size_t i = 0; i < costs.size(); ++i)
    if (std::abs(costs[i] - learned.told[i]) > kWorthTelling * learned.told[i]) return true;
  return false;
}

}  // namespace finishline::control
