// Time of one decision, Policy::pick, per policy and pool size; the ledger's view and reserve are measured in
// ledger_bench. Run: build/bench/policy_bench [--benchmark_filter=makespan]
//
//   <policy>/<servers>   a pool of three server types with busy servers, one idle now and then, hardly a tie
//   <policy>-tie/...     all servers idle and alike: every comparison ends in chance
#include <benchmark/benchmark.h>

#include <string>

#include "lb/sched/policies.h"
#include "tests/support/pool_columns.h"

namespace finishline::sched {
namespace {

constexpr std::int64_t kMillisecond = 1000000;

test::PoolColumns busy_pool(std::size_t size) {
  Random random(size);
  test::PoolColumns pool{std::vector<std::int64_t>(size), std::vector<double>(size)};
  for (std::size_t i = 0; i < size; ++i) {
    pool.finish[i] = random.below(100 * kMillisecond);
    pool.nanos_per_unit[i] = static_cast<double>(kMillisecond * (1 + i % 3));
    pool.in_flight[i] = random.below(1000);
    pool.response_time[i] = 1 + random.below(100 * kMillisecond);
  }
  return pool;
}

test::PoolColumns idle_pool(std::size_t size) {
  return {std::vector<std::int64_t>(size, 0), std::vector<double>(size, kMillisecond)};
}

void decide(benchmark::State& state, const PolicyRow& row, test::PoolColumns (*make_pool)(std::size_t)) {
  const auto pool = make_pool(static_cast<std::size_t>(state.range(0)));
  const auto policy = row.make({});
  Random random(1);
  PoolView view = pool.view();
  Job job;
  for (auto _ : state) {
    job.length = job.length % 9 + 1;
    benchmark::DoNotOptimize(view);
    const auto server = policy->pick(view, job, random);
    policy->picked(*server);
    benchmark::DoNotOptimize(server);
  }
}

void register_all() {
  for (const PolicyRow& row : policies()) {
    for (const std::int64_t size : {3, 16, 64, 256, 1024, 4096}) {
      const std::string name(row.name);
      benchmark::RegisterBenchmark(name.c_str(), decide, row, busy_pool)->Arg(size);
      benchmark::RegisterBenchmark((name + "-tie").c_str(), decide, row, idle_pool)->Arg(size);
    }
  }
}

}  // namespace
}  // namespace finishline::sched

int main(int argc, char** argv) {
  finishline::sched::register_all();
  benchmark::Initialize(&argc, argv);
  benchmark::RunSpecifiedBenchmarks();
}
