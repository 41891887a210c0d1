#include "lb/control/performance_meter.h"

#include <algorithm>
#include <utility>

namespace finishline::control {
namespace {

constexpr Nanos kBeat = 50ms;
constexpr std::uint32_t kUnlisted = 0xffffffff;

std::vector<std::uint32_t> places_of(const std::vector<ServerSpec>& servers) {
  std::vector<std::uint32_t> places;
  for (std::uint32_t i = 0; i < servers.size(); ++i) {
    if (servers[i].number >= places.size()) places.resize(servers[i].number + 1, kUnlisted);
    places[servers[i].number] = i;
  }
  return places;
}

/// Until more of the same takes no more than this share of the time.
Nanos pause_after(Nanos cost, double share) {
  return Nanos(static_cast<std::int64_t>(static_cast<double>(cost.count()) * (1 / share - 1)));
}

/// Twice as many requests can be played now as this round has, and it has few: those that a burst began with.
bool outgrown(const ShadowRound& round, std::size_t samples) {
  constexpr std::size_t kMany = 1024;
  return 2 * round.replay.done.size() <= std::min(samples, kMany);
}

double seconds_since(Instant then, Instant now) { return to_seconds(std::max(now - then, Nanos(0))); }

}  // namespace

PerformanceMeter::PerformanceMeter(net::Loop& loop, const ledger::Ledger& ledger, Recorder& recorder,
                                   std::vector<MeasuredPool> pools)
    : loop_(loop), ledger_(ledger), recorder_(recorder), timer_(loop, [this] { tick(); }), background_(loop) {
  change_to(std::move(pools));
}

void PerformanceMeter::change_to(std::vector<MeasuredPool> pools) {
  const bool on = on_;
  if (on) stop_listening();
  const auto before = std::exchange(pools_, {});
  ++revision_;
  for (MeasuredPool& pool : pools) {
    auto measured = std::make_unique<Measured>();
    measured->positions = places_of(pool.servers);
    measured->pool = std::move(pool);
    const auto same =
        std::ranges::find(before, measured->pool.row, [](const auto& it) { return it->pool.row; });
    if (same != before.end()) inherit(**same, *measured);
    pools_.push_back(std::move(measured));
  }
  if (on) begin();
}

/// What the last minute brought, of servers that are still there.
void PerformanceMeter::inherit(Measured& from, Measured& to) {
  if (from.pool.cost != to.pool.cost) return;
  to.since = from.since;
  for (sim::Sample sample : from.samples) {
    const std::uint32_t number = from.pool.servers[sample.server].number;
    if (number >= to.positions.size() || to.positions[number] == kUnlisted) continue;
    sample.server = to.positions[number];
    to.samples.push_back(sample);
  }
  to.unmeasured = to.unplayed = !to.samples.empty();
}

// --- while somebody looks ------------------------------------------------------------------------

void PerformanceMeter::look() {
  looked_at_ = loop_.now();
  if (!on_) begin();
}

void PerformanceMeter::begin() {
  on_ = true;
  missed_ = recorder_.missed();
  for (const auto& each : pools_) {
    Measured& measured = *each;
    if (measured.samples.empty()) measured.since = loop_.fresh_now();
    recorder_.subscribe(measured.pool.row, Recorder::Subscriber::performance,
                        [this, &measured](const ledger::Record& record) { on_record(measured, record); });
  }
  timer_.start(kBeat, kBeat);
}

void PerformanceMeter::stop_listening() {
  on_ = false;
  timer_.stop();
  for (const auto& each : pools_) recorder_.subscribe(each->pool.row, Recorder::Subscriber::performance, {});
}

void PerformanceMeter::end() {
  stop_listening();
  for (const auto& each : pools_) {
    each->samples = {};
    forget_figures(*each);
  }
}

void PerformanceMeter::on_record(Measured& measured, const ledger::Record& record) {
  if (record.status != proto::Status::ok) return;
  const bool known = record.server < measured.positions.size() &&
                     measured.positions[record.server] != kUnlisted &&
                     record.type < measured.pool.cost.request_types().size();
  if (!known) return;  // of a configuration before
  measured.samples.push_back({record.received_at, record.type, record.length,
                              measured.positions[record.server], record.service,
                              record.received_at + record.response});
  measured.unmeasured = measured.unplayed = true;
  if (measured.samples.size() <= kKept) return;
  measured.since = std::max(measured.since, measured.samples.front().done);
  measured.samples.pop_front();
}

void PerformanceMeter::forget_old(Measured& measured) {
  const Instant old = loop_.now() - kWindow;
  auto& samples = measured.samples;
  while (!samples.empty() && samples.front().done <= old) {
    samples.pop_front();
    measured.unmeasured = true;
  }
  measured.since = std::max(measured.since, old);
  if (samples.empty()) forget_figures(measured);
}

void PerformanceMeter::forget_figures(Measured& measured) {
  measured.known.reset();
  measured.measure_at = {};
  measured.round.reset();
  measured.round_shadows.clear();
}

void PerformanceMeter::tick() {
  if (loop_.fresh_now() - looked_at_ >= kLease) return end();
  const bool gap = std::exchange(missed_, recorder_.missed()) != missed_;
  for (const auto& each : pools_) {
    if (gap) {  // nobody knows whose requests they were
      each->samples.clear();
      each->since = loop_.now();
    }
    forget_old(*each);
  }
  if (working_ || loop_.now() < next_work_) return;
  if (Measured* const measured = next_pool()) evaluate(*measured);
}

/// A round of shadows that has begun is played to its end.
bool PerformanceMeter::due(const Measured& measured) const {
  if (measured.samples.empty()) return false;
  return measured.unplayed || !measured.round_shadows.empty() ||
         (measured.unmeasured && loop_.now() >= measured.measure_at);
}

/// Those that have anything new to tell take turns.
PerformanceMeter::Measured* PerformanceMeter::next_pool() {
  for (std::size_t tried = 0; tried < pools_.size(); ++tried) {
    Measured& measured = *pools_[turn_++ % pools_.size()];
    if (due(measured)) return &measured;
  }
  return nullptr;
}

// --- evaluation ----------------------------------------------------------------------------------

/// The servers that take work now, backups apart, and those that did some of it.
sim::ServedWork PerformanceMeter::work_of(const Measured& measured) const {
  const MeasuredPool& pool = measured.pool;
  std::vector<bool> useful(pool.servers.size());
  for (std::size_t i = 0; i < useful.size(); ++i)
    useful[i] = !pool.backups[i] && takes_work(ledger_.state(pool.servers[i].number));
  for (const sim::Sample& sample : measured.samples) useful[sample.server] = true;
  sim::ServedWork work{.cost = pool.cost, .servers = {}, .from = measured.since};
  std::vector<std::size_t> places(useful.size());
  for (std::size_t i = 0; i < useful.size(); ++i) {
    if (!useful[i]) continue;
    places[i] = work.servers.size();
    work.servers.push_back(pool.servers[i]);
    work.weights.push_back(pool.weights[i]);
  }
  work.samples.assign(measured.samples.begin(), measured.samples.end());
  for (sim::Sample& sample : work.samples) sample.server = places[sample.server];
  return work;
}

void PerformanceMeter::evaluate(Measured& measured) {
  const MeasuredPool& pool = measured.pool;
  if (measured.round && outgrown(*measured.round, measured.samples.size())) {
    measured.round.reset();
    measured.round_shadows.clear();
  }
  const std::size_t shadow = measured.round_shadows.size();
  PerformanceJob::Task task{.work = work_of(measured),
                            .round = measured.round,
                            .measures = loop_.now() >= measured.measure_at,
                            .shadow = pool.shadows[shadow],
                            .params = pool.params};
  if (task.measures) measured.unmeasured = false;
  if (shadow == 0) measured.unplayed = false;
  working_ = true;
  const Nanos span = loop_.now() - measured.since;
  background_.run(std::make_unique<PerformanceJob>(
      std::move(task), [this, &measured, span, round = measured.round, shadow,
                        revision = revision_](PerformanceJob::Outcome outcome) {
        working_ = false;
        next_work_ = loop_.fresh_now() + std::max(kPause, pause_after(outcome.cost, kShare));
        if (!on_ || revision != revision_ || measured.samples.empty()) return;
        if (measured.round != round || measured.round_shadows.size() != shadow) return;  // all was forgotten
        take(measured, outcome, span);
      }));
}

void PerformanceMeter::take(Measured& measured, PerformanceJob::Outcome& outcome, Nanos span) {
  take_performance(measured, outcome, span);
  take_shadow(measured, outcome);
}

void PerformanceMeter::take_performance(Measured& measured, const PerformanceJob::Outcome& outcome,
                                        Nanos span) {
  if (!measured.known) measured.known.emplace();
  if (!outcome.performance) return;
  PoolPerformance& known = *measured.known;
  known.window = outcome.performance->window;
  known.busy = outcome.performance->busy;
  known.idle_share = outcome.performance->idle_share;
  known.span = to_seconds(span);
  measured.known_at = loop_.now();
  measured.measure_at = loop_.now() + pause_after(outcome.measuring_cost, kMeasuring);
}

void PerformanceMeter::take_shadow(Measured& measured, PerformanceJob::Outcome& outcome) {
  if (!outcome.shadow) return;
  measured.round = outcome.round;
  measured.round_shadows.push_back(std::move(*outcome.shadow));
  if (measured.round_shadows.size() < measured.pool.shadows.size()) return;
  measured.known->shadows = std::exchange(measured.round_shadows, {});
  measured.known->shadow_requests = measured.round->replay.done.size();
  measured.shadows_until = std::exchange(measured.round, nullptr)->until;
}

std::optional<PoolPerformance> PerformanceMeter::of(ledger::PoolId pool) {
  const auto found = std::ranges::find(pools_, pool, [](const auto& each) { return each->pool.row; });
  if (found == pools_.end() || !(*found)->known) return std::nullopt;
  PoolPerformance known = *(*found)->known;
  known.age = seconds_since((*found)->known_at, loop_.now());
  known.shadows_age = seconds_since((*found)->shadows_until, loop_.now());
  return known;
}

}  // namespace finishline::control
