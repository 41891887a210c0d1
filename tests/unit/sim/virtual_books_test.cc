#include "lb/sim/virtual_books.h"

#include <doctest/doctest.h>

#include "tests/unit/sim/scenarios.h"

namespace finishline::sim {
namespace {

constexpr Instant kNow{5s};
std::int64_t after(Nanos span) { return (kNow + span).time_since_epoch().count(); }

struct Books {
  CostModel cost = CostModel::seed(1ms);
  VirtualBooks books{cost, test::seed_servers(cost)};
  RequestType video = *cost.request_type_of('V'), music = *cost.request_type_of('M');
};

TEST_CASE("virtual books show idle servers as finished now, at the cost of the asked type") {
  Books b;
  const auto view = b.books.view(b.music, kNow);
  REQUIRE(view.size() == 3);
  CHECK(view.finish[2] == after(0ms));
  CHECK(view.nanos_per_unit[0] == 2e6);
  CHECK(view.nanos_per_unit[2] == 1e6);
}

TEST_CASE("virtual books put bookings one behind the other") {
  Books b;
  b.books.reserve(1, 4ms, kNow);
  b.books.reserve(1, 3ms, kNow + 1ms);
  const auto view = b.books.view(b.video, kNow + 1ms);
  CHECK(view.finish[1] == after(7ms));
  CHECK(view.in_flight[1] == 2);
  CHECK(view.backlog[1] == Nanos(7ms).count());
  CHECK(view.finish[0] == after(1ms));
}

TEST_CASE("virtual books are idle again when the last reply is there") {
  Books b;
  b.books.reserve(0, 4ms, kNow);
  b.books.settle(0, {.booked = 4ms, .actual = 4ms, .response = 4ms}, kNow + 4ms);
  const auto view = b.books.view(b.video, kNow + 9ms);
  CHECK(view.finish[0] == after(9ms));
  CHECK(view.in_flight[0] == 0);
}

TEST_CASE("virtual books book half the service where a server has two slots") {
  CostModel cost = CostModel::seed(1ms);
  auto servers = test::seed_servers(cost);
  servers[0].slots = 2;
  VirtualBooks books(cost, servers);
  books.reserve(0, 4ms, kNow);
  books.reserve(0, 4ms, kNow);
  CHECK(books.view(0, kNow).finish[0] == after(4ms));
}

}  // namespace
}  // namespace finishline::sim
