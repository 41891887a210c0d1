#include "lb/control/pool_watch.h"

#include <algorithm>
#include <utility>

#include "lb/ledger/scaled_server.h"
#include "lb/log/log.h"

namespace finishline::control {

using ledger::ServerState;
using proto::Status;
using sched::Health;

namespace {

constexpr int kHurry = 4;          // an open verdict is looked after so many times as often
constexpr Nanos kStarting = 20ms;  // between two looks at a server that is being started
constexpr double kJitter = 0.1;    // share of the interval, either way

bool has_no_address(const PoolWatch::Member& member) {
  return member.probe && !member.probe->unresolved.empty();
}

}  // namespace

PoolWatch::PoolWatch(net::Loop& loop, ledger::Ledger& ledger, Options options, std::uint64_t seed,
                     KnownByName& known, std::function<void()> appeared)
    : loop_(loop),
      ledger_(ledger),
      reader_(ledger),
      check_interval_(options.check_interval),
      random_(seed),
      health_(options.health, healths(options.members, options, known), random_.next(), loop.fresh_now()),
      appeared_(std::move(appeared)) {
  for (Member& member : options.members) {
    auto before = known.extract(member.name);
    if (before && before.mapped().watched->member.id == member.id) {
      servers_.push_back(std::move(before.mapped().watched));
      adopt(*servers_.back(), std::move(member));
    } else {
      servers_.push_back(begin(std::move(member)));
    }
  }
  for (std::size_t i = 0; i < servers_.size(); ++i) watch(i);
  publish();
}

void PoolWatch::dissolve(KnownByName& known) {
  for (std::size_t i = 0; i < servers_.size(); ++i) {
    std::string name = servers_[i]->member.name;
    known.emplace(std::move(name), Known{std::move(servers_[i]), health_[i]});
  }
  servers_.clear();
}

std::vector<sched::ServerHealth> PoolWatch::healths(const std::vector<Member>& members,
                                                    const Options& options, const KnownByName& known) const {
  std::vector<sched::ServerHealth> all;
  for (const Member& member : members) {
    const auto before = known.find(member.name);
    const bool goes_on = before != known.end() && before->second.watched->member.id == member.id;
    all.push_back(goes_on ? before->second.health
                          : sched::ServerHealth(ledger_.health(member.id), ledger_.health_notes(member.id),
                                                options.health, loop_.now()));
    if (!member.probe) all.back().forget_checks();  // nobody would look after it any more
    if (has_no_address(member))
      all.back() = sched::ServerHealth(Health::down, {}, options.health, loop_.now());
  }
  return all;
}

std::unique_ptr<PoolWatch::Watched> PoolWatch::begin(Member member) {
  auto it = std::make_unique<Watched>();
  it->noted = ledger_.health_notes(member.id);
  it->counts = count(member.id);
  it->tried = it->counts.served > 0 || it->noted.next_check_at != Instant();
  it->member = std::move(member);
  const bool there = it->member.scaled && ledger_.state(it->member.id) != ServerState::absent;
  if (there) set_port(*it, ledger::scaled_port(ledger_, it->member.id));
  if (it->noted.next_check_at > loop_.now()) it->next_check_at = it->noted.next_check_at;
  return it;
}

/// A check that is under way goes on, unless it would be another one now.
void PoolWatch::adopt(Watched& it, Member member) {
  if (member.scaled && it.port != 0 && member.probe)
    member.probe->address = member.probe->address.with_port(it.port);
  const bool same = it.member.probe == member.probe;
  const bool at_once = has_no_address(it.member) || (it.probe && it.probe->under_way());
  it.member = std::move(member);
  if (it.member.scaled) set_port(it, it.port);
  if (same) return;
  it.probe.reset();
  it.vitals.reset();
  if (at_once) it.next_check_at = loop_.now();
}

void PoolWatch::open_probe(Watched& it) {
  it.probe = std::make_unique<Probe>(loop_, *it.member.probe, [watched = &it](const Probe::Fault& fault) {
    watched->pool->on_checked(watched->place, fault);
  });
  if (!it.next_check)
    it.next_check = std::make_unique<net::Timer>(loop_, [watched = &it] { watched->probe->start(); });
}

void PoolWatch::watch(std::size_t server) {
  Watched& it = *servers_[server];
  it.pool = this;
  it.place = server;
  if (has_no_address(it.member)) it.last_fault = it.member.probe->unresolved;
  if (ledger_.admin(it.member.id) == ledger::AdminState::drain) health_.hold_back(server, true, loop_.now());
  const bool vacant = it.member.scaled && it.port == 0;
  if (vacant) health_.vacate(server, loop_.now());
  if (!it.member.probe || vacant) {
    it.next_check.reset();
    it.probe.reset();
    it.next_check_at = {};
    return;
  }
  if (!it.probe) open_probe(it);
  if (it.probe->under_way()) return;
  const double first = static_cast<double>(check_interval_.count()) * random_.unit();
  const bool planned = it.next_check_at != Instant();
  schedule(it, planned ? it.next_check_at - loop_.now() : Nanos(static_cast<Nanos::rep>(first)));
}

// --- scaled servers ------------------------------------------------------------------------------------

void PoolWatch::set_port(Watched& it, std::uint16_t port) const {
  it.port = port;
  if (!it.member.probe) return;
  it.member.probe->address = it.member.probe->address.with_port(port);
  it.member.address = it.member.probe->address.to_string();
}

/// Another process is another server: nothing that was counted of the one before holds.
void PoolWatch::follow_process(std::size_t server) {
  Watched& it = *servers_[server];
  const std::uint16_t port = ledger::scaled_port(ledger_, it.member.id);
  if (port == it.port) return;
  set_port(it, port);
  it.next_check.reset();
  it.probe.reset();
  it.vitals.reset();
  it.tried = false;
  it.counts = count(it.member.id);
  if (port == 0) {
    ledger_.set_state(it.member.id, ServerState::absent);
    return health_.vacate(server, loop_.now());
  }
  health_.occupy(server, it.member.probe ? Health::down : Health::up, loop_.now());
  if (!it.member.probe) return appear_if_ready(server);
  open_probe(it);
  schedule(it, 0ns);
}

bool PoolWatch::starting(const Watched& it) const {
  return it.member.scaled && ledger_.state(it.member.id) == ServerState::absent;
}

void PoolWatch::appear_if_ready(std::size_t server) {
  Watched& it = *servers_[server];
  const Health health = health_[server].health();
  if (!starting(it) || it.port == 0 || (health != Health::up && health != Health::slow_start)) return;
  if (ledger::scaled_port(ledger_, it.member.id) != it.port) return;  // it has gone again
  ledger_.appear(it.member.id);
  log_change(it, ServerState::absent, "started");
  appeared_();
}

// --- checks ------------------------------------------------------------------------------------------

/// Never later than after one interval, which may be shorter than it was.
void PoolWatch::schedule(Watched& it, Nanos delay) {
  const auto most = static_cast<Nanos::rep>(static_cast<double>(check_interval_.count()) * (1 + kJitter));
  delay = std::clamp<Nanos>(delay, 0ns, Nanos(most));
  it.next_check_at = loop_.now() + delay;
  it.next_check->start(delay);
}

void PoolWatch::on_checked(std::size_t server, const Probe::Fault& fault) {
  Watched& it = *servers_[server];
  const bool is_starting = starting(it);
  if (fault) {
    it.last_fault = *fault;
    if (!is_starting) ledger_.count_check_failure(it.member.id);
  }
  it.vitals = fault ? std::nullopt : it.probe->vitals();
  if (it.vitals) hear_backlog(it);
  it.tried |= !fault;
  const Health before = health_[server].health();
  health_.checked(server, !fault, loop_.now());
  if (health_[server].health() == before) {  // nor has it moved any other
    publish(server);
  } else {
    publish();
  }
  if (is_starting && starting(it)) return schedule(it, kStarting);
  const auto span =
      static_cast<double>(check_interval_.count()) / (health_[server].checks().undecided() ? kHurry : 1);
  schedule(it, Nanos(static_cast<Nanos::rep>(span * (1 + kJitter * (2 * random_.unit() - 1)))));
}

// --- experience --------------------------------------------------------------------------------------

/// Believed until the next check, which may come late by kLate.
void PoolWatch::hear_backlog(const Watched& it) {
  constexpr std::chrono::microseconds kMost = std::chrono::hours(1);
  constexpr Nanos kLate = 1s;
  const auto told = std::min<std::uint64_t>(it.vitals->backlog_us, kMost.count());
  ledger_.hear_backlog(it.member.id, std::chrono::microseconds(told), 2 * check_interval_ + kLate,
                       loop_.fresh_now());
}

/// Which replies speak for a server and which against it: sched/server_status.h.
PoolWatch::Counts PoolWatch::count(ledger::ServerId server) const {
  using ledger::ServerCell;
  return {.served = reader_.total(server, ServerCell::good_replies) +
                    reader_.total(server, ServerCell::connections),
          .errors =
              reader_.total(server, ServerCell::faults) + reader_.total(server, ServerCell::connect_failures),
          .lost = reader_.failed(server, Status::server_lost)};
}

/// All requests that were lost together were lost with one connection: one failure. A deadline that passed
/// is none by itself, because it is the client who sets it.
sched::Experience PoolWatch::experience(Watched& watched) const {
  const ledger::ServerId id = watched.member.id;
  const Counts now = count(id);
  const Counts before = std::exchange(watched.counts, now);
  watched.tried |= now.served > before.served;
  return {.served = now.served - before.served,
          .failed = now.errors - before.errors + (now.lost > before.lost ? 1 : 0),
          .trial_gone = ledger_.trial_taken(id) && ledger_.books(id).in_flight == 0};
}

void PoolWatch::sample() {
  const Instant now = loop_.fresh_now();
  for (std::size_t i = 0; i < servers_.size(); ++i)
    if (servers_[i]->member.scaled) follow_process(i);
  for (std::size_t i = 0; i < servers_.size(); ++i) health_.experienced(i, experience(*servers_[i]), now);
  health_.tick(now);
  publish();
}

// --- what comes of it --------------------------------------------------------------------------------

bool PoolWatch::set_admin(ledger::ServerId server, ledger::AdminState admin) {
  for (std::size_t i = 0; i < servers_.size(); ++i) {
    if (servers_[i]->member.id != server) continue;
    const ServerState before = ledger_.state(server);
    ledger_.set_admin(server, admin);
    log_change(*servers_[i], before, "asked for");
    health_.hold_back(i, admin == ledger::AdminState::drain, loop_.now());
    publish();
    return true;
  }
  return false;
}

/// Every server, because a new state of one can take another back into service.
void PoolWatch::publish() {
  for (std::size_t i = 0; i < servers_.size(); ++i) publish(i);
}

void PoolWatch::publish(std::size_t server) {
  Watched& it = *servers_[server];
  const ledger::ServerId id = it.member.id;
  const Health health = health_[server].health();
  if (health == Health::slow_start) ledger_.set_share(id, health_.share(server, loop_.now()));
  if (it.trials != health_[server].breaker().trials()) {
    it.trials = health_[server].breaker().trials();
    ledger_.allow_trial(id);  // before the state that invites to it
  }
  note(server);
  if (health != ledger_.health(id)) {
    const ServerState before = ledger_.state(id);
    if (health == Health::ejected) ledger_.count_ejection(id);
    ledger_.set_health(id, health);
    log_change(it, before, reason_of(server));
  }
  appear_if_ready(server);
}

/// For the control process after this one.
void PoolWatch::note(std::size_t server) {
  Watched& it = *servers_[server];
  sched::HealthNotes notes = health_[server].notes();
  notes.next_check_at = it.next_check_at;
  if (notes == it.noted) return;
  it.noted = notes;
  ledger_.set_health_notes(it.member.id, notes);
}

bool PoolWatch::is_untried(const Watched& it, ServerState state) const {
  const bool somebody_tries = it.member.probe || ledger_.kind(it.member.id) == ledger::ServerKind::requests;
  return somebody_tries && !it.tried && takes_work(state) &&
         reader_.total(it.member.id, ledger::ServerCell::links_up) == 0;
}

/// That nobody has looked at a server yet does not make it `up`.
void PoolWatch::log_change(const Watched& watched, ServerState before, std::string_view reason) const {
  const ServerState state = ledger_.state(watched.member.id);
  if (state == before) return;
  log::write(log::Event::server_state, {{"server", watched.member.name},
                                        {"state", control::state_word(state, is_untried(watched, state))},
                                        {"was", control::state_word(before, is_untried(watched, before))},
                                        {"address", watched.member.address},
                                        {"reason", reason}});
}

std::string_view PoolWatch::reason_of(std::size_t server) const {
  switch (health_[server].health()) {
    case Health::down:
      return servers_[server]->last_fault;
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

void PoolWatch::tell_reasons(std::vector<std::string>& reasons) const {
  for (std::size_t i = 0; i < servers_.size(); ++i) {
    const ledger::ServerId id = servers_[i]->member.id;
    if (ledger_.state(id) == ServerState::draining)
      reasons[id] = "asked for";
    else if (health_[i].health() != Health::up)
      reasons[id] = reason_of(i);
  }
}

void PoolWatch::tell_untried(std::vector<bool>& untried) const {
  for (const auto& it : servers_) untried[it->member.id] = is_untried(*it, ledger_.state(it->member.id));
}

void PoolWatch::tell_vitals(std::vector<std::optional<proto::ServerVitals>>& vitals) const {
  for (const auto& it : servers_) vitals[it->member.id] = it->vitals;
}

}  // namespace finishline::control
