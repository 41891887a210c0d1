#include "lb/sim/scale_connections.h"

#include <algorithm>
#include <cmath>
#include <queue>
#include <utility>

#include "lb/sched/random.h"

namespace finishline::sim {
namespace {

constexpr double kBegin = 3600;  // seconds: no time is 0

Instant at_second(double second) {
  return Instant(Nanos(static_cast<std::int64_t>((kBegin + second) * 1e9)));
}

/// Connections that are open, the one that ends first in front.
class OpenConnections {
 public:
  void open(double until, double load) {
    open_.push({until, load});
    sum_ += load;
  }
  void close_until(double now) {
    for (; !open_.empty() && open_.top().first <= now; open_.pop()) sum_ -= open_.top().second;
  }
  double load() const { return open_.empty() ? 0 : sum_; }

 private:
  using End = std::pair<double, double>;
  std::priority_queue<End, std::vector<End>, std::greater<>> open_;
  double sum_ = 0;
};

/// Which of the servers that were asked for serve.
std::uint32_t serving_of(const std::vector<Instant>& started, const ConnectionScenario& scenario,
                         Instant now) {
  return static_cast<std::uint32_t>(std::ranges::count_if(
      started, [&](Instant since) { return since == Instant() || now - since >= scenario.start_time; }));
}

double drawn_lifetime(const ConnectionScenario& scenario, sched::Random& random) {
  return -std::log1p(-random.unit()) * scenario.lifetime;
}

/// Those of one second.
void open_more(const ConnectionScenario& scenario, double second, sched::Random& random,
               OpenConnections& open, ConnectionOutcome& outcome) {
  const double rate = scenario.rate * std::max(second, 1.0) / scenario.seconds;
  const double width = scenario.most_load - scenario.least_load;
  for (double at = -std::log1p(-random.unit()) / rate; at < 1; at -= std::log1p(-random.unit()) / rate) {
    open.open(second + at + drawn_lifetime(scenario, random), scenario.least_load + random.unit() * width);
    ++outcome.connections;
  }
}

}  // namespace

ConnectionOutcome play_connections(const ConnectionScenario& scenario) {
  sched::Random random(scenario.seed);
  sched::ScaleRule rule(sched::ServerMix({sched::ServerSort{.price = 1, .seconds_per_unit = {1}}}),
                        {scenario.limits}, scenario.rule);
  ConnectionOutcome outcome;
  OpenConnections open;
  std::vector<Instant> started(scenario.limits.least);
  for (double second = 0; second < scenario.seconds; second += 1) {
    open_more(scenario, second, random, open, outcome);
    open.close_until(second + 1);
    const Instant now = at_second(second + 1);
    const std::uint32_t serving = serving_of(started, scenario, now);
    const double load = open.load() / 100 / std::max(serving, 1U);
    sched::ScaleReading reading{.kinds = {{.fixed = 0, .started = started}},
                                .arriving = {0},
                                .waiting = {},
                                .forecast = {},
                                .load = load,
                                .serving = serving};
    const std::uint32_t wanted = rule.step(reading, now).wanted.front();
    while (started.size() < wanted) started.push_back(now);
    while (started.size() > wanted) started.pop_back();
    outcome.load.push_back(load);
    outcome.serving.push_back(serving);
    outcome.most_load = std::max(outcome.most_load, load);
    outcome.mean_load += load / scenario.seconds;
    if (load > scenario.rule.up_over) outcome.above += 1 / scenario.seconds;
    outcome.most = std::max(outcome.most, wanted);
    outcome.servers = wanted;
  }
  return outcome;
}

}  // namespace finishline::sim
