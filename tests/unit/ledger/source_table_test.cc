#include "lb/ledger/source_table.h"

#include <doctest/doctest.h>

#include <atomic>
#include <barrier>
#include <set>
#include <thread>
#include <vector>

#include "lb/ledger/layout.h"

using namespace finishline;
using namespace finishline::ledger;

namespace {

constexpr Instant at(Nanos t) { return Instant(std::chrono::hours(1) + t); }

Ledger make_ledger(std::uint32_t sources = 64) {
  return std::get<Ledger>(Ledger::create({.max_workers = 4, .max_servers = 2, .max_sources = sources}));
}

/// One worker's view; the worker is known to the ledger.
struct Desk : SourceTable {
  Desk(Ledger& ledger, WorkerId worker) : SourceTable(ledger, worker), books(ledger, worker) {}
  WorkerBooks books;
  std::optional<SourceRow> come(Key key, Nanos t = 0ns) { return enter(key, at(t)); }
};

}  // namespace

TEST_CASE("connections of one source are counted over all workers, and each takes back its own") {
  Ledger ledger = make_ledger();
  Desk a(ledger, 0), b(ledger, 1);
  const auto row = a.come(7);
  REQUIRE(row);
  CHECK(b.come(7) == row);
  CHECK(a.come(7) == row);
  CHECK(b.connections(7) == 3);
  a.leave(*row);
  b.leave(*row);
  CHECK(a.connections(7) == 1);
}

TEST_CASE("counts that are held apart do not count") {
  Ledger ledger = make_ledger();
  Desk a(ledger, 0), b(ledger, 1);
  a.come(7);
  b.come(7);
  CHECK(a.connections(7, 1) == 0);
  a.come(7);
  CHECK(b.connections(7, 1) == 1);
}

TEST_CASE("a key that stands in two rows counts in both, and what is held apart only once") {
  Ledger ledger = make_ledger();
  Desk a(ledger, 0);
  const auto first = a.come(7);
  REQUIRE(first);
  // It was brought to the next row, too, at the same moment.
  REQUIRE(*first < 63);
  ledger.layout().source_key(*first + 1).store(7, std::memory_order_seq_cst);
  ledger.layout().source_count(*first + 1, 0).store(2, std::memory_order_seq_cst);
  CHECK(a.connections(7) == 3);
  CHECK(a.connections(7, 1) == 2);
}

TEST_CASE("clients count by address, IPv6 clients by their /64, and at each listener by itself") {
  Ledger ledger = make_ledger();
  SourceTable table(ledger, 0);
  const auto bytes = [](std::initializer_list<int> of) {
    std::vector<std::byte> all;
    for (const int byte : of) all.push_back(static_cast<std::byte>(byte));
    return all;
  };
  const SourceTable::Key here = table.key_of_listener("here"), there = table.key_of_listener("there");
  CHECK(here != there);
  const auto v4 = bytes({10, 0, 0, 1}), other = bytes({10, 0, 0, 2});
  CHECK(table.key_of_client(v4, here) == table.key_of_client(v4, here));
  CHECK(table.key_of_client(v4, here) != table.key_of_client(other, here));
  CHECK(table.key_of_client(v4, here) != table.key_of_client(v4, there));
  const auto v6 = bytes({0x20, 1, 0xd, 0xb8, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 1});
  auto neighbour = v6, stranger = v6;
  neighbour[15] = std::byte{2};
  stranger[7] = std::byte{2};
  CHECK(table.key_of_client(v6, here) == table.key_of_client(neighbour, here));
  CHECK(table.key_of_client(v6, here) != table.key_of_client(stranger, here));
}

TEST_CASE("a full table turns newcomers away and takes them when somebody has gone") {
  Ledger ledger = make_ledger(8);
  Desk desk(ledger, 0);
  std::vector<SourceRow> rows;
  for (SourceTable::Key key = 1; key <= 8; ++key) rows.push_back(desk.come(key).value());
  CHECK(std::set(rows.begin(), rows.end()).size() == 8);
  CHECK_FALSE(desk.come(9));
  desk.leave(rows[3]);
  CHECK(desk.come(9) == rows[3]);
  CHECK(desk.connections(9) == 1);
  CHECK_FALSE(desk.come(4));
}

