#include "lb/ledger/latencies.h"

#include <doctest/doctest.h>
#include <sys/mman.h>

#include <algorithm>
#include <vector>

#include "lb/ledger/layout.h"
#include "lb/ledger/row_lease.h"

using namespace finishline;
using namespace finishline::ledger;

namespace {

constexpr LatencySeries kRequests{Latency::request, 3, 1};

Ledger make_ledger(const Sizes& sizes = {4, 8}) { return std::get<Ledger>(Ledger::create(sizes)); }

std::uint64_t count(const Ledger& ledger, const LatencySeries& series) {
  return LatencyReader(ledger).of(series).count();
}

/// Shared memory that the ledger takes.
std::size_t resident_pages(const Ledger& ledger) {
  const auto bytes = ledger.layout().bytes;
  std::vector<unsigned char> pages((bytes + kPage - 1) / kPage);
  REQUIRE(::mincore(const_cast<Layout*>(&ledger.layout()), bytes, pages.data()) == 0);
  return static_cast<std::size_t>(std::ranges::count_if(pages, [](unsigned char page) { return page & 1; }));
}

}  // namespace

TEST_CASE("a histogram is what all workers have seen") {
  Ledger ledger = make_ledger();
  LatencyWriter one(ledger, 0), other(ledger, 3);
  one.answered(3, 1, {.request = 3ms, .waiting = 1ms, .first_answer = 2ms, .service = 1500us});
  other.answered(3, 1, {.request = 5ms, .waiting = 0ms, .first_answer = 5ms});
  other.answered(3, 2, {.request = 1s, .waiting = 0ms, .first_answer = 1s});
  const LatencyReader reader(ledger);
  const LatencyHistogram requests = reader.of(kRequests);
  CHECK(requests.count() == 2);
  CHECK(to_seconds(requests.sum()) == doctest::Approx(0.008).epsilon(0.016));
  CHECK(to_seconds(*requests.quantile(1)) == doctest::Approx(0.005).epsilon(0.016));
  CHECK(*reader.of({Latency::waiting, 3, 1}).quantile(0) == 0ns);
  CHECK(reader.of({Latency::first_answer, 3, 1}).count() == 2);
  CHECK(reader.of({Latency::service, 3, 1}).count() == 1);  // the other server did not say
  CHECK(reader.of({Latency::request, 3, 2}).count() == 1);
  CHECK(reader.of({Latency::request, 2, 1}).count() == 0);
}

TEST_CASE("servers, streams and what the proxy answers itself have theirs") {
  Ledger ledger = make_ledger();
  LatencyWriter writer(ledger, 0);
  writer.responded(7, 2ms);
  writer.timed_out(3, 1, 4ms);
  writer.stream(Latency::stream, 5, 3600s);
  writer.stream(Latency::stream_connect, 5, 1ms);
  CHECK(count(ledger, {Latency::response, 7}) == 1);
  CHECK(count(ledger, kRequests) == 1);
  CHECK(count(ledger, {Latency::waiting, 3, 1}) == 0);
  CHECK(count(ledger, {Latency::stream, 5}) == 1);
  CHECK(*LatencyReader(ledger).of({Latency::stream_connect, 5}).quantile(0.5) < 2ms);
}

TEST_CASE("the successor of a dead worker goes on counting, in the same blocks") {
  Ledger ledger = make_ledger();
  for (int life = 0; life < 3; ++life) {
    LatencyWriter worker(ledger, 2);
    for (int i = 0; i < 100; ++i) worker.timed_out(3, 1, 4ms);
  }
  CHECK(count(ledger, kRequests) == 300);
  CHECK(ledger.layout().latency_blocks_taken.load(std::memory_order_relaxed) == 4);
}

TEST_CASE("two writers of one worker count together") {
  Ledger ledger = make_ledger();
  LatencyWriter one(ledger, 1), other(ledger, 1);
  one.timed_out(0, 0, 1ms);
  other.timed_out(3, 1, 1ms);
  one.timed_out(3, 1, 1ms);
  CHECK(count(ledger, kRequests) == 2);
  CHECK(ledger.layout().latency_blocks_taken.load(std::memory_order_relaxed) == 8);
}

TEST_CASE("who dies between taking a block and signing it costs others nothing") {
  Ledger ledger = make_ledger();
  ledger.layout().latency_blocks_taken.fetch_add(1);
  LatencyWriter writer(ledger, 0);
  writer.timed_out(3, 1, 1ms);
  CHECK(count(ledger, kRequests) == 1);
}

TEST_CASE("where there is no block left, a series is dropped once, and counted") {
  Ledger ledger = make_ledger({1, 1});
  const std::uint32_t blocks = model::latency_blocks(1, 1);
  LatencyWriter writer(ledger, 0);
  const PoolId pools = blocks / 4;  // and one block is left
  for (int round = 0; round < 2; ++round)
    for (PoolId pool = 0; pool < pools + 2; ++pool) writer.answered(pool, 0, {.request = 1ms});
  CHECK(latency_series_dropped(ledger) == 7);
  CHECK(count(ledger, {Latency::first_answer, pools - 1}) == 2);
  CHECK(count(ledger, {Latency::request, pools}) == 2);
  CHECK(count(ledger, {Latency::waiting, pools}) == 0);
  CHECK(count(ledger, {Latency::request, pools + 1}) == 0);
}

TEST_CASE("the next server of a row, and the next pool, begin with nothing of the last one's") {
  Ledger ledger = make_ledger({2, 1});
  const ServerId row = *ledger.ensure_server("old", 1);
  const PoolId pool = *ensure_pool(ledger, "old");
  LatencyWriter writer(ledger, 1);
  writer.responded(row, 1ms);
  writer.timed_out(pool, 1, 1ms);
  ledger.set_state(row, ServerState::absent);
  REQUIRE(ledger.ensure_server("new", 1) == row);
  CHECK(count(ledger, {Latency::response, row}) == 0);
  CHECK(count(ledger, {Latency::request, pool, 1}) == 1);
  forget_pool_latencies(ledger, pool);
  CHECK(count(ledger, {Latency::request, pool, 1}) == 0);
  writer.timed_out(pool, 1, 1ms);
  CHECK(count(ledger, {Latency::request, pool, 1}) == 1);
}

TEST_CASE("memory is taken for what happens: not for rows, and not by reading") {
  Ledger ledger = make_ledger({16, 1024});
  const std::size_t before = resident_pages(ledger);
  for (WorkerId worker = 0; worker < 16; ++worker) {
    LatencyWriter writer(ledger, worker);
    for (ServerId server = 0; server < 64; ++server)
      for (int i = 0; i < 20; ++i) writer.responded(server, i * 1ms);
  }
  const LatencyReader reader(ledger);
  for (ServerId server = 0; server < 1024; ++server) reader.of({Latency::response, server});
  const std::size_t blocks = 16 * 64;
  CHECK((resident_pages(ledger) - before) * kPage <= blocks * model::kLatencyBlockBytes + 4 * kPage);
}
