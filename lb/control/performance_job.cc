#include "lb/control/performance_job.h"

#include <time.h>

#include <algorithm>

namespace finishline::control {
namespace {

/// Of this thread.
Nanos cpu_time() {
  timespec spent{};
  ::clock_gettime(CLOCK_THREAD_CPUTIME_ID, &spent);
  return std::chrono::seconds(spent.tv_sec) + Nanos(spent.tv_nsec);
}

std::size_t played_by_shadows(std::size_t servers) {
  return std::clamp(PerformanceJob::kMostLooks / std::max<std::size_t>(servers, 1),
                    PerformanceJob::kLeastPlayed, PerformanceJob::kMostPlayed);
}

/// nullptr where nothing was served.
std::shared_ptr<const ShadowRound> begin_round(const sim::ServedWork& work) {
  auto round = std::make_shared<ShadowRound>();
  round->replay = sim::replay_of(sim::latest(work, played_by_shadows(work.servers.size())));
  if (round->replay.empty()) return nullptr;
  round->bound = sim::lower_bound_of(round->replay.scenario, round->replay.scenario.trace);
  round->until = round->replay.begin + round->replay.makespan;
  return round;
}

}  // namespace

void PerformanceJob::work() {
  const Nanos before = cpu_time();
  if (task_.measures) outcome_.performance = sim::performance_of(task_.work);
  outcome_.measuring_cost = cpu_time() - before;
  outcome_.round = task_.round ? task_.round : begin_round(task_.work);
  if (outcome_.round)
    outcome_.shadow =
        sim::shadow_of(outcome_.round->replay, outcome_.round->bound, task_.shadow, task_.params);
  outcome_.cost = cpu_time() - before;
}

}  // namespace finishline::control
