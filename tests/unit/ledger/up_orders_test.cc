#include "lb/ledger/up_orders.h"

#include <doctest/doctest.h>

#include "lb/ledger/layout.h"

using namespace finishline;
using namespace finishline::ledger;

namespace {

constexpr Instant kNow{std::chrono::hours(1)};

Ledger small_ledger() { return std::get<Ledger>(Ledger::create({2, 1})); }

}  // namespace

TEST_CASE("an order is remembered from before it is given until its server has come") {
  Ledger ledger = small_ledger();
  CHECK(up_orders(ledger).empty());
  REQUIRE(note_up_order(ledger, 7, kNow));
  CHECK(up_orders(ledger) == std::vector<UpOrder>{{.what = 7, .since = kNow, .told = false}});
  tell_up_order(ledger, 7, kNow);
  CHECK(up_orders(ledger).front().told);
  forget_up_order(ledger, 7, kNow);
  CHECK(up_orders(ledger).empty());
}

TEST_CASE("orders stand in the order in which they were given, and each is told and forgotten alone") {
  Ledger ledger = small_ledger();
  REQUIRE(note_up_order(ledger, 7, kNow + 2s));
  REQUIRE(note_up_order(ledger, 7, kNow + 1s));
  REQUIRE(note_up_order(ledger, 8, kNow + 3s));
  tell_up_order(ledger, 7, kNow + 1s);
  forget_up_order(ledger, 7, kNow + 2s);
  forget_up_order(ledger, 9, kNow + 3s);
  CHECK(up_orders(ledger) == std::vector<UpOrder>{{7, kNow + 1s, true}, {8, kNow + 3s, false}});
}

TEST_CASE("no more orders are remembered than there is room for, and a place is used again as new") {
  Ledger ledger = small_ledger();
  for (std::size_t i = 0; i < kUpOrders; ++i) REQUIRE(note_up_order(ledger, i + 1, kNow));
  CHECK(!note_up_order(ledger, 1000, kNow));
  tell_up_order(ledger, 5, kNow);
  forget_up_order(ledger, 5, kNow);
  REQUIRE(note_up_order(ledger, 1000, kNow + 1s));
  CHECK(up_orders(ledger).back() == UpOrder{.what = 1000, .since = kNow + 1s, .told = false});
}
