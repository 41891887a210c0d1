// Pools of several workers that decide at the same moment.
#include <doctest/doctest.h>

#include <atomic>
#include <barrier>
#include <thread>
#include <vector>

#include "tests/support/pool_desk.h"

using namespace finishline;
using namespace finishline::worker;

// Two threads stand for two worker processes: each has its own books on the one ledger, and they meet only
// in its atomics. Both see the same idle servers at the same time and must not choose the same one.
TEST_CASE("two workers that decide at the same moment never book the same idle server") {
  constexpr int kRounds = 3000;
  ledger::Ledger ledger = make_ledger();
  PoolDesk a(ledger, 0), b(ledger, 1);
  std::barrier together(2);
  std::vector<std::optional<Placement>> of_a(kRounds), of_b(kRounds);
  const auto work = [&](PoolDesk& desk, std::vector<std::optional<Placement>>& placed) {
    for (int round = 0; round < kRounds; ++round) {
      const Instant now = at(round * 100ms);
      together.arrive_and_wait();
      placed[round] = desk.pool.place(kVideoJob, now);
      together.arrive_and_wait();
      desk.books.settle(placed[round]->reservation, 5ms, 0ns, now + 5ms);
    }
  };
  std::thread other([&] { work(b, of_b); });
  work(a, of_a);
  other.join();
  for (int round = 0; round < kRounds; ++round) {
    REQUIRE(of_a[round]->member != of_b[round]->member);
    REQUIRE(of_a[round]->member + of_b[round]->member == 1);
  }
  CHECK(ledger.finish_word(0) == ledger::kIdle);
  CHECK(ledger.finish_word(1) == ledger::kIdle);
}

namespace {

/// Two servers of streams that each take three, and how many are open there.
class StreamRace {
 public:
  StreamRace() {
    for (const char* name : {"redis-1", "redis-2"}) {
      const ledger::ServerId id = *ledger.ensure_server(name, 1);
      ledger.set_kind(id, ledger::ServerKind::streams);
      members_.push_back({.id = id, .spec = {id, name, 0, 1.0, 1}, .max_connections = 3});
    }
  }

  /// Opens streams until there is no place, closes them all, and so on.
  void race(ledger::WorkerId worker) {
    ledger::WorkerBooks books(ledger, worker);
    ledger::WorkerMetrics metrics(ledger, worker);
    RequestPool pool({.name = "redis", .policy = "least-connections", .streams = true}, members_, cost(),
                     books, metrics, worker + 1);
    std::vector<Placement> mine;
    for (int i = 0; i < 2000; ++i) {
      const auto placed = pool.place_stream({.load = 1}, at(0ms));
      if (const auto* place = std::get_if<Placement>(&placed)) {
        open(mine.emplace_back(*place));
      } else {
        close_all(mine, books);
      }
    }
    close_all(mine, books);
  }

  ledger::Ledger ledger = make_ledger();
  std::atomic<bool> filled = false, exceeded = false;

 private:
  void open(const Placement& place) {
    const int now_open = ++open_[place.reservation.server];
    if (now_open == 3) filled = true;
    if (now_open > 3) exceeded = true;
  }
  void close_all(std::vector<Placement>& mine, ledger::WorkerBooks& books) {
    for (const Placement& held : std::exchange(mine, {})) {
      --open_[held.reservation.server];
      books.close(held.reservation);
    }
  }

  std::vector<Member> members_;
  std::atomic<int> open_[2] = {0, 0};
};

}  // namespace

TEST_CASE("two workers never open more streams than max_connections, however they race") {
  StreamRace streams;
  {
    std::jthread one([&] { streams.race(0); });
    std::jthread two([&] { streams.race(1); });
  }
  CHECK(streams.filled);
  CHECK_FALSE(streams.exceeded);
  CHECK(streams.ledger.books(0).in_flight + streams.ledger.books(1).in_flight == 0);
  CHECK(streams.ledger.books(0).owed + streams.ledger.books(1).owed == 0ns);
}
