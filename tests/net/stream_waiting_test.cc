// A stream whose client has no server yet, over loopback: servers that are not there, or have no room.
#include <doctest/doctest.h>

#include "lb/worker/stream_session.h"
#include "tests/support/stream_stage.h"

using namespace finishline;
using namespace finishline::test;
using ledger::CloseReason;
using ledger::ServerCell;
using ledger::WorkerCell;

namespace {

using Servers = std::vector<StreamServerPlan>;

}  // namespace

TEST_CASE("a source that is not this machine's is a failed connection: another server is asked") {
  StreamStage stage(Servers{{.sources = {std::get<net::Address>(net::parse_host("192.0.2.1"))}}, {}});
  for (int client = 0; client < 2; ++client) {  // one of them begins with the first server
    stage.connect().send("hello");
    StagePeer& server = stage.accept(1);
    CHECK(stage.until([&] { return server.received() == "hello"; }));
  }
  CHECK(stage.total(ledger::WorkerCell::connect_retries) == 1);
  CHECK(stage.open(0) == 0);
}

TEST_CASE(
    "a client that finds no server while the worker holds too much is let go, and nothing else happens") {
  StreamStage stage;
  stage.ledger.set_admin(0, ledger::AdminState::drain);
  stage.budget.add_input(std::ptrdiff_t{1} << 40);
  StagePeer& client = stage.connect();
  REQUIRE(stage.until([&] { return client.ended(); }));
  CHECK(stage.closed(CloseReason::no_server) == 1);
}

TEST_CASE("a server that refuses costs a try, and the next one is asked") {
  StreamStage stage(Servers{{.listens = false}, {.listens = false}, {}});
  StagePeer& client = stage.connect();
  client.send("question");
  StagePeer& server = stage.accept(2);
  REQUIRE(stage.until([&] { return server.received() == "question"; }));
  CHECK(stage.total(WorkerCell::connect_retries) ==
        stage.total(0, ServerCell::connect_failures) + stage.total(1, ServerCell::connect_failures));
  CHECK(stage.open(0) + stage.open(1) == 0);
  CHECK(stage.open(2) == 1);
}

TEST_CASE("a server that is back after a pause gets the client that had tried it in vain") {
  StreamStage stage(Servers{{.listens = false}}, {.max_attempts = 100, .connect_timeout = 20ms});
  StagePeer& client = stage.connect();
  client.send("question");
  REQUIRE(stage.until([&] { return stage.total(0, ServerCell::connect_failures) == 2; }));
  stage.start_listening(0);
  StagePeer& server = stage.accept();
  CHECK(stage.until([&] { return server.received() == "question"; }));
  CHECK(stage.total(WorkerCell::connect_retries) == stage.total(0, ServerCell::connect_failures));
  CHECK(stage.open() == 1);
}

TEST_CASE("a client that leaves in the pause before its server is tried again is let go at once") {
  StreamStage stage(Servers{{.listens = false}}, {.connect_timeout = 60s});
  StagePeer& client = stage.connect();
  REQUIRE(stage.until([&] { return stage.total(0, ServerCell::connect_failures) == 1; }));
  client.close();
  CHECK(stage.until([&] { return stage.closed(CloseReason::left_waiting) == 1; }));
  CHECK(stage.total(0, ServerCell::connect_failures) == 1);
}

TEST_CASE("no server is tried again that has gone down in the pause") {
  StreamStage stage(Servers{{.listens = false}}, {.connect_timeout = 300ms});
  StagePeer& client = stage.connect();
  REQUIRE(stage.until([&] { return stage.total(0, ServerCell::connect_failures) == 1; }));
  stage.ledger.set_admin(0, ledger::AdminState::drain);
  REQUIRE(stage.until([&] { return client.ended(); }));
  CHECK(stage.closed(CloseReason::no_server) == 1);
  CHECK(stage.total(0, ServerCell::connect_failures) == 1);
}

