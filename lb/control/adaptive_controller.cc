#include "lb/control/adaptive_controller.h"

#include <utility>

namespace finishline::control {
namespace {

constexpr std::uint32_t kStranger = 0xffffffff;

std::vector<std::uint32_t> positions_of(const std::vector<ServerSpec>& servers) {
  std::vector<std::uint32_t> positions;
  for (std::uint32_t i = 0; i < servers.size(); ++i) {
    if (servers[i].number >= positions.size()) positions.resize(servers[i].number + 1, kStranger);
    positions[servers[i].number] = i;
  }
  return positions;
}

}  // namespace

AdaptiveController::AdaptiveController(net::Loop& loop, ledger::Ledger& ledger, Recorder& recorder,
                                       PolicyService& desk, std::vector<AdaptivePool> pools)
    : loop_(loop), ledger_(ledger), recorder_(recorder), desk_(desk), timer_(loop, [this] { tick(); }) {
  change_to(std::move(pools));
  timer_.start(kTick, kTick);
}

void AdaptiveController::change_to(std::vector<AdaptivePool> pools) {
  std::vector<std::unique_ptr<Tuned>> tuned;
  for (AdaptivePool& pool : pools) {
    auto it = release(pool.row);
    if (it->adaptive) it->adaptive->change_to(pool.cost, pool.servers, pool.weights, pool.params);
    it->positions = positions_of(pool.servers);
    it->pool = std::move(pool);
    tuned.push_back(std::move(it));
  }
  for (const auto& gone : pools_)
    if (gone && gone->adaptive) end(*gone);
  pools_ = std::move(tuned);
}

/// A new one where there is none.
std::unique_ptr<AdaptiveController::Tuned> AdaptiveController::release(ledger::PoolId row) {
  for (auto& tuned : pools_)
    if (tuned && tuned->pool.row == row) return std::move(tuned);
  return std::make_unique<Tuned>();
}

void AdaptiveController::tick() {
  for (const auto& each : pools_) {
    Tuned& tuned = *each;
    const bool wanted = ledger::pool_policy(ledger_, tuned.pool.row).chosen == sched::adaptive().number;
    if (wanted != tuned.adaptive.has_value()) wanted ? begin(tuned) : end(tuned);
    if (tuned.adaptive) evaluate(tuned);
  }
}

void AdaptiveController::evaluate(Tuned& tuned) {
  sim::Adaptive& adaptive = *tuned.adaptive;
  for (std::size_t i = 0; i < tuned.pool.servers.size(); ++i) {
    adaptive.set_available(i, takes_work(ledger_.state(tuned.pool.servers[i].number)));
  }
  if (adaptive.step(loop_.fresh_now())) desk_.run(tuned.pool.row, adaptive.policy().name, adaptive.reason());
}

/// Goes on from the policy that is in force: an operator's last, or what an earlier control process found.
void AdaptiveController::begin(Tuned& tuned) {
  const AdaptivePool& pool = tuned.pool;
  tuned.adaptive.emplace(pool.cost, pool.servers, pool.weights, pool.params);
  if (const auto* running = sched::find_policy(ledger::pool_policy(ledger_, pool.row).running))
    tuned.adaptive->start_with(*running);
  recorder_.subscribe(pool.row, Recorder::Subscriber::adaptive,
                      [this, &tuned](const ledger::Record& record) { on_record(tuned, record); });
}

void AdaptiveController::end(Tuned& tuned) {
  tuned.adaptive.reset();
  recorder_.subscribe(tuned.pool.row, Recorder::Subscriber::adaptive, {});
}

void AdaptiveController::on_record(Tuned& tuned, const ledger::Record& record) {
  if (record.status != proto::Status::ok) return;
  const bool known = record.server < tuned.positions.size() && tuned.positions[record.server] != kStranger &&
                     record.type < tuned.pool.cost.request_types().size();
  if (!known) return;  // of a configuration before
  tuned.adaptive->observe(
      {record.received_at, record.type, record.length, tuned.positions[record.server], record.service});
}

}  // namespace finishline::control
