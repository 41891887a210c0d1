#include "lb/control/scaler.h"

#include <algorithm>
#include <ctime>
#include <optional>
#include <utility>
#include <variant>

#include "lb/config/scaled_servers.h"
#include "lb/control/elsewhere.h"
#include "lb/control/scale_words.h"
#include "lb/ledger/scaled_server.h"
#include "lb/ledger/up_orders.h"
#include "lb/log/log.h"
#include "lb/sched/hash.h"
#include "proto/joined.h"

namespace finishline::control {

using ledger::AdminState;
using ledger::ScaledLife;
using ledger::ScaledServer;
using ledger::ScaledWish;

namespace {

sched::ScaleRule rule_of(const ScalePool& pool) {
  return {sched::ServerMix(pool.kinds), pool.limits, config::scale_options(pool.scale)};
}

/// Of those that may go: one that serves nobody, else the one with the least in flight. nullptr: none may.
template <class May>
const ScaleMember* least_missed(const ledger::Ledger& ledger, const ScalePool& pool, May may) {
  const auto loss = [&](const ScaleMember& it) {
    return std::pair(takes_work(ledger.state(it.row)), ledger.books(it.row).in_flight);
  };
  const ScaleMember* least = nullptr;
  for (const ScaleMember& member : pool.members)
    if (may(member) && (least == nullptr || loss(member) < loss(*least))) least = &member;
  return least;
}

/// Of a server on another machine.
bool leaves(const ledger::Ledger& ledger, ledger::ServerId row) {
  return ledger::scaled_server(ledger, row).wish >= ScaledWish::leaving;
}

}  // namespace

Scaler::Scaler(net::Loop& loop, ledger::Ledger& ledger, HealthChecker& health, std::vector<ScalePool> pools,
               Actions actions)
    : loop_(loop),
      ledger_(ledger),
      health_(health),
      actions_(std::move(actions)),
      actuator_(loop, static_cast<std::uint64_t>(loop.fresh_now().time_since_epoch().count())),
      predictor_(loop, actions_.past),
      timer_(loop, [this] { tick(); }) {
  change_to(std::move(pools));
}

void Scaler::change_to(std::vector<ScalePool> pools) {
  std::vector<std::unique_ptr<Scaled>> scaled;
  for (ScalePool& pool : pools) {
    const auto before =
        std::ranges::find_if(pools_, [&](const auto& it) { return it && it->pool.name == pool.name; });
    if (before == pools_.end()) {
      sched::ScaleRule rule = rule_of(pool);
      scaled.push_back(
          std::make_unique<Scaled>(Scaled{std::move(pool), ScaleSensor(ledger_), std::move(rule)}));
      resume_orders(*scaled.back());
    } else {
      scaled.push_back(std::move(*before));
      scaled.back()->rule.change_to(sched::ServerMix(pool.kinds), pool.limits,
                                    config::scale_options(pool.scale));
      scaled.back()->pool = std::move(pool);
    }
  }
  pools_ = std::move(scaled);
  if (pools_.empty()) return timer_.stop();
  timer_.start(kTick, kTick);
}

void Scaler::tick() {
  forget_old_orders();
  const std::vector<bool> untried = health_.untried();
  for (const auto& scaled : pools_) {
    let_go(scaled->pool);
    end_silent(*scaled);
    note_elsewhere(ledger_, scaled->pool, untried);
    follow_leaving(*scaled);
    look(*scaled);
  }
}

void Scaler::look(Scaled& scaled) {
  sched::ScaleReading reading = scaled.sensor.read(scaled.pool, health_.vitals(), loop_.fresh_now());
  count_ordered(scaled, reading);
  scaled.foreseen = false;
  if (scaled.pool.scale.predict && !scaled.pool.streams) predict(scaled, reading);
  scaled.decision = scaled.rule.step(reading, loop_.now());
  if (scaled.decision.move == sched::ScaleMove::stay) return;
  bool done = false;
  if (!scaled.pool.scale.rehearse)
    for (std::size_t kind = 0; kind < scaled.pool.kinds.size(); ++kind) done |= act(scaled, reading, kind);
  if (done) actions_.tell_master();
  if (done || scaled.pool.scale.rehearse) tell(scaled, reading);
}

void Scaler::predict(Scaled& scaled, sched::ScaleReading& reading) {
  const ScalePool& pool = scaled.pool;
  std::vector<std::string> series;
  for (const std::string& type : pool.request_types) series.push_back(work_series(pool.name, type));
  reading.forecast =
      predictor_.expected(series, actions_.unix_now(), pool.scale.predict_ahead / std::chrono::seconds(1));
  for (std::size_t i = 0; i < reading.forecast.size() && i < reading.arriving.size(); ++i)
    scaled.foreseen |= reading.forecast[i] > reading.arriving[i];
}

/// Whether anything could be done about it.
bool Scaler::act(Scaled& scaled, const sched::ScaleReading& reading, std::size_t kind) {
  const std::size_t now = reading.kinds[kind].started.size();
  const std::uint32_t wanted = scaled.decision.wanted[kind];
  bool done = false;
  const bool elsewhere = scaled.pool.elsewhere[kind];
  for (std::size_t n = now; n < wanted; ++n, done = true)
    if (!(elsewhere ? order_up(scaled, kind) : add(scaled.pool, kind))) break;
  for (std::size_t n = now; n > wanted; --n, done = true)
    if (!(elsewhere ? drain_elsewhere(scaled, kind) : remove(scaled, kind))) break;
  return done;
}

/// One that leaves comes back; else another one is started.
bool Scaler::add(const ScalePool& pool, std::size_t kind) {
  const ScaleMember* vacant = nullptr;
  for (const ScaleMember& member : pool.members) {
    if (!member.scaled || member.kind != kind) continue;
    const ScaledServer it = ledger::scaled_server(ledger_, member.row);
    if (it.wish == ScaledWish::leaving && it.runs()) {
      ledger::want_scaled(ledger_, member.row, ScaledWish::wanted);
      health_.set_admin(member.row, AdminState::ready);
      return true;
    }
    if (vacant == nullptr && it.wish == ScaledWish::none && it.life == ScaledLife::none) vacant = &member;
  }
  if (vacant == nullptr) return false;
  ledger::want_scaled(ledger_, vacant->row, ScaledWish::wanted);
  return true;
}

/// Of those that are old enough.
bool Scaler::remove(const Scaled& scaled, std::size_t kind) {
  const ScaleMember* least = least_missed(ledger_, scaled.pool, [&](const ScaleMember& member) {
    const ScaledServer it = ledger::scaled_server(ledger_, member.row);
    return member.scaled && member.kind == kind && it.counts() &&
           loop_.now() - it.since >= scaled.pool.scale.min_life;
  });
  if (least == nullptr) return false;
  ledger::want_scaled(ledger_, least->row, ScaledWish::leaving);
  health_.set_admin(least->row, AdminState::drain);
  return true;
}

/// Those that leave and have nothing in flight any more; and places that nobody is in are ready for the next.
void Scaler::let_go(const ScalePool& pool) {
  bool done = false;
  for (const ScaleMember& member : pool.members) {
    if (!member.scaled) continue;
    const ScaledServer it = ledger::scaled_server(ledger_, member.row);
    if (it.wish == ScaledWish::leaving && ledger_.books(member.row).in_flight == 0) {
      ledger::want_scaled(ledger_, member.row, ScaledWish::none);
      done = true;
    }
    if (it.wish == ScaledWish::none && it.port == 0 && ledger_.admin(member.row) == AdminState::drain)
      health_.set_admin(member.row, AdminState::ready);
  }
  if (done) actions_.tell_master();
}

/// Processes that have not answered for so long since their start; another one is started where the work
/// needs it.
void Scaler::end_silent(Scaled& scaled) {
  for (const ScaleMember& member : scaled.pool.members) {
    if (!member.scaled || ledger_.state(member.row) != ledger::ServerState::absent) continue;
    const ScaledServer it = ledger::scaled_server(ledger_, member.row);
    if (!it.counts() || !it.runs() || loop_.now() - it.since < member.start_timeout) continue;
    log::write(log::Event::server_silent, {{"server", member.name}, {"pid", it.pid}, {"port", it.port}});
    scaled.silent = member.name;
    scaled.silent_at = loop_.now();
    ledger::want_scaled(ledger_, member.row, ScaledWish::none);
    actions_.tell_master();
  }
}

// --- servers on other machines ---------------------------------------------------------------------

namespace {

ScaleActuator::Way way_of(const config::Scale& scale) {
  ScaleActuator::Way way{
      .command = {}, .webhook = scale.webhook, .timeout = scale.timeout, .attempts = scale.attempts};
  if (!scale.command.empty())
    way.command = std::get<std::vector<std::string>>(config::words_of(scale.command));
  return way;
}

std::string key_for(std::uint64_t what, Instant since) {
  return order_key(what, sched::mix(static_cast<std::uint64_t>(since.time_since_epoch().count())));
}

}  // namespace

/// What was ordered and has not come yet counts as being started.
void Scaler::count_ordered(Scaled& scaled, sched::ScaleReading& reading) {
  std::size_t serving = 0;
  for (std::size_t kind = 0; kind < scaled.pool.kinds.size(); ++kind)
    if (scaled.pool.elsewhere[kind]) serving += reading.kinds[kind].started.size();
  std::size_t came = serving - std::min(serving, scaled.serving_elsewhere.value_or(serving));
  scaled.serving_elsewhere = serving;
  for (const ledger::UpOrder& order : ledger::up_orders(ledger_)) {
    const auto kind = kind_ordered(scaled.pool, order);
    if (!kind) continue;
    if (came == 0) {
      reading.kinds[*kind].started.push_back(loop_.now());
      continue;
    }
    --came;
    ledger::forget_up_order(ledger_, order.what, order.since);
  }
}

/// What the control process before this one has noted, and perhaps not given.
void Scaler::resume_orders(Scaled& scaled) {
  for (const ledger::UpOrder& order : ledger::up_orders(ledger_))
    if (const auto kind = kind_ordered(scaled.pool, order); kind && !order.told)
      give_up_order(scaled.pool, *kind, order.since);
}

void Scaler::forget_old_orders() {
  for (const ledger::UpOrder& order : ledger::up_orders(ledger_))
    if (loop_.now() - order.since >= kOrderPatience)
      ledger::forget_up_order(ledger_, order.what, order.since);
}

/// One that drains comes back; else somebody is asked for another.
bool Scaler::order_up(Scaled& scaled, std::size_t kind) {
  for (const ScaleMember& member : scaled.pool.members) {
    if (member.kind != kind || scaled.ending.contains(member.row)) continue;
    if (ledger::scaled_server(ledger_, member.row).wish != ScaledWish::leaving) continue;
    ledger::want_scaled(ledger_, member.row, ScaledWish::none);
    return health_.set_admin(member.row, AdminState::ready);
  }
  Instant since = loop_.fresh_now();  // another one for each order
  for (const ledger::UpOrder& order : ledger::up_orders(ledger_)) since = std::max(since, order.since + 1ns);
  if (!ledger::note_up_order(ledger_, up_order_of(scaled.pool, kind), since)) return false;
  give_up_order(scaled.pool, kind, since);
  return true;
}

/// The key is the same for the control process after this one.
void Scaler::give_up_order(const ScalePool& pool, std::size_t kind, Instant since) {
  const std::uint64_t what = up_order_of(pool, kind);
  actuator_.give(way_of(pool.scale),
                 {.pool = pool.name, .up = true, .subject = pool.types[kind], .key = key_for(what, since)},
                 [this, what, since](bool good) {
                   if (good) return ledger::tell_up_order(ledger_, what, since);
                   ledger::forget_up_order(ledger_, what, since);
                 });
}

bool Scaler::drain_elsewhere(Scaled& scaled, std::size_t kind) {
  const ScaleMember* least = least_missed(ledger_, scaled.pool, [&](const ScaleMember& member) {
    return member.kind == kind && takes_work(ledger_.state(member.row));
  });
  if (least == nullptr) return false;
  ledger::leave_elsewhere(ledger_, least->row, loop_.fresh_now());
  return health_.set_admin(least->row, AdminState::drain);
}

/// Those that have nothing in flight any more are ended; one that was, and is down, may come back.
void Scaler::follow_leaving(Scaled& scaled) {
  for (const ScaleMember& member : scaled.pool.members) {
    if (member.scaled) continue;
    const ScaledWish wish = ledger::scaled_server(ledger_, member.row).wish;
    if (wish < ScaledWish::leaving || scaled.ending.contains(member.row)) continue;
    const bool drains = ledger_.admin(member.row) == AdminState::drain;
    const bool is_down = ledger_.health(member.row) == sched::Health::down;
    if (!drains || (wish == ScaledWish::ordered && is_down)) {
      ledger::want_scaled(ledger_, member.row, ScaledWish::none);
      health_.set_admin(member.row, AdminState::ready);
    } else if (wish == ScaledWish::leaving && ledger_.books(member.row).in_flight == 0) {
      order_down(scaled, member);
    }
  }
}

/// The key is the same for the control process after this one.
void Scaler::order_down(Scaled& scaled, const ScaleMember& member) {
  const Instant since = ledger::scaled_server(ledger_, member.row).since;
  const std::uint64_t name = sched::identity_of(scaled.pool.name + '/' + member.name);
  scaled.ending.insert(member.row);
  actuator_.give(
      way_of(scaled.pool.scale),
      {.pool = scaled.pool.name, .up = false, .subject = member.name, .key = key_for(name, since)},
      [this, pool = scaled.pool.name, member](bool good) { after_order_down(pool, member, good); });
}

/// One that nobody would end serves on, and the rule is asked again.
void Scaler::after_order_down(const std::string& pool, const ScaleMember& member, bool good) {
  for (const auto& it : pools_) {
    if (it->pool.name != pool) continue;
    it->ending.erase(member.row);
    const auto now = std::ranges::find(it->pool.members, member.name, &ScaleMember::name);
    if (now == it->pool.members.end() || now->row != member.row) continue;  // a reload has taken it away
    ledger::want_scaled(ledger_, member.row, good ? ScaledWish::ordered : ScaledWish::none);
    if (!good) health_.set_admin(member.row, AdminState::ready);
  }
}

// --- what is told ----------------------------------------------------------------------------------

void Scaler::tell(Scaled& scaled, const sched::ScaleReading& reading) {
  std::vector<std::string> servers;
  for (std::size_t kind = 0; kind < scaled.pool.kinds.size(); ++kind) {
    const std::size_t before = reading.kinds[kind].started.size();
    if (before != scaled.decision.wanted[kind])
      servers.push_back(scaled.pool.types[kind] + " " + std::to_string(before) + " -> " +
                        std::to_string(scaled.decision.wanted[kind]));
  }
  const bool up = scaled.decision.move == sched::ScaleMove::up;
  const std::string what = joined(servers), strain = percent_text(scaled.decision.strain);
  const std::string would = scaled.pool.scale.rehearse ? " (rehearsed)" : "";
  scaled.last = what + " at " + strain + would;
  scaled.changes.push_back({.at = std::time(nullptr),
                            .up = up,
                            .rehearsed = scaled.pool.scale.rehearse,
                            .servers = what,
                            .strain = scaled.decision.strain});
  if (scaled.changes.size() > kChangesTold) scaled.changes.pop_front();
  log::write(up ? log::Event::scale_up : log::Event::scale_down, {{"pool", scaled.pool.name},
                                                                  {"servers", what},
                                                                  {"strain", strain},
                                                                  {"by", word_for(scaled.pool.scale.by)},
                                                                  {"rehearsed", scaled.pool.scale.rehearse}});
  actions_.mark("pool " + scaled.pool.name + ": " + scaled.last);
}

ScaledTypeStatus Scaler::status_of(const ScalePool& pool, std::size_t kind) const {
  ScaledTypeStatus status{
      .type = pool.types[kind], .least = pool.limits[kind].least, .most = pool.limits[kind].most};
  if (pool.elsewhere[kind]) status.wanted = status.starting = count_on_their_way(ledger_, pool, kind);
  for (const ScaleMember& member : pool.members) {
    if (pool.elsewhere[kind] && member.kind == kind && takes_work(ledger_.state(member.row)))
      ++status.running, ++status.wanted;
    if (pool.elsewhere[kind] && member.kind == kind && leaves(ledger_, member.row)) ++status.leaving;
    if (!member.scaled || member.kind != kind) continue;
    const ScaledServer it = ledger::scaled_server(ledger_, member.row);
    const bool serves = ledger_.state(member.row) != ledger::ServerState::absent;
    status.wanted += it.wish == ScaledWish::wanted ? 1 : 0;
    status.running += it.runs() && serves ? 1 : 0;
    status.starting += it.wish == ScaledWish::wanted && !serves && it.life != ScaledLife::given_up ? 1 : 0;
    status.leaving += it.wish == ScaledWish::leaving || it.life == ScaledLife::ending ? 1 : 0;
    status.given_up += it.life == ScaledLife::given_up ? 1 : 0;
    status.starts += it.starts;
    status.deaths += it.deaths;
    status.ends += it.ends;
    status.give_ups += it.give_ups;
  }
  return status;
}

std::vector<ScaleStatus> Scaler::status() const {
  std::vector<ScaleStatus> all;
  for (const auto& scaled : pools_) {
    const ScalePool& pool = scaled->pool;
    ScaleStatus status{.pool = pool.name,
                       .by = std::string(word_for(pool.scale.by)),
                       .rehearse = pool.scale.rehearse,
                       .strain = scaled->decision.strain,
                       .up_over = config::scale_options(pool.scale).up_over,
                       .foreseen = scaled->foreseen,
                       .last = scaled->last,
                       .types = {},
                       .changes = {scaled->changes.begin(), scaled->changes.end()},
                       .off = off_elsewhere(ledger_, pool),
                       .silent = loop_.now() - scaled->silent_at < kSilentTold ? scaled->silent : ""};
    for (std::size_t kind = 0; kind < pool.kinds.size(); ++kind)
      if (pool.limits[kind].most > 0) status.types.push_back(status_of(pool, kind));
    all.push_back(std::move(status));
  }
  return all;
}

}  // namespace finishline::control
