// A stream as its two sides see it, over loopback: ends, resets, full buffers, servers that are not there.
#include "lb/worker/stream_session.h"

#include <doctest/doctest.h>

#include <cstdio>
#include <fstream>
#include <random>

#include "tests/support/stream_stage.h"

using namespace finishline;
using namespace finishline::test;
using ledger::CloseReason;
using ledger::ServerCell;
using ledger::WorkerCell;

namespace {

/// Bytes of which no two stretches are alike.
std::string noise(std::size_t bytes, unsigned seed) {
  std::mt19937 random(seed);
  std::string text(bytes, '\0');
  for (char& c : text) c = static_cast<char>(random());
  return text;
}

/// Connections to this address whose kernel is going to ask whether the other side lives: timer 2 of proc(5),
/// /proc/net/tcp.
int probed(const net::Address& address) {
  char end[8];
  std::snprintf(end, sizeof end, ":%04X", address.port());
  std::ifstream table("/proc/net/tcp");
  std::string slot, local, remote, state, queues, timer, rest;
  int found = 0;
  while (table >> slot >> local >> remote >> state >> queues >> timer && std::getline(table, rest))
    found += remote.ends_with(end) && timer.starts_with("02:") ? 1 : 0;
  return found;
}

using Servers = std::vector<StreamServerPlan>;

constexpr std::size_t kMuch = 12U << 20;  // more than all socket buffers between two peers hold

}  // namespace

TEST_CASE("bytes go both ways as they are, and what passed is counted") {
  StreamStage stage;
  StagePeer& client = stage.connect();
  StagePeer& server = stage.accept();
  client.send("question");
  REQUIRE(stage.until([&] { return server.received() == "question"; }));
  server.send("the answer");
  REQUIRE(stage.until([&] { return client.received() == "the answer"; }));
  CHECK(stage.total(WorkerCell::client_bytes_in) == 8);
  CHECK(stage.total(WorkerCell::client_bytes_out) == 10);
  CHECK(stage.total(0, ServerCell::stream_bytes_out) == 8);
  CHECK(stage.total(0, ServerCell::stream_bytes_in) == 10);
  CHECK(stage.total(0, ServerCell::connections) == 1);
  CHECK(stage.open() == 1);
}

TEST_CASE("a server that speaks first is heard") {
  StreamStage stage;
  StagePeer& client = stage.connect();
  stage.accept().send("220 ready");
  CHECK(stage.until([&] { return client.received() == "220 ready"; }));
}

TEST_CASE("a server that wants it is told whose connection it is, before the first byte of the client") {
  StreamStage stage(Servers{{.send_proxy = config::SendProxy::v1}});
  StagePeer& client = stage.connect();
  client.send("GET");
  StagePeer& server = stage.accept();
  const std::string head = "PROXY TCP4 127.0.0.1 127.0.0.1 ";
  const std::string tail = ' ' + std::to_string(stage.address().port()) + "\r\nGET";
  REQUIRE(stage.until([&] { return server.received().ends_with("GET"); }));
  CHECK(server.received().starts_with(head));
  CHECK(server.received().ends_with(tail));

  StreamStage binary(Servers{{.send_proxy = config::SendProxy::v2}});
  StagePeer& quiet = binary.connect();
  StagePeer& told = binary.accept();
  REQUIRE(binary.until([&] { return told.received().size() == 28; }));
  CHECK(told.received().starts_with("\r\n\r\n"));
  CHECK_FALSE(quiet.ended());
}

TEST_CASE("a server is connected to from its sources in turn") {
  const auto host = [](const char* text) { return std::get<net::Address>(net::parse_host(text)); };
  StreamStage stage(Servers{{.sources = {host("127.0.0.7"), host("127.0.0.8")}}});
  for (const std::string expected : {"127.0.0.7", "127.0.0.8", "127.0.0.7"}) {
    stage.connect();
    CHECK(stage.accept().host() == expected);
  }
}

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

