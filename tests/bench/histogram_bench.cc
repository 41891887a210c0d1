// Time of the client's histogram of durations. Run: build/bench/histogram_bench
//
//   record        one value, spread over 1 us to 1 s as latencies are
//   percentile    one reading of 99 per cent
//   merge         one histogram into another
#include <benchmark/benchmark.h>

#include <cmath>
#include <random>
#include <vector>

#include "client/histogram.h"

namespace finishline::client {
namespace {

/// Evenly spread on a logarithmic scale; the same every time.
std::vector<Nanos> latencies() {
  std::minstd_rand random(1);
  std::uniform_real_distribution<double> exponent(3, 9);
  std::vector<Nanos> all(4096);
  for (Nanos& one : all) one = Nanos(static_cast<std::int64_t>(std::pow(10.0, exponent(random))));
  return all;
}

Histogram filled() {
  Histogram histogram;
  for (const Nanos one : latencies()) histogram.record(one);
  return histogram;
}

void record(benchmark::State& state) {
  const auto values = latencies();
  Histogram histogram;
  std::size_t next = 0;
  for (auto _ : state) histogram.record(values[next++ % values.size()]);
  state.SetItemsProcessed(state.iterations());
}
BENCHMARK(record);

void percentile(benchmark::State& state) {
  const Histogram histogram = filled();
  for (auto _ : state) benchmark::DoNotOptimize(histogram.percentile(99));
}
BENCHMARK(percentile);

void merge(benchmark::State& state) {
  const Histogram one = filled();
  Histogram all;
  for (auto _ : state) all.merge(one);
}
BENCHMARK(merge);

}  // namespace
}  // namespace finishline::client

BENCHMARK_MAIN();
