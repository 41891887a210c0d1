#include "lb/control/health_checker.h"

#include <utility>

#include "lb/log/log.h"

namespace finishline::control {

using ledger::ServerState;
using proto::Status;
using sched::Health;

namespace {

constexpr int kHurry = 4;        // an open verdict is looked after so many times as often
constexpr double kJitter = 0.1;  // share of the interval, either way

std::vector<Health> known(const ledger::Ledger& ledger, const std::vector<PoolWatch::Member>& members) {
  std::vector<Health> all;
  for (const PoolWatch::Member& member : members) {
    const Health health = ledger.health(member.id);
    // Nobody would look after it any more: it gets the benefit of the doubt.
    all.push_back(health == Health::down && !member.probe ? Health::up : health);
  }
  return all;
}

}  // namespace

PoolWatch::PoolWatch(net::Loop& loop, ledger::Ledger& ledger, Options options, std::uint64_t seed)
    : loop_(loop),
      ledger_(ledger),
      reader_(ledger),
      check_interval_(options.check_interval),
      random_(seed),
      health_(options.health, known(ledger, options.members), random_.next(), loop.fresh_now()) {
  for (Member& member : options.members) {
    Watched& watched = servers_.emplace_back();
    watched.counts = count(member.id);
    watched.member = std::move(member);
  }
  for (std::size_t i = 0; i < servers_.size(); ++i) watch(i);
  publish();
}

void PoolWatch::watch(std::size_t server) {
  Watched& it = servers_[server];
  if (ledger_.admin(it.member.id) == ledger::AdminState::drain) health_.hold_back(server, true, loop_.now());
  if (!it.member.probe) return;
  it.probe = std::make_unique<Probe>(
      loop_, *it.member.probe, [this, server](const Probe::Fault& fault) { on_checked(server, fault); });
  it.next_check = std::make_unique<net::Timer>(loop_, [probe = it.probe.get()] { probe->start(); });
  schedule(server, true);
}

// --- checks ------------------------------------------------------------------------------------------

void PoolWatch::schedule(std::size_t server, bool first) {
  const bool hurry = health_[server].checks().undecided();
  const auto span = static_cast<double>(check_interval_.count()) / (hurry ? kHurry : 1);
  const double factor = first ? random_.unit() : 1 + kJitter * (2 * random_.unit() - 1);
  servers_[server].next_check->start(Nanos(static_cast<Nanos::rep>(span * factor)));
}

void PoolWatch::on_checked(std::size_t server, const Probe::Fault& fault) {
  Watched& it = servers_[server];
  if (fault) {
    it.last_fault = *fault;
    ledger_.count_check_failure(it.member.id);
  }
  health_.checked(server, !fault, loop_.now());
  publish();
  schedule(server, false);
}

// --- experience --------------------------------------------------------------------------------------

/// Which replies speak for a server and which against it: sched/server_status.h.
PoolWatch::Counts PoolWatch::count(ledger::ServerId server) const {
  using ledger::ServerCell;
  return {.served = reader_.total(server, ServerCell::good_replies) + reader_.total(server, ServerCell::connections),
          .errors = reader_.total(server, ServerCell::faults) + reader_.total(server, ServerCell::connect_failures),
          .lost = reader_.failed(server, Status::server_lost)};
}

/// All requests that were lost together were lost with one connection: one failure. A deadline that passed
/// is none, because it is the client who sets it.
sched::Experience PoolWatch::experience(Watched& watched) const {
  const ledger::ServerId id = watched.member.id;
  const Counts now = count(id);
  const Counts before = std::exchange(watched.counts, now);
  return {.served = now.served - before.served,
          .failed = now.errors - before.errors + (now.lost > before.lost ? 1 : 0),
          .trial_gone = ledger_.trial_taken(id) && ledger_.books(id).in_flight == 0};
}

void PoolWatch::sample() {
  const Instant now = loop_.fresh_now();
  for (std::size_t i = 0; i < servers_.size(); ++i) health_.experienced(i, experience(servers_[i]), now);
  health_.tick(now);
  publish();
}

// --- what comes of it --------------------------------------------------------------------------------

bool PoolWatch::set_admin(ledger::ServerId server, ledger::AdminState admin) {
  for (std::size_t i = 0; i < servers_.size(); ++i) {
    if (servers_[i].member.id != server) continue;
    const ServerState before = ledger_.state(server);
    ledger_.set_admin(server, admin);
    log_change(servers_[i], before, "asked for");
    health_.hold_back(i, admin == ledger::AdminState::drain, loop_.now());
    publish();
    return true;
  }
  return false;
}

/// Every server, because a step of one can take another back into service.
void PoolWatch::publish() {
  for (std::size_t i = 0; i < servers_.size(); ++i) publish(i);
}

void PoolWatch::publish(std::size_t server) {
  Watched& it = servers_[server];
  const ledger::ServerId id = it.member.id;
  const Health health = health_[server].health();
  if (health == Health::slow_start) ledger_.set_share(id, health_.share(server, loop_.now()));
  if (it.trials != health_[server].breaker().trials()) {
    it.trials = health_[server].breaker().trials();
    ledger_.allow_trial(id);  // before the state that invites to it
  }
  if (health == ledger_.health(id)) return;
  const ServerState before = ledger_.state(id);
  if (health == Health::ejected) ledger_.count_ejection(id);
  ledger_.set_health(id, health);
  log_change(it, before, reason(server));
}

void PoolWatch::log_change(const Watched& watched, ServerState before, std::string_view reason) const {
  const ServerState state = ledger_.state(watched.member.id);
  if (state == before) return;
  log::write(log::Event::server_state, {{"server", watched.member.name},
                                        {"state", name_of(state)},
                                        {"was", name_of(before)},
                                        {"reason", reason}});
}

std::string_view PoolWatch::reason(std::size_t server) const {
  switch (health_[server].health()) {
    case Health::down:
      return servers_[server].last_fault;
    case Health::ejected:
      return "too many requests failed in a row";
    case Health::half_open:
      return "one request may try it";
    case Health::slow_start:
      return "back";
    case Health::up:
      return "good";
  }
  return "";
}

// --- all pools ---------------------------------------------------------------------------------------

HealthChecker::HealthChecker(net::Loop& loop, ledger::Ledger& ledger, std::vector<PoolWatch::Options> pools,
                             std::uint64_t seed)
    : sample_(loop, [this] {
        for (const auto& pool : pools_) pool->sample();
      }) {
  sched::Random seeds(seed);
  for (PoolWatch::Options& pool : pools)
    pools_.push_back(std::make_unique<PoolWatch>(loop, ledger, std::move(pool), seeds.next()));
  sample_.start(PoolWatch::kSample, PoolWatch::kSample);
}

bool HealthChecker::set_admin(ledger::ServerId server, ledger::AdminState admin) {
  for (const auto& pool : pools_)
    if (pool->set_admin(server, admin)) return true;
  return false;
}

}  // namespace finishline::control