TEST_CASE("an end is passed on behind the last byte, and the other direction goes on") {
  for (const bool client_first : {true, false}) {
    for (const std::size_t in_flight : {std::size_t{0}, std::size_t{5}, kMuch}) {
      CAPTURE(client_first);
      CAPTURE(in_flight);
      StreamStage stage;
      StagePeer& client = stage.connect();
      StagePeer& server = stage.accept();
      StagePeer& first = client_first ? client : server;
      StagePeer& second = client_first ? server : client;
      const std::string last_words = noise(in_flight, 1);
      const std::string answer = noise(in_flight / 2 + 3, 2);
      first.send(last_words);
      first.half_close();
      REQUIRE(stage.until([&] { return second.ended(); }));
      CHECK(second.received() == last_words);
      second.send(answer);
      REQUIRE(stage.until([&] { return first.received().size() == answer.size(); }));
      CHECK(first.received() == answer);
      CHECK_FALSE(first.ended());
      CHECK(stage.sessions.size() == 1);
      second.half_close();
      REQUIRE(stage.until([&] { return first.ended(); }));
      REQUIRE(stage.until_quiet());
      CHECK(stage.closed(CloseReason::finished) == 1);
      CHECK(stage.open() == 0);
    }
  }
}

TEST_CASE("both sides may end at once, with bytes under way in both directions") {
  StreamStage stage;
  StagePeer& client = stage.connect();
  StagePeer& server = stage.accept();
  const std::string question = noise(3'000'000, 3), answer = noise(5'000'000, 4);
  client.send(question);
  server.send(answer);
  client.half_close();
  server.half_close();
  REQUIRE(stage.until([&] { return client.ended() && server.ended(); }));
  CHECK(server.received() == question);
  CHECK(client.received() == answer);
  REQUIRE(stage.until_quiet());
  CHECK(stage.closed(CloseReason::finished) == 1);
}

TEST_CASE("a reset is passed on as a reset, whichever side it comes from and whatever has ended before") {
  for (const bool client_resets : {true, false}) {
    for (const bool other_had_ended : {false, true}) {
      CAPTURE(client_resets);
      CAPTURE(other_had_ended);
      StreamStage stage;
      StagePeer& client = stage.connect();
      StagePeer& server = stage.accept();
      StagePeer& one = client_resets ? client : server;
      StagePeer& other = client_resets ? server : client;
      one.send("last words");
      REQUIRE(stage.until([&] { return other.received() == "last words"; }));
      if (other_had_ended) {
        other.half_close();
        REQUIRE(stage.until([&] { return one.ended(); }));
      }
      one.reset();
      REQUIRE(stage.until([&] { return other.ended(); }));
      CHECK(other.was_reset());
      REQUIRE(stage.until_quiet());
      CHECK(stage.closed(client_resets ? CloseReason::client_gone : CloseReason::server_gone) == 1);
    }
  }
}

TEST_CASE("a reset right behind bytes is not taken for an orderly end") {
  StreamStage stage;
  StagePeer& client = stage.connect();
  StagePeer& server = stage.accept();
  client.send("last words");
  client.reset();
  REQUIRE(stage.until([&] { return server.ended(); }));
  CHECK(server.was_reset());
}

TEST_CASE("what a server said before it reset reaches the client, even one that was writing at that moment") {
  StreamStage stage;
  StagePeer& client = stage.connect();
  StagePeer& server = stage.accept();
  client.send("question");
  REQUIRE(stage.until([&] { return server.received() == "question"; }));
  client.send("more of it");
  server.send("too large");
  server.reset();  // both are there when the proxy looks
  REQUIRE(stage.until([&] { return client.ended(); }));
  CHECK(client.received() == "too large");
  CHECK(client.was_reset());
  REQUIRE(stage.until_quiet());
  CHECK(stage.closed(CloseReason::server_gone) == 1);
}

TEST_CASE("who keeps writing to a side that is gone hears of it") {
  StreamStage stage;
  StagePeer& client = stage.connect();
  StagePeer& server = stage.accept();
  client.half_close();
  REQUIRE(stage.until([&] { return server.ended(); }));
  client.close();
  server.send(noise(kMuch, 5));
  REQUIRE(stage.until_quiet());
  CHECK(stage.closed(CloseReason::client_gone) == 1);
  CHECK(stage.open() == 0);
}

