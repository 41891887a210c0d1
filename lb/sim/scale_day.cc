#include "lb/sim/scale_day.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <deque>
#include <map>
#include <numeric>
#include <optional>
#include <queue>
#include <utility>

#include "lb/forecast/trusted.h"
#include "lb/model/server_queue.h"
#include "lb/sched/policies.h"
#include "lb/sched/unavailable.h"
#include "lb/sim/scale_mix.h"
#include "lb/sim/virtual_books.h"

namespace finishline::sim {
namespace {

constexpr std::int64_t kBegin = 3600;           // seconds, of what is played: no time is 0
constexpr std::size_t kStepsOfFit = 12;         // that a fit is used for
constexpr std::int64_t kMostPast = 14 * 86400;  // seconds that a forecast is made of

Nanos seconds(double span) { return Nanos(static_cast<std::int64_t>(span * 1e9)); }

/// One that there may be.
struct Place {
  enum class State : std::uint8_t { absent, starting, serving, draining };
  std::size_t kind = 0;
  State state = State::absent;
  Instant since{};  // asked for
  model::ServerQueue queue{1};
};

/// Work that a server has and has not begun.
struct Unbegun {
  Instant begins{};
  std::size_t type = 0;
  double length = 0;
  bool operator>(const Unbegun& other) const { return begins > other.begins; }
};

struct Reply {
  Instant at{};
  std::size_t place = 0;
  Nanos service{};
  Instant sent{};
  bool operator>(const Reply& other) const { return at > other.at; }
};

template <class Item>
using Earliest = std::priority_queue<Item, std::vector<Item>, std::greater<>>;

class Day {
 public:
  Day(const ScaleScenario& scenario, Provision provision);
  ScaleOutcome run();

 private:
  std::size_t types() const { return scenario_.load.size(); }
  void provide_for(std::size_t first, std::size_t end);
  void play_step(std::size_t step);
  void arrive(Instant now, std::size_t step);
  void settle_until(Instant now);
  void tick(Instant now, std::size_t step);
  sched::ScaleReading reading(Instant now);
  void act(const sched::ScaleDecision& decision, Instant now);
  bool start_one(std::size_t kind, Instant now, bool at_once);
  void drain_one(std::size_t kind, Instant now);
  void look_ahead(Instant now, std::size_t step);
  void forecast_from(std::size_t step);