TEST_CASE("when no server can be connected to the client is let go") {
  for (const std::uint32_t attempts : {1U, 2U, 5U}) {
    CAPTURE(attempts);
    StreamStage stage(Servers{{.listens = false}, {.listens = false}},
                      {.max_attempts = attempts, .connect_timeout = 10ms});
    StagePeer& client = stage.connect();
    REQUIRE(stage.until([&] { return client.ended(); }));
    CHECK(stage.closed(CloseReason::no_server) == 1);
    const std::int64_t tried =
        stage.total(0, ServerCell::connect_failures) + stage.total(1, ServerCell::connect_failures);
    CHECK(tried == attempts);
    CHECK(stage.open(0) + stage.open(1) == 0);
  }
}

TEST_CASE("a server that is draining or down is given no stream, and its open ones go on") {
  StreamStage stage;
  StagePeer& before = stage.connect();
  StagePeer& server = stage.accept();
  stage.ledger.set_admin(0, ledger::AdminState::drain);
  StagePeer& after = stage.connect();
  REQUIRE(stage.until([&] { return after.ended(); }));
  CHECK(stage.closed(CloseReason::no_server) == 1);
  before.send("still here");
  CHECK(stage.until([&] { return server.received() == "still here"; }));
}

TEST_CASE("above max_connections clients wait, and are served in the order in which they came") {
  StreamStage stage(Servers{{.max_connections = 1}}, {.max_waiting = 2, .queue_timeout = 0s});
  StagePeer& first = stage.connect();
  stage.accept();
  StagePeer& second = stage.connect();
  REQUIRE(stage.until([&] { return stage.total(WorkerCell::connections_waiting) == 1; }));
  stage.connect();
  REQUIRE(stage.until([&] { return stage.total(WorkerCell::connections_waiting) == 2; }));
  StagePeer& fourth = stage.connect();
  REQUIRE(stage.until([&] { return fourth.ended(); }));
  CHECK(stage.closed(CloseReason::queue_full) == 1);
  CHECK(stage.nobody_came());
  second.send("second");
  first.reset();
  StagePeer& server = stage.accept();
  REQUIRE(stage.until([&] { return server.received() == "second"; }));
  CHECK(stage.total(WorkerCell::connections_waiting) == 1);
  CHECK(stage.open() == 1);
}

TEST_CASE("who has waited for queue_timeout is let go") {
  StreamStage stage(Servers{{.max_connections = 1}}, {.queue_timeout = 10s});
  stage.connect();
  stage.accept();
  StagePeer& second = stage.connect();
  REQUIRE(stage.until([&] { return stage.total(WorkerCell::connections_waiting) == 1; }));
  stage.streams->tick(stage.now() + 9s);
  CHECK(stage.total(WorkerCell::connections_waiting) == 1);
  stage.streams->tick(stage.now() + 11s);
  REQUIRE(stage.until([&] { return second.ended(); }));
  CHECK(stage.closed(CloseReason::queue_timeout) == 1);
  CHECK(stage.total(WorkerCell::connections_waiting) == 0);
}

TEST_CASE("a room that another worker makes is found by the next tick") {
  StreamStage stage(Servers{{.max_connections = 1}});
  ledger::WorkerBooks other(stage.ledger, 1);
  const auto held = other.try_open(0, stage.ledger.finish_word(0), 10ms);
  REQUIRE(held);
  stage.connect();
  REQUIRE(stage.until([&] { return stage.total(WorkerCell::connections_waiting) == 1; }));
  other.close(*held);
  stage.streams->tick(stage.now());
  stage.accept();
  CHECK(stage.open() == 1);
}

TEST_CASE("a waiting client that leaves gives its place up at once, and no server is connected to for it") {
  for (const bool by_reset : {true, false}) {
    CAPTURE(by_reset);
    StreamStage stage(Servers{{.max_connections = 1}}, {.max_waiting = 1, .queue_timeout = 0s});
    StagePeer& first = stage.connect();
    stage.accept();
    StagePeer& leaves = stage.connect();
    REQUIRE(stage.until([&] { return stage.total(WorkerCell::connections_waiting) == 1; }));
    by_reset ? leaves.reset() : leaves.close();
    REQUIRE(stage.until([&] { return stage.closed(CloseReason::left_waiting) == 1; }));
    CHECK(stage.total(WorkerCell::connections_waiting) == 0);
    StagePeer& stays = stage.connect();
    REQUIRE(stage.until([&] { return stage.total(WorkerCell::connections_waiting) == 1; }));
    stays.send("here");
    first.reset();
    StagePeer& server = stage.accept();
    CHECK(stage.until([&] { return server.received() == "here"; }));
    CHECK(stage.total(0, ServerCell::connections) == 2);
  }
}

