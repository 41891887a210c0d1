// Time of the worker's table of requests in flight, with N of them open. One item is one request from add
// to remove. Run: build/bench/pending_bench
//
//   in_order/N      replies come in the order of the requests, as from one server
//   shuffled/N      replies come in any order, as from many
//   deadline/N      in order, each request on the deadline wheel until its reply
//   expire/N        no reply comes: each leaves by its deadline
#include <benchmark/benchmark.h>

#include <cstddef>
#include <random>
#include <vector>

#include "lb/worker/pending.h"

namespace finishline::worker {
namespace {

constexpr Instant kStart{3600s};
constexpr Nanos kTimeout = 500ms;

/// A table with `size` requests open, and their tokens, oldest first.
struct OpenTable {
  explicit OpenTable(std::size_t size) {
    for (std::size_t i = 0; i < size; ++i) tokens.push_back(table.add(queue).token());
  }
  Token replace(Token token) {
    table.remove(*table.find(token), queue);
    return table.add(queue).token();
  }

  PendingTable table;
  PendingQueue queue;
  std::vector<Token> tokens;
};

std::size_t size_of(const benchmark::State& state) { return static_cast<std::size_t>(state.range(0)); }

void in_order(benchmark::State& state) {
  OpenTable open(size_of(state));
  std::size_t oldest = 0;
  for (auto _ : state) {
    open.tokens[oldest] = open.replace(open.tokens[oldest]);
    if (++oldest == open.tokens.size()) oldest = 0;
  }
  state.SetItemsProcessed(state.iterations());
}
BENCHMARK(in_order)->Arg(16)->Arg(256)->Arg(4096)->Arg(65536);

void shuffled(benchmark::State& state) {
  OpenTable open(size_of(state));
  std::minstd_rand random(1);
  for (auto _ : state) {
    Token& token = open.tokens[random() % open.tokens.size()];
    token = open.replace(token);
  }
  state.SetItemsProcessed(state.iterations());
}
BENCHMARK(shuffled)->Arg(16)->Arg(256)->Arg(4096)->Arg(65536);

void deadline(benchmark::State& state) {
  OpenTable open(size_of(state));
  std::size_t oldest = 0;
  Instant now = kStart;
  for (auto _ : state) {
    Token& token = open.tokens[oldest];
    token = open.replace(token);
    Pending& pending = *open.table.find(token);
    pending.deadline = now + kTimeout;
    open.table.watch_deadline(pending);
    benchmark::DoNotOptimize(open.table.expired(now));
    if (++oldest == open.tokens.size()) oldest = 0;
    now += 1us;
  }
  state.SetItemsProcessed(state.iterations());
}
BENCHMARK(deadline)->Arg(16)->Arg(256)->Arg(4096)->Arg(65536);

void expire(benchmark::State& state) {
  PendingTable table;
  PendingQueue queue;
  Instant now = kStart;
  std::int64_t expired = 0;
  for (auto _ : state) {
    for (std::size_t i = 0; i < size_of(state); ++i) {
      Pending& pending = table.add(queue);
      pending.deadline = now + i * 1us;
      table.watch_deadline(pending);
    }
    now += kTimeout;
    while (Pending* late = table.expired(now)) {
      table.remove(*late, queue);
      ++expired;
    }
  }
  state.SetItemsProcessed(expired);
}
BENCHMARK(expire)->Arg(16)->Arg(256)->Arg(4096);

}  // namespace
}  // namespace finishline::worker

BENCHMARK_MAIN();