TEST_CASE("random sizes, directions and pauses: every byte arrives once and in order") {
  std::mt19937 random(20261122);
  const auto below = [&](unsigned n) { return static_cast<std::size_t>(random() % n); };
  for (int round = 0; round < 6; ++round) {
    StreamStage stage;
    StagePeer& client = stage.connect();
    StagePeer& server = stage.accept();
    std::string up, down;
    for (int step = 0; step < 12; ++step) {
      const std::string piece =
          noise(below(2) != 0 ? below(2'000'000) : below(400), static_cast<unsigned>(random()));
      const bool from_client = below(2) != 0;
      (from_client ? up : down) += piece;
      (from_client ? client : server).send(piece);
      client.set_reading(below(3) != 0);
      server.set_reading(below(3) != 0);
      if (below(2) != 0) stage.until([turns = below(6)]() mutable { return turns-- == 0; });
    }
    client.set_reading(true);
    server.set_reading(true);
    client.half_close();
    server.half_close();
    REQUIRE(stage.until([&] { return client.ended() && server.ended(); }));
    CHECK((server.received() == up));
    CHECK((client.received() == down));
    CHECK(stage.until_quiet());
  }
}

TEST_CASE("who does not read keeps the other side from being read, and a third from nothing") {
  StreamStage stage;
  StagePeer& slow = stage.connect();
  StagePeer& slow_server = stage.accept();
  slow.set_reading(false);
  const std::string much = noise(2 * kMuch, 6);
  slow_server.send(much);
  StagePeer& quick = stage.connect();
  StagePeer& quick_server = stage.accept();
  quick.send("question");
  REQUIRE(stage.until([&] { return quick_server.received() == "question"; }));
  stage.turn();
  CHECK(slow_server.unsent() > 0);
  // What was read is in the client's socket buffers, but for one read at most.
  slow.set_reading(true);
  slow_server.half_close();
  REQUIRE(stage.until([&] { return slow.ended(); }));
  CHECK((slow.received() == much));
}

