#include "lb/control/cost_learning.h"

#include <doctest/doctest.h>

#include <variant>

#include "lb/ledger/metrics.h"
#include "lb/net/loop.h"

using namespace finishline;
using namespace finishline::control;

namespace {

constexpr double kMillisecond = 1e6;

/// Two servers of one type, one request type, declared at 1 ms per unit; a worker that serves them.
struct Pair {
  std::vector<CostLearning::LearningPool> pools(double declared = kMillisecond) const {
    return {
        {.row = row, .servers = {first, second}, .declared = {{{0, 1}, {0, 1}}, 1, {declared, declared}}}};
  }
  /// A request of length 1 is sent, takes `busy`, and its reply says `said`; looks meanwhile, as the timer
  /// does.
  void serve(ledger::ServerId server, Nanos busy, Nanos said) {
    const ledger::Reservation booked = books.reserve(server, 1ms, now);
    pass(busy);
    books.settle(booked, said, 0ns, now);
    metrics.add(server, ledger::ServerCell::service_us, said / 1us);
    notes.note(server, 0, static_cast<double>(said.count()) / kMillisecond);
  }
  void pass(Nanos span) {
    for (const Instant end = now + span; now < end;) {
      const Instant look = std::min(end, next_look);
      now = look;
      if (look != next_look) continue;
      learning.step(now);
      next_look += 50ms;
    }
  }
  ledger::LearnedCost cost(ledger::ServerId server) const { return ledger::learned_cost(ledger, server, 0); }

  ledger::Ledger ledger = std::get<ledger::Ledger>(ledger::Ledger::create({2, 8}));
  ledger::ServerId first = *ledger.ensure_server("video-1", 1), second = *ledger.ensure_server("video-2", 1);
  ledger::PoolId row = *ledger::ensure_pool(ledger, "media");
  ledger::WorkerBooks books{ledger, 0};
  ledger::WorkerMetrics metrics{ledger, 0};
  ledger::CostNotes notes{ledger, 0};
  net::Loop loop;
  Instant now{3600s}, next_look = now + 50ms;
  CostLearning learning{loop, ledger, pools()};
};

}  // namespace

TEST_CASE("learning: a cost that is declared wrong is learned within a few hundred replies") {
  Pair it;
  for (int n = 0; n < 300; ++n) {
    it.serve(it.first, 3ms, 3ms);
    it.serve(it.second, 1ms, 1ms);
  }
  it.pass(2s);
  CHECK(it.cost(it.first).ratio() == doctest::Approx(3).epsilon(0.05));
  CHECK(it.cost(it.second).ratio() == doctest::Approx(1).epsilon(0.05));
  CHECK(it.cost(it.first).declared == kMillisecond);
  CHECK(it.cost(it.first).samples == 300);
  CHECK(it.cost(it.first).sd < 0.3);
  CHECK(it.now - it.cost(it.first).updated_at > 1900ms);
  CHECK_FALSE(it.cost(it.first).doubted);
}

TEST_CASE("learning: workers hear of costs when they have moved, and not while they stand") {
  Pair it;
  it.pass(100ms);
  const std::uint32_t before = ledger::cost_revision(it.ledger, it.row);
  it.pass(1s);
  CHECK(ledger::cost_revision(it.ledger, it.row) == before);
  for (int n = 0; n < 100; ++n) it.serve(it.first, 3ms, 3ms);
  it.pass(1s);
  CHECK(ledger::cost_revision(it.ledger, it.row) > before);
}

TEST_CASE("learning: no cost is taken for more than eight times what it should be") {
  Pair it;
  for (int n = 0; n < 300; ++n) {
    it.serve(it.first, 12ms, 12ms);
    it.serve(it.second, 1ms, 1ms);
  }
  it.pass(5s);
  CHECK(it.cost(it.first).ratio() == doctest::Approx(8));
}

TEST_CASE("learning: a server that says it works less than it can be working is not believed") {
  Pair it;
  for (int n = 0; n < 500; ++n) it.serve(it.first, 8ms, 1ms + 600us);
  it.pass(100ms);
  CHECK_FALSE(it.cost(it.first).doubted);  // not yet: nothing is judged before its time
  for (int n = 0; n < 3000; ++n) it.serve(it.first, 8ms, 200us);
  CHECK(it.cost(it.first).doubted);
  CHECK(it.cost(it.first).ratio() == doctest::Approx(1));
  CHECK_FALSE(it.cost(it.second).doubted);
  for (int n = 0; n < 4000; ++n) it.serve(it.first, 8ms, 8ms);  // and is again when it tells the truth
  CHECK_FALSE(it.cost(it.first).doubted);
  CHECK(it.cost(it.first).ratio() > 4);
}

TEST_CASE(
    "learning: another control process goes on with what was learned, also under other declared costs") {
  Pair it;
  for (int n = 0; n < 300; ++n) it.serve(it.first, 3ms, 3ms);
  it.pass(2s);
  CostLearning successor(it.loop, it.ledger, it.pools(1.5 * kMillisecond));
  successor.step(it.now + 50ms);
  CHECK(it.cost(it.first).learned == doctest::Approx(3 * kMillisecond).epsilon(0.05));
  CHECK(it.cost(it.first).ratio() == doctest::Approx(2).epsilon(0.05));
  CHECK(it.cost(it.first).samples == 300);
}