TEST_CASE(
    "a waiting client that has asked and ended is served; one that is reset behind its question is not") {
  StreamStage stage(Servers{{.max_connections = 1}}, {.queue_timeout = 0s});
  StagePeer& first = stage.connect();
  stage.accept();
  StagePeer& asked = stage.connect();
  asked.send("question");
  asked.half_close();
  REQUIRE(stage.until([&] { return stage.total(WorkerCell::connections_waiting) == 1; }));
  StagePeer& reset = stage.connect();
  reset.send("question");
  REQUIRE(stage.until([&] { return stage.total(WorkerCell::connections_waiting) == 2; }));
  reset.reset();
  REQUIRE(stage.until([&] { return stage.closed(CloseReason::left_waiting) == 1; }));
  stage.check_time_after(0s);
  stage.turn();
  CHECK(stage.total(WorkerCell::connections_waiting) == 1);
  first.reset();
  StagePeer& server = stage.accept();
  REQUIRE(stage.until([&] { return server.received() == "question" && server.ended(); }));
  server.send("answer");
  server.close();
  CHECK(stage.until([&] { return asked.received() == "answer" && asked.ended(); }));
}

TEST_CASE("who ends behind a question and is then reset is found out by the next look at the time") {
  StreamStage stage(Servers{{.max_connections = 1}}, {.queue_timeout = 0s});
  stage.connect();
  stage.accept();
  StagePeer& asked = stage.connect();
  asked.send("question");
  asked.half_close();
  REQUIRE(stage.until([&] { return stage.total(WorkerCell::connections_waiting) == 1; }));
  stage.turn();
  asked.reset();
  stage.turn();
  stage.check_time_after(0s);
  CHECK(stage.closed(CloseReason::left_waiting) == 1);
  stage.turn();
}

TEST_CASE("only the living count for max_waiting, also where all leave and come in one turn") {
  StreamStage stage(Servers{{.max_connections = 1}}, {.max_waiting = 5, .queue_timeout = 0s});
  stage.connect();
  stage.accept();
  std::vector<StagePeer*> gone;
  for (int i = 0; i < 5; ++i) gone.push_back(&stage.connect());
  REQUIRE(stage.until([&] { return stage.total(WorkerCell::connections_waiting) == 5; }));
  for (StagePeer* peer : gone) peer->reset();
  StagePeer& late = stage.connect();
  REQUIRE(stage.until([&] { return stage.closed(CloseReason::left_waiting) == 5; }));
  stage.turn();
  CHECK_FALSE(late.ended());
  CHECK(stage.total(WorkerCell::connections_waiting) == 1);
}

TEST_CASE("a client that leaves while a server hangs frees its place there") {
  StreamStage stage(Servers{{}}, {.connect_timeout = 0s});
  stage.stop_accepting(0);
  StagePeer& client = stage.connect();
  REQUIRE(stage.until([&] { return stage.open() == 1; }));
  stage.check_time_after(0s);
  client.reset();
  REQUIRE(stage.until_quiet());
  CHECK(stage.open() == 0);
  CHECK(stage.closed(CloseReason::left_waiting) == 1);
}

TEST_CASE("a server that does not accept in time is left for the next") {
  StreamStage stage(Servers{{}, {}}, {.connect_timeout = 3s});
  stage.stop_accepting(0);
  StagePeer& one = stage.connect();
  StagePeer& two = stage.connect();  // of the two one is given to each
  one.send("question");
  two.send("question");
  StagePeer& first_served = stage.accept(1);
  REQUIRE(stage.until([&] { return first_served.received() == "question"; }));
  stage.check_time_after(2s);
  CHECK(stage.open(0) == 1);
  stage.check_time_after(4s);
  StagePeer& second_served = stage.accept(1);
  REQUIRE(stage.until([&] { return second_served.received() == "question"; }));
  CHECK(stage.total(0, ServerCell::connect_failures) == 1);
  CHECK(stage.open(0) == 0);
}