TEST_CASE("a worker that holds too much reads neither side of a stream until it holds less") {
  StreamStage stage;
  StagePeer& client = stage.connect();
  StagePeer& server = stage.accept();
  client.send("before");
  REQUIRE(stage.until([&] { return server.received() == "before"; }));
  stage.budget.add_input(std::ptrdiff_t{1} << 40);
  client.send(",");  // what is read now is passed on, and the last
  REQUIRE(stage.until([&] { return server.received() == "before,"; }));
  client.send(" and after");
  server.send("answer");
  stage.turn();
  CHECK(server.received() == "before,");
  CHECK(client.received().empty());
  stage.budget.add_input(-(std::ptrdiff_t{1} << 40));
  stage.sessions.keep_within(stage.budget);
  CHECK(
      stage.until([&] { return server.received() == "before, and after" && client.received() == "answer"; }));
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
  StreamStage stage(Servers{{.listens = false}}, {.connect_timeout = 20ms});
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

TEST_CASE(
    "what a side has sent before it broke reaches the other side, however slowly that reads, and then the "
    "reset") {
  for (const bool server_breaks : {true, false}) {
    for (const bool with_unread_input : {true, false}) {
      CAPTURE(server_breaks);
      CAPTURE(with_unread_input);
      StreamStage stage;
      StagePeer& client = stage.connect();
      StagePeer& server = stage.accept();
      StagePeer& breaks = server_breaks ? server : client;
      StagePeer& slow = server_breaks ? client : server;
      slow.set_reading(false);
      breaks.set_reading(false);
      slow.send("not read");  // an end with input unread is a reset, too
      const std::string much = noise(3'000'000, 11);
      breaks.send(much);
      REQUIRE(stage.until([&] { return breaks.unsent() == 0; }));
      stage.turn();
      if (with_unread_input) {
        breaks.close();
      } else {
        breaks.reset();
      }
      stage.turn();
      const std::size_t took = slow.received().size();
      CHECK(took == 0);
      slow.set_reading(true);
      REQUIRE(stage.until([&] { return slow.ended(); }));
      // What its own kernel had not sent yet, it took with it.
      CHECK((much.starts_with(slow.received())));
      CHECK(slow.received().size() > 100'000);
      CHECK(slow.was_reset());
      REQUIRE(stage.until_quiet());
      CHECK(stage.closed(server_breaks ? CloseReason::server_gone : CloseReason::client_gone) == 1);
      CHECK(stage.open() == 0);
    }
  }
}

TEST_CASE("who takes nothing of what is left for it is given up after half_closed_timeout") {
  StreamStage stage;
  stage.options.half_closed_timeout = 5s;
  StagePeer& client = stage.connect();
  StagePeer& server = stage.accept();
  client.set_reading(false);
  server.send(noise(kMuch, 12));
  REQUIRE(stage.until([&] { return stage.sessions.size() == 1 && server.unsent() < kMuch; }));
  stage.turn();
  server.reset();
  stage.turn();
  stage.check_time_after(0s);
  CHECK(stage.open() == 0);
  stage.check_time_after(4s);
  CHECK(stage.sessions.size() == 1);
  stage.check_time_after(6s);
  CHECK(stage.closed(CloseReason::half_closed_timeout) == 1);
  CHECK(stage.sessions.size() == 0);
  stage.turn();
}

TEST_CASE("silence ends a stream after idle_timeout, and sooner where one side has ended") {
  StreamStage stage;
  stage.options.idle_timeout = 60s;
  stage.options.half_closed_timeout = 5s;
  stage.connect();
  stage.accept();
  StagePeer& half = stage.connect();
  StagePeer& server = stage.accept();
  half.half_close();
  REQUIRE(stage.until([&] { return server.ended(); }));
  stage.check_time_after(4s);
  CHECK(stage.sessions.size() == 2);
  stage.check_time_after(6s);
  CHECK(stage.closed(CloseReason::half_closed_timeout) == 1);
  CHECK(stage.sessions.size() == 1);
  stage.check_time_after(61s);
  CHECK(stage.closed(CloseReason::idle_timeout) == 1);
  CHECK(stage.open() == 0);
  stage.turn();
}

TEST_CASE("a server of a stream that lasts is asked whether it lives") {
  StreamStage stage(Servers{{.tcp_timeouts = {.keepalive = 30s}}});
  stage.connect().send("question");
  StagePeer& server = stage.accept();
  REQUIRE(stage.until([&] { return server.received() == "question"; }));
  CHECK(probed(stage.server_address()) == 0);
  stage.check_time_after(0s);
  CHECK(probed(stage.server_address()) == 1);
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

TEST_CASE("the load of a server is the sum of the loads of its open streams, of its capacity") {
  StreamStage stage(Servers{{.capacity = 50}});
  stage.options.load = 2.5;
  StagePeer& one = stage.connect();
  stage.accept();
  stage.connect();
  stage.accept();
  CHECK(stage.load() == doctest::Approx(10));
  one.reset();
  REQUIRE(stage.until([&] { return stage.sessions.size() == 1; }));
  CHECK(stage.load() == doctest::Approx(5));
}

TEST_CASE("a measured load follows what the stream does") {
  StreamStage stage(Servers{{}}, {.load_by = config::LoadBy::bytes, .load_rate = 1000});
  stage.options.load = 10;
  StagePeer& client = stage.connect();
  StagePeer& server = stage.accept();
  CHECK(stage.load() == doctest::Approx(10));
  client.send(std::string(500, 'x'));
  REQUIRE(stage.until([&] { return server.received().size() == 500; }));
  stage.check_time_after(10s);  // 500 bytes in ten seconds: a twentieth of the rate
  CHECK(stage.load() == doctest::Approx(5.25).epsilon(0.01));
  CHECK(stage.open() == 1);
}