TEST_CASE("a row is kept for its source until its buckets are full again") {
  Ledger ledger = make_ledger(8);
  Desk desk(ledger, 0);
  const RateLimit limit = RateLimit::of(100ms, 1);
  std::vector<SourceRow> rows;
  for (SourceTable::Key key = 1; key <= 8; ++key) rows.push_back(desk.come(key).value());
  desk.connection_bucket(rows[0]).take(limit, at(0ms));
  desk.request_bucket(rows[1]).take(limit, at(0ms));
  desk.leave(rows[0]);
  desk.leave(rows[1]);
  CHECK_FALSE(desk.come(9, 99ms));
  CHECK(desk.come(1, 99ms) == rows[0]);
  desk.leave(rows[0]);
  const auto row = desk.come(9, 100ms);
  CHECK(row == rows[0]);
  CHECK(desk.connection_bucket(*row).full(at(0ms)));  // and begins anew
}

TEST_CASE("what a dead worker had counted is taken back, and only that") {
  Ledger ledger = make_ledger();
  Desk a(ledger, 0), b(ledger, 1);
  a.come(7);
  a.come(7);
  b.come(7);
  ledger.reclaim(0, at(1ms));
  CHECK(b.connections(7) == 1);
}

TEST_CASE("a row that a worker died over is free for the next source") {
  Ledger ledger = make_ledger(8);
  Desk a(ledger, 0), b(ledger, 1);
  for (SourceTable::Key key = 1; key <= 8; ++key) REQUIRE(b.come(key));
  // Worker 0 dies between taking a row and giving it a key.
  b.leave(5);
  ledger.layout().source_key(5).store((std::uint64_t{1} << 63) | 0, std::memory_order_seq_cst);
  CHECK_FALSE(b.come(9));
  ledger.reclaim(0, at(1ms));
  CHECK(b.come(9) == 5U);
}

// Two threads stand for two workers. Sources come and go in a table that is much too small for all of them,
// so that rows change hands all the time; whoever is let in must be counted under its own key.
TEST_CASE("no count is lost or given to another source while rows change hands") {
  Ledger ledger = make_ledger(8);
  constexpr int kRounds = 20000;
  constexpr int kLooks = 1000;
  std::atomic<int> given_away = 0, too_few = 0, too_many = 0;
  const auto play = [&](WorkerId worker) {
    Desk desk(ledger, worker);
    for (int round = 0; round < kRounds; ++round) {
      const SourceTable::Key key = 1 + static_cast<SourceTable::Key>(round * (worker + 3)) % 13;
      const auto row = desk.come(key);
      if (!row) continue;
      const SourceTable::Key now_there = ledger.layout().source_key(*row).load(std::memory_order_seq_cst);
      given_away +=
          now_there != key && now_there >> 63 == 0 ? 1 : 0;  // else somebody looks whether it is used
      auto open = desk.connections(key);
      too_few += open < 1 ? 1 : 0;
      // The other one's connection may move on from row to row during the sum, and be found in both: not
      // again and again, as a count would be that was lost.
      for (int look = 0; open > 2 && look < kLooks; ++look) open = desk.connections(key);
      too_many += open > 2 ? 1 : 0;
      desk.leave(*row);
    }
  };
  std::thread other([&] { play(1); });
  play(0);
  other.join();
  CHECK(given_away.load() == 0);
  CHECK(too_few.load() == 0);
  CHECK(too_many.load() == 0);
  for (SourceRow row = 0; row < 8; ++row)
    for (WorkerId worker = 0; worker < 2; ++worker)
      CHECK(ledger.layout().source_count(row, worker).load(std::memory_order_relaxed) == 0);
}

TEST_CASE("of two workers that let the last one in at once, never both do") {
  constexpr int kRounds = 3000;
  Ledger ledger = make_ledger();
  std::barrier together(2);
  std::vector<int> in(2 * kRounds);
  const auto play = [&](WorkerId worker) {
    Desk desk(ledger, worker);
    for (int round = 0; round < kRounds; ++round) {
      together.arrive_and_wait();
      const auto row = desk.come(7);
      const bool passed = row && desk.connections(7) <= 1;
      if (row && !passed) desk.leave(*row);
      in[2 * round + worker] = passed ? 1 : 0;
      together.arrive_and_wait();
      if (passed) desk.leave(*row);
    }
  };
  std::thread other([&] { play(1); });
  play(0);
  other.join();
  for (int round = 0; round < kRounds; ++round) REQUIRE(in[2 * round] + in[2 * round + 1] <= 1);
}
