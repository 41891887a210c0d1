#include "lb/control/alive_page.h"

#include <doctest/doctest.h>

#include "lb/ledger/worker_status.h"

using namespace finishline;
using namespace finishline::control;

namespace {

/// A worker that lives, a listener that leads to `media`, and a pool that none leads to.
struct Door {
  Door() {
    worker_starting(ledger, 0, now);
    worker_forked(ledger, 0, 4242);
    beat(ledger, 0, now);
    enter(ledger, 0, ledger::WorkerState::running);
    inventory.listeners = {
        {.name = "door", .mode = "frame", .pool = "media", .bind = "", .pools = {"media"}}};
    inventory.pools = {{.name = "media"}, {.name = "spare"}};
    overview.tick = 1;
  }
  void add(const ServerSnapshot& server, const std::string& pool = "media") {
    overview.servers.push_back({.snapshot = &server, .pool = pool});
  }
  http::HttpReply ask() const { return readiness_page(ledger, overview, inventory, now); }

  ledger::Ledger ledger = std::get<ledger::Ledger>(ledger::Ledger::create({1, 4}));
  Instant now = ledger.created_at() + std::chrono::seconds(1);
  Inventory inventory;
  Overview overview;
};

ServerSnapshot in_state(ledger::ServerState state, bool untried = false) {
  ServerSnapshot server;
  server.state = state;
  server.untried = untried;
  return server;
}

const ServerSnapshot kUp = in_state(ledger::ServerState::up);
const ServerSnapshot kDown = in_state(ledger::ServerState::down);
const ServerSnapshot kUntried = in_state(ledger::ServerState::up, true);

}  // namespace

TEST_CASE("a proxy is ready when some server of each pool that is led to was reached") {
  Door door;
  door.add(kDown);
  CHECK(door.ask().status == 503);
  CHECK(door.ask().body == "no server of pool media takes work\n");
  door.add(kUntried);
  CHECK(door.ask().status == 503);
  CHECK(door.ask().body.find("no server of pool media has been reached yet") == 0);
  door.add(kUp);
  CHECK(door.ask().status == 200);
}

TEST_CASE(
    "a pool that no listener leads to, or that may stand empty, does not keep a proxy from being ready") {
  Door door;
  CHECK(door.ask().status == 200);
  door.add(kUp);
  door.add(kDown, "spare");
  CHECK(door.ask().status == 200);
  Door scaled;
  scaled.inventory.pools[0].least = 2;
  CHECK(scaled.ask().body == "no server of pool media has been started yet\n");
}

TEST_CASE("before anybody has looked nobody is ready") {
  Door door;
  door.add(kUp);
  door.overview.tick = 0;
  CHECK(door.ask().status == 503);
}