  const ScaleScenario& scenario_;
  const Provision provision_;
  ScaleOutcome outcome_;
  std::vector<Place> places_;
  std::vector<ServerSpec> specs_;
  VirtualBooks books_;
  std::unique_ptr<sched::Policy> policy_;
  sched::ScaleRule rule_;
  sched::Random arrivals_random_, picks_random_;  // two, so that the same requests come whoever serves
  std::vector<std::int64_t> finish_;
  Earliest<Unbegun> unbegun_;
  Earliest<Reply> replies_;
  std::deque<std::pair<Instant, std::vector<double>>> arrivals_;  // of each tick
  std::vector<double> arrived_, waiting_, arrived_in_window_;
  std::vector<std::vector<std::vector<double>>> fitted_;  // [type][step from now on]: as ahead_, of requests
  std::vector<std::vector<double>> ahead_;                // [type][step from ahead_from_], units per second
  std::size_t ahead_from_ = 0;
};

std::vector<Place> places_of(const ScaleScenario& scenario) {
  std::vector<Place> places;
  for (std::size_t kind = 0; kind < scenario.cost.server_types().size(); ++kind)
    for (std::uint32_t n = 0; n < scenario.limits.most; ++n) places.push_back({.kind = kind});
  return places;
}

std::vector<ServerSpec> specs_of(const std::vector<Place>& places, const CostModel& cost) {
  std::vector<ServerSpec> specs;
  for (std::size_t i = 0; i < places.size(); ++i)
    specs.push_back({.number = static_cast<std::uint32_t>(i),
                     .name = cost.server_types()[places[i].kind] + "-" + std::to_string(i),
                     .type = static_cast<ServerType>(places[i].kind)});
  return specs;
}

Day::Day(const ScaleScenario& scenario, Provision provision)
    : scenario_(scenario),
      provision_(provision),
      places_(places_of(scenario)),
      specs_(specs_of(places_, scenario.cost)),
      books_(scenario.cost, specs_),
      policy_(sched::find_policy("makespan")->make({})),
      rule_(mix_of(scenario),
            std::vector<sched::ScaleLimits>(scenario.cost.server_types().size(), scenario.limits),
            scenario.rule),
      arrivals_random_(scenario.seed),
      picks_random_(scenario.seed + 1),
      finish_(places_.size()),
      arrived_(types()),
      waiting_(types()),
      arrived_in_window_(types()) {
  outcome_.provision = provision;
}

void Day::provide_for(std::size_t first, std::size_t end) {
  std::vector<std::size_t> steps(end - first);
  std::iota(steps.begin(), steps.end(), first);
  const sched::ServerCounts wanted = counts_for(scenario_, steps, scenario_.limits.most);
  for (std::size_t kind = 0; kind < wanted.size(); ++kind)
    for (std::uint32_t n = 0; n < wanted[kind]; ++n) start_one(kind, Instant{}, true);
}

/// Whoever scales begins with what the day begins with.
ScaleOutcome Day::run() {
  const std::size_t first = scenario_.first_step, end = scenario_.load.front().size();
  provide_for(first, provision_ == Provision::peak ? end : first + 1);
  for (std::size_t step = first; step < end; ++step) play_step(step);
  return std::move(outcome_);
}

/// A tick is a second: what comes in it, in order of time.
void Day::play_step(std::size_t step) {
  outcome_.steps.push_back({.load = work_of(scenario_, step)});
  const double begin =
      kBegin + static_cast<double>(step - scenario_.first_step) * static_cast<double>(scenario_.step_s);
  double rate = 0;
  for (const auto& load : scenario_.load) rate += load[step];
  for (std::int64_t second = 0; second < scenario_.step_s; ++second) {
    const double now = begin + static_cast<double>(second);
    if (provision_ != Provision::peak) tick(Instant(seconds(now)), step);
    double at = 0;
    while (rate > 0 && (at -= std::log1p(-arrivals_random_.unit()) / rate) < 1)
      arrive(Instant(seconds(now + at)), step);
    for (const Place& place : places_) {
      if (place.state == Place::State::absent) continue;
      outcome_.server_seconds += 1;
      outcome_.price += scenario_.prices[place.kind];
      outcome_.steps.back().servers += 1.0 / static_cast<double>(scenario_.step_s);
    }
  }
}

void Day::settle_until(Instant now) {
  while (!replies_.empty() && replies_.top().at <= now) {
    const Reply reply = replies_.top();
    replies_.pop();
    Place& place = places_[reply.place];
    place.queue.take_done(reply.at);
    books_.settle(reply.place,
                  {.booked = reply.service,
                   .actual = reply.service,
                   .backlog = place.queue.backlog(reply.at),
                   .response = reply.at - reply.sent},
                  reply.at);
    if (place.state == Place::State::draining && place.queue.empty()) place.state = Place::State::absent;
  }
  while (!unbegun_.empty() && unbegun_.top().begins <= now) {
    waiting_[unbegun_.top().type] -= unbegun_.top().length;
    unbegun_.pop();
  }
}

void Day::arrive(Instant now, std::size_t step) {
  settle_until(now);
  double rate = 0, point = arrivals_random_.unit();
  for (const auto& load : scenario_.load) rate += load[step];
  std::size_t type = 0;
  for (point *= rate; type + 1 < types() && point >= scenario_.load[type][step]; ++type)
    point -= scenario_.load[type][step];
  const auto longest = static_cast<std::uint32_t>(2 * scenario_.mean_length - 1);
  const sched::Job job{.type = static_cast<RequestType>(type), .length = 1 + arrivals_random_.below(longest)};
  arrived_[type] += job.length;
  ++outcome_.requests;
  sched::PoolView view = books_.view(job.type, now);
  for (std::size_t i = 0; i < places_.size(); ++i)
    finish_[i] = places_[i].state == Place::State::serving ? view.finish[i] : sched::kUnavailable;
  view.finish = finish_;
  const auto chosen = policy_->pick(view, job, picks_random_);
  if (!chosen) {
    ++outcome_.unserved;
    return;
  }
  policy_->picked(*chosen);
  const Nanos service(view.service(*chosen, job));
  const Instant done = places_[*chosen].queue.admit({.service = service}, now);
  books_.reserve(*chosen, service, now);
  replies_.push({done, *chosen, service, now});
  const Instant begins = done - service;
  if (begins > now) {
    unbegun_.push({begins, type, static_cast<double>(job.length)});
    waiting_[type] += job.length;
  }
  if (begins - now <= scenario_.target) return;
  ++outcome_.late;
  ++outcome_.steps.back().late;
}

// --- scaling -----------------------------------------------------------------------------------------

void Day::tick(Instant now, std::size_t step) {
  settle_until(now);
  for (Place& place : places_)
    if (place.state == Place::State::starting && now - place.since >= scenario_.start_time)
      place.state = Place::State::serving;
  arrivals_.emplace_back(now, arrived_);
  for (std::size_t type = 0; type < types(); ++type) arrived_in_window_[type] += arrived_[type];
  std::ranges::fill(arrived_, 0.0);
  while (now - arrivals_.front().first >= scenario_.rule.catch_up) {
    for (std::size_t type = 0; type < types(); ++type)
      arrived_in_window_[type] -= arrivals_.front().second[type];
    arrivals_.pop_front();
  }
  if (provision_ == Provision::predictive) look_ahead(now, step);
  act(rule_.step(reading(now), now), now);
}

sched::ScaleReading Day::reading(Instant now) {
  sched::ScaleReading reading;
  reading.kinds.resize(scenario_.prices.size());
  for (const Place& place : places_)
    if (place.state == Place::State::starting || place.state == Place::State::serving)
      reading.kinds[place.kind].started.push_back(place.since);
  const double window = std::max(1.0, static_cast<double>(arrivals_.size()));
  for (const double volume : arrived_in_window_) reading.arriving.push_back(std::max(0.0, volume) / window);
  reading.waiting = waiting_;
  if (ahead_.empty()) return reading;
  const auto in_step = [&](Instant at) {
    const auto second = static_cast<std::size_t>(to_seconds(at.time_since_epoch())) - kBegin;
    return second / static_cast<std::size_t>(scenario_.step_s) + scenario_.first_step - ahead_from_;
  };
  reading.forecast.resize(types());
  for (std::size_t type = 0; type < types(); ++type)
    for (std::size_t step = in_step(now); step <= in_step(now + scenario_.ahead); ++step)
      if (step < ahead_[type].size())
        reading.forecast[type] = std::max(reading.forecast[type], ahead_[type][step]);
  return reading;
}

/// As far as is looked ahead at each step, and no farther: a method is trusted for what it is asked for.
void Day::look_ahead(Instant now, std::size_t step) {
  const auto second = static_cast<std::int64_t>(to_seconds(now.time_since_epoch())) - kBegin;
  if (second % scenario_.step_s != 0) return;
  if (second / scenario_.step_s % kStepsOfFit == 0) forecast_from(step);
  ahead_.assign(types(), {});
  ahead_from_ = step;
  for (std::size_t type = 0; type < types(); ++type) {
    if (fitted_[type].empty()) continue;
    ahead_[type] = fitted_[type].front();
    fitted_[type].erase(fitted_[type].begin());
    for (double& value : ahead_[type]) value *= scenario_.mean_length;
  }
}

/// For the steps until the next fit, each of what is known by then.
void Day::forecast_from(std::size_t step) {
  const auto horizon =
      static_cast<std::size_t>(static_cast<std::int64_t>(to_seconds(scenario_.ahead)) / scenario_.step_s + 1);
  const auto most = static_cast<std::size_t>(kMostPast / scenario_.step_s);
  const std::size_t first = step > most ? step - most : 0;
  fitted_.assign(types(), {});
  for (std::size_t type = 0; type < types(); ++type) {
    const auto& load = scenario_.load[type];
    const std::size_t end = std::min(step + kStepsOfFit, load.size());
    const forecast::Series series{
        .begin_s = scenario_.begin_s + static_cast<std::int64_t>(first) * scenario_.step_s,
        .step_s = scenario_.step_s,
        .values = {load.begin() + static_cast<std::ptrdiff_t>(first),
                   load.begin() + static_cast<std::ptrdiff_t>(end)}};
    if (std::ranges::all_of(series.values, [](double value) { return value == 0; })) continue;
    ++outcome_.forecasts;
    auto values = forecast::trusted_forecasts(series, {}, step - first, end - step, horizon);
    if (!values) continue;
    ++outcome_.trusted;
    fitted_[type] = std::move(*values);
  }
}

void Day::act(const sched::ScaleDecision& decision, Instant now) {
  if (decision.move == sched::ScaleMove::stay) return;
  std::vector<std::uint32_t> running(scenario_.prices.size());
  for (const Place& place : places_)
    if (place.state == Place::State::starting || place.state == Place::State::serving) ++running[place.kind];
  for (std::size_t kind = 0; kind < running.size(); ++kind) {
    for (; running[kind] < decision.wanted[kind] && start_one(kind, now, false); ++running[kind]) {
    }
    for (; running[kind] > decision.wanted[kind]; --running[kind]) drain_one(kind, now);
  }
}

/// One that drains comes back.
bool Day::start_one(std::size_t kind, Instant now, bool at_once) {
  Place* vacant = nullptr;
  for (Place& place : places_) {
    if (place.kind != kind) continue;
    if (place.state == Place::State::draining) {
      place.state = Place::State::serving;
      return true;
    }
    if (vacant == nullptr && place.state == Place::State::absent) vacant = &place;
  }
  if (vacant == nullptr) return false;
  vacant->state = at_once ? Place::State::serving : Place::State::starting;
  vacant->since = now;
  ++outcome_.starts;
  const auto there =
      std::ranges::count_if(places_, [](const Place& place) { return place.state != Place::State::absent; });
  outcome_.most = std::max(outcome_.most, static_cast<std::uint32_t>(there));
  return true;
}

/// The one with the least to do.
void Day::drain_one(std::size_t kind, Instant now) {
  Place* least = nullptr;
  for (Place& place : places_) {
    if (place.kind != kind || place.state != Place::State::serving) continue;
    if (now - place.since < scenario_.rule.min_life) continue;
    if (least == nullptr || place.queue.backlog(now) < least->queue.backlog(now)) least = &place;
  }
  if (least == nullptr) return;
  least->state = least->queue.empty() ? Place::State::absent : Place::State::draining;
}

}  // namespace

std::string_view name_of(Provision provision) {
  constexpr std::array<std::string_view, 3> kNames{"peak", "reactive", "predictive"};
  return kNames[static_cast<std::size_t>(provision)];
}

ScaleOutcome play_scaling(const ScaleScenario& scenario, Provision provision) {
  return Day(scenario, provision).run();
}

}  // namespace finishline::sim
