#include "lb/sim/performance.h"

#include <algorithm>

#include "lb/model/lower_bound.h"
#include "lb/sim/idle_time.h"

namespace finishline::sim {
namespace {

std::optional<double> ratio_of(Nanos makespan, Nanos bound) {
  if (bound <= 0ns) return std::nullopt;
  return to_seconds(makespan) / to_seconds(bound);
}

model::LowerBound bound_for(const Scenario& scenario) {
  std::vector<ServerSpec> servers = scenario.servers;
  for (std::size_t i = 0; i < servers.size(); ++i) servers[i].speed /= scenario.slowness_of(i);
  return model::LowerBound(scenario.cost, servers);
}

/// Goes through the requests in order and sums up busy periods.
class BusyPeriods {
 public:
  explicit BusyPeriods(const Replay& replay) : replay_(replay), none_(bound_for(replay.scenario)) {
    for (std::size_t i = 0; i < replay.done.size(); ++i) add(i);
    end();
  }

  std::uint64_t count() const { return count_; }
  Nanos makespans() const { return makespans_; }
  Nanos bounds() const { return bounds_; }

 private:
  void add(std::size_t i) {
    const SimRequest& request = replay_.scenario.trace[i];
    if (!bound_ || request.at > end_) begin_at(request.at);
    bound_->add(request.at - begin_, request.type, request.length * request.stretch);
    end_ = std::max(end_, replay_.done[i]);
  }
  void begin_at(Nanos at) {
    end();
    bound_ = none_;
    begin_ = end_ = at;
    ++count_;
  }
  void end() {
    if (!bound_) return;
    makespans_ += end_ - begin_;
    bounds_ += bound_->value() + replay_.travel;
  }

  const Replay& replay_;
  const model::LowerBound none_;
  std::optional<model::LowerBound> bound_;  // of this period
  Nanos begin_{}, end_{};
  std::uint64_t count_ = 0;
  Nanos makespans_{}, bounds_{};
};

}  // namespace

Performance performance_of(const ServedWork& work) {
  const Replay replay = replay_of(work);
  if (replay.empty()) return {};
  const BusyPeriods busy(replay);
  Performance it;
  it.bound = lower_bound_of(replay.scenario, replay.scenario.trace);
  it.makespan = replay.makespan;
  it.busy_time = busy.makespans();
  it.busy_periods = busy.count();
  it.busy = ratio_of(busy.makespans(), busy.bounds());
  it.window = ratio_of(it.makespan, it.bound);
  it.idle_share = idle_share(work, busy.makespans());
  return it;
}

}  // namespace finishline::sim
