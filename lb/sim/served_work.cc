#include "lb/sim/served_work.h"

#include <algorithm>
#include <utility>

namespace finishline::sim {
namespace {

/// The share of its work that was not done at `from`.
double share_after(const Sample& sample, Instant from) {
  const Instant begun = sample.done - sample.service;
  if (begun >= from || sample.service <= 0ns) return 1;
  return to_seconds(sample.done - from) / to_seconds(sample.service);
}

SimRequest request_of(const Sample& sample, const ServedWork& work, const Traits& traits, Instant begin) {
  const double expected = to_seconds(expected_service(sample, work.cost, work.servers[sample.server])) *
                          traits.slowness[sample.server];
  const double stretch = expected > 0 ? to_seconds(sample.service) / expected : 1;
  return {{std::max(sample.received_at, work.from) - begin, sample.type, sample.length},
          stretch * share_after(sample, work.from)};
}

void drop_what_was_done_before(ServedWork& work) {
  std::erase_if(work.samples, [&](const Sample& sample) { return sample.done <= work.from; });
}

Nanos shortest_travel(const ServedWork& work) {
  Nanos least = Nanos::max();
  for (const Sample& sample : work.samples) least = std::min(least, spent_otherwise(sample, work.from));
  return std::max(least, Nanos(0));
}

}  // namespace

Nanos spent_otherwise(const Sample& sample, Instant from) {
  return sample.done - std::max(sample.received_at, from) - std::min(sample.service, sample.done - from);
}

Replay replay_of(const ServedWork& served) {
  ServedWork work = served;
  drop_what_was_done_before(work);
  Replay replay{.scenario = {.cost = work.cost, .servers = work.servers, .traffic = {}, .trace = {}}};
  if (work.samples.empty()) return replay;
  std::ranges::stable_sort(work.samples, {}, &Sample::received_at);
  const Traits traits = traits_of(work.samples, work.cost, work.servers);
  replay.scenario.weights = work.weights;
  replay.scenario.slowness = traits.slowness;
  replay.begin = std::max(work.samples.front().received_at, work.from);
  replay.travel = shortest_travel(work);
  replay.scenario.round_trip = replay.travel;
  for (const Sample& sample : work.samples) {
    replay.scenario.trace.push_back(request_of(sample, work, traits, replay.begin));
    replay.done.push_back(sample.done - replay.begin);
    replay.makespan = std::max(replay.makespan, replay.done.back());
  }
  return replay;
}

ServedWork latest(ServedWork work, std::size_t most) {
  drop_what_was_done_before(work);
  if (work.samples.size() <= most) return work;
  std::ranges::stable_sort(work.samples, {}, &Sample::received_at);
  work.from = std::max(work.from, work.samples[work.samples.size() - most].received_at);
  drop_what_was_done_before(work);
  return work;
}

}  // namespace finishline::sim
