// Whose turn it is when servers take more.
#include <doctest/doctest.h>

#include <algorithm>
#include <memory>
#include <string>
#include <variant>
#include <vector>

#include "lb/ledger/ledger.h"
#include "lb/worker/session_table.h"

namespace finishline::worker {
namespace {

/// Servers that take so many pieces, and whose they were.
struct Room {
  std::size_t left = 0;
  std::string taken;
};

/// A client that always has another piece of so many bytes, and pauses with it.
class Waiter final : public Session {
 public:
  Waiter(SessionTable& table, Room& room, char name, std::size_t bytes)
      : table_(table), room_(room), name_(name), bytes_(bytes) {}
  void pause() { table_.take_turn(*this, bytes_); }
  bool may_resume() const override { return room_.left > 0; }
  void resume() override {
    --room_.left;
    room_.taken += name_;
    pause();
  }
  void drain() override {}
  void check_time(Instant) override {}

 private:
  void begin() override { pause(); }

  SessionTable& table_;
  Room& room_;
  char name_;
  std::size_t bytes_;
};

struct Desk {
  ledger::Ledger ledger = std::get<ledger::Ledger>(ledger::Ledger::create({1, 1}));
  ledger::WorkerMetrics metrics{ledger, 0};
  SessionTable table{metrics};
  Room room;

  void add(char name, std::size_t bytes) { table.add(std::make_unique<Waiter>(table, room, name, bytes)); }
  /// Who goes on when there is room for one piece, so many times.
  std::string turns(int times) {
    room.taken.clear();
    for (; times > 0; --times) room.left = 1, table.resume_all();
    return room.taken;
  }
};

TEST_CASE("who wants little goes on before those who have waited with much") {
  Desk desk;
  for (const char name : {'a', 'b', 'c', 'd'}) desk.add(name, 65536);
  desk.add('s', 40);
  CHECK(desk.turns(1) == "s");
}

TEST_CASE("clients that want the same have the same number of turns") {
  Desk desk;
  for (char name = 'a'; name <= 'j'; ++name) desk.add(name, 65536);
  const std::string taken = desk.turns(1000);
  for (char name = 'a'; name <= 'j'; ++name) CHECK(std::ranges::count(taken, name) == 100);
}

TEST_CASE("turns go by bytes: who wants little often does not keep those away who want much") {
  Desk desk;
  desk.add('m', 61440);  // 64 KiB with what every turn counts for
  desk.add('s', 0);      // 4 KiB
  const std::string taken = desk.turns(1700);
  CHECK(std::ranges::count(taken, 'm') == doctest::Approx(100).epsilon(0.05));
}

TEST_CASE("who comes later begins where the others are") {
  Desk desk;
  desk.add('a', 1000);
  desk.turns(1000);
  desk.add('b', 1000);
  const std::string taken = desk.turns(100);
  CHECK(std::ranges::count(taken, 'a') == doctest::Approx(50).epsilon(0.05));
}

TEST_CASE("all who may go on do, however many they are") {
  Desk desk;
  for (int i = 0; i < 500; ++i) desk.add('x', 100);
  desk.room.left = 500;
  desk.table.resume_all();
  CHECK(desk.room.taken.size() == 500);
}

}  // namespace
}  // namespace finishline::worker
