#include "lb/ledger/scaled_server.h"

#include <doctest/doctest.h>

#include "lb/ledger/row_lease.h"

using namespace finishline;
using namespace finishline::ledger;

namespace {

constexpr Instant kNow{std::chrono::hours(1)};

struct Place {
  Place() { reserve_scaled(ledger, row, true); }
  Ledger ledger = std::get<Ledger>(Ledger::create({2, 1}));
  ServerId row = *allocate_row(ledger, "media-video-1");
};

}  // namespace

TEST_CASE("the place of a scaled server is absent and nobody else's") {
  Place place;
  CHECK(place.ledger.state(place.row) == ServerState::absent);
  CHECK(!is_free(place.ledger, place.row));
  CHECK(!place.ledger.ensure_server("new", 1));
  reserve_scaled(place.ledger, place.row, false);
  CHECK(place.ledger.ensure_server("new", 1) == place.row);
}

TEST_CASE("a process is told by its port, and its server appears when it answers") {
  Place place;
  want_scaled(place.ledger, place.row, ScaledWish::wanted);
  scaled_started(place.ledger, place.row, 9001, 42, kNow);
  const ScaledServer it = scaled_server(place.ledger, place.row);
  CHECK(it.port == 9001);
  CHECK(it.pid == 42);
  CHECK(it.since == kNow);
  CHECK(it.runs());
  CHECK(it.counts());
  CHECK(it.starts == 1);
  CHECK(place.ledger.state(place.row) == ServerState::absent);
  place.ledger.appear(place.row);
  CHECK(place.ledger.state(place.row) == ServerState::up);
}

TEST_CASE("when the process has ended its server is absent again, and how it ended is counted") {
  Place place;
  scaled_started(place.ledger, place.row, 9001, 42, kNow);
  place.ledger.appear(place.row);
  scaled_ended(place.ledger, place.row, false, ScaledLife::backing_off, kNow + 1s);
  CHECK(place.ledger.state(place.row) == ServerState::absent);
  CHECK(scaled_port(place.ledger, place.row) == 0);
  CHECK(scaled_server(place.ledger, place.row).deaths == 1);
  scaled_started(place.ledger, place.row, 9002, 43, kNow + 2s);
  scaled_ending(place.ledger, place.row, kNow + 3s);
  CHECK(!scaled_server(place.ledger, place.row).runs());
  scaled_ended(place.ledger, place.row, true, ScaledLife::none, kNow + 4s);
  const ScaledServer it = scaled_server(place.ledger, place.row);
  CHECK(it.ends == 1);
  CHECK(it.deaths == 1);
  CHECK(it.starts == 2);
  CHECK(it.give_ups == 0);
}

TEST_CASE("one that was given up is not counted on, wanted or not") {
  Place place;
  want_scaled(place.ledger, place.row, ScaledWish::wanted);
  scaled_started(place.ledger, place.row, 9001, 42, kNow);
  scaled_ended(place.ledger, place.row, false, ScaledLife::given_up, kNow);
  CHECK(!scaled_server(place.ledger, place.row).counts());
  CHECK(scaled_server(place.ledger, place.row).give_ups == 1);
}

TEST_CASE("the next server of a row has nothing of a scaled one before it") {
  Place place;
  want_scaled(place.ledger, place.row, ScaledWish::wanted);
  scaled_started(place.ledger, place.row, 9001, 42, kNow);
  scaled_ended(place.ledger, place.row, true, ScaledLife::none, kNow);
  reserve_scaled(place.ledger, place.row, false);
  REQUIRE(place.ledger.ensure_server("new", 1) == place.row);
  const ScaledServer it = scaled_server(place.ledger, place.row);
  CHECK(!it.reserved);
  CHECK(it.wish == ScaledWish::none);
  CHECK(it.starts == 0);
}
