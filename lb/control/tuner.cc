#include "lb/control/tuner.h"

#include <algorithm>
#include <utility>

namespace finishline::control {

Tuner::Tuner(net::Loop& loop, ledger::Ledger& ledger, Recorder& recorder, PolicyDesk& desk,
             std::vector<Pool> pools)
    : loop_(loop), ledger_(ledger), recorder_(recorder), desk_(desk), timer_(loop, [this] { tick(); }) {
  for (Pool& pool : pools) pools_.push_back({std::move(pool), std::nullopt});
  timer_.start(kTick, kTick);
}

void Tuner::tick() {
  for (Tuned& tuned : pools_) {
    const bool wanted = ledger::pool_policy(ledger_, tuned.pool.row).chosen == sched::adaptive().number;
    if (wanted != tuned.adaptive.has_value()) wanted ? begin(tuned) : end(tuned);
    if (tuned.adaptive && tuned.adaptive->step(loop_.fresh_now()))
      desk_.run(tuned.pool.row, tuned.adaptive->policy().name, tuned.adaptive->reason());
  }
}

/// Goes on from the policy that is in force: an operator's last, or what an earlier control process found.
void Tuner::begin(Tuned& tuned) {
  const Pool& pool = tuned.pool;
  tuned.adaptive.emplace(pool.cost, pool.servers, pool.weights, pool.params);
  if (const auto* running = sched::find_policy(ledger::pool_policy(ledger_, pool.row).running))
    tuned.adaptive->start_with(*running);
  recorder_.hear(pool.row, [this, &tuned](const ledger::Record& record) { hear(tuned, record); });
}

void Tuner::end(Tuned& tuned) {
  tuned.adaptive.reset();
  recorder_.hear(tuned.pool.row, {});
}

void Tuner::hear(Tuned& tuned, const ledger::Record& record) {
  const auto server = std::ranges::find(tuned.pool.servers, record.server, &ServerSpec::number);
  if (server == tuned.pool.servers.end() || record.status != proto::Status::ok) return;
  if (record.type >= tuned.pool.cost.request_types().size()) return;  // of a configuration before
  tuned.adaptive->observe({record.received_at, record.type, record.length,
                           static_cast<std::size_t>(server - tuned.pool.servers.begin()), record.service});
}

}  // namespace finishline::control
