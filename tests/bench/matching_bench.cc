// Time of one decision of late binding, Matching::choose, by pool size, and of one request's way through the
// queue. Run: build/bench/matching_bench
//
//   in_order/<servers>   three types, two workers, 300 requests wait at each: the head of a cheap lane
//   steal/<servers>      nothing waits that the server is cheapest for: the test of step 4 for each lane
//   queue                push and pop at 300 waiting
#include <benchmark/benchmark.h>

#include <vector>

#include "lb/sched/matching.h"

namespace finishline::sched {
namespace {

constexpr double kUnit = 1e6;
constexpr std::uint8_t kTypes = 3;

/// Video servers and music servers of the seed matrix, two to one.
PoolCosts costs_of(std::size_t servers) {
  PoolCosts costs{.servers = {}, .types = kTypes, .nanos_per_unit = {}};
  const auto group = [](std::size_t server) { return static_cast<ServerGroup>(server % 3 == 2); };
  for (std::size_t i = 0; i < servers; ++i) costs.servers.push_back({group(i), 1});
  const double factors[kTypes][2] = {{1, 3}, {1, 2}, {2, 1}};
  for (const auto& by_group : factors) {
    for (std::size_t i = 0; i < servers; ++i) costs.nanos_per_unit.push_back(kUnit * by_group[group(i)]);
  }
  return costs;
}

struct Stage {
  Stage(std::size_t servers, std::uint8_t first, std::uint8_t types) : matching({}, costs_of(servers)) {
    PoolPlan plan{.load = 0.9};
    plan.price[0] = 0.6, plan.price[1] = 0.4;
    matching.follow(plan);
    for (std::size_t i = 0; i < servers; ++i) finish.push_back(random.below(20'000'000));
    for (std::uint16_t worker = 0; worker < 2; ++worker) {
      queues.emplace_back(kTypes, worker);
      for (std::uint32_t i = 0; i < 300; ++i) {
        const auto type = static_cast<std::uint8_t>(first + random.below(types));
        const std::uint32_t length = 1 + random.below(9);
        queues.back().push(i, {matching.key_of(Instant{Nanos{random.below(1'000'000)}}, type, length), kNoKey,
                               length, type});
      }
      lanes.insert(lanes.end(), queues.back().lanes().begin(), queues.back().lanes().end());
    }
  }
  Ask ask(std::size_t server) const {
    return {.server = server,
            .now = {},
            .start = Instant{Nanos{finish[server]}},
            .finish = finish,
            .lanes = lanes,
            .own = &queues[0]};
  }

  Random random{1};
  Matching matching;
  std::vector<std::int64_t> finish;
  std::vector<WaitingQueue> queues;
  std::vector<WaitLane> lanes;
};

void decide(benchmark::State& state, Stage stage, std::size_t server) {
  const Ask ask = stage.ask(server);
  for (auto _ : state) benchmark::DoNotOptimize(stage.matching.choose(ask, stage.random));
}

void in_order(benchmark::State& state) {
  decide(state, Stage(static_cast<std::size_t>(state.range(0)), 0, 3), 0);
}

void steal(benchmark::State& state) {
  decide(state, Stage(static_cast<std::size_t>(state.range(0)), 0, 2), 2);
}

void queue(benchmark::State& state) {
  Stage stage(3, 0, 3);
  WaitingQueue& queue = stage.queues[0];
  for (auto _ : state) {
    const auto type = static_cast<std::uint8_t>(stage.random.below(3));
    if (queue.empty(type)) continue;
    const std::uint32_t head = queue.head(type);
    Waiter waiter = queue.waiter(head);
    queue.remove(head);
    waiter.key += stage.random.below(1'000'000);
    queue.push(head, waiter);
  }
}

BENCHMARK(in_order)->Arg(3)->Arg(64)->Arg(1024);
BENCHMARK(steal)->Arg(3)->Arg(64)->Arg(1024);
BENCHMARK(queue);

}  // namespace
}  // namespace finishline::sched

BENCHMARK_MAIN();
