#include "lb/control/health_checker.h"

#include <utility>

namespace finishline::control {

HealthChecker::HealthChecker(net::Loop& loop, ledger::Ledger& ledger, std::vector<PoolWatch::Options> pools,
                             std::uint64_t seed, std::function<void()> appeared)
    : loop_(loop), ledger_(ledger), seeds_(seed), appeared_(std::move(appeared)), sample_(loop, [this] {
        for (const auto& pool : pools_) pool->sample();
      }) {
  change_to(std::move(pools));
  sample_.start(PoolWatch::kSample, PoolWatch::kSample);
}

void HealthChecker::change_to(std::vector<PoolWatch::Options> pools) {
  PoolWatch::KnownByName known;
  for (const auto& pool : pools_) pool->dissolve(known);
  pools_.clear();
  for (PoolWatch::Options& pool : pools)
    pools_.push_back(
        std::make_unique<PoolWatch>(loop_, ledger_, std::move(pool), seeds_.next(), known, appeared_));
}

bool HealthChecker::set_admin(ledger::ServerId server, ledger::AdminState admin) {
  for (const auto& pool : pools_)
    if (pool->set_admin(server, admin)) return true;
  return false;
}

std::vector<std::string> HealthChecker::reasons() const {
  std::vector<std::string> reasons(ledger_.server_count());
  for (const auto& pool : pools_) pool->tell_reasons(reasons);
  return reasons;
}

std::vector<std::optional<proto::ServerVitals>> HealthChecker::vitals() const {
  std::vector<std::optional<proto::ServerVitals>> vitals(ledger_.server_count());
  for (const auto& pool : pools_) pool->tell_vitals(vitals);
  return vitals;
}

std::vector<bool> HealthChecker::untried() const {
  std::vector<bool> untried(ledger_.server_count());
  for (const auto& pool : pools_) pool->tell_untried(untried);
  return untried;
}

std::string_view HealthChecker::state_word(ledger::ServerId server) const {
  return control::state_word(ledger_.state(server), untried()[server]);
}

void HealthChecker::add_to(std::vector<ServerSnapshot>& servers) const {
  const auto why = reasons();
  const auto say = vitals();
  const std::vector<bool> fresh = untried();
  for (ServerSnapshot& server : servers) {
    server.reason = why[server.id];
    server.vitals = say[server.id];
    server.untried = fresh[server.id] && takes_work(server.state);
  }
}

}  // namespace finishline::control
