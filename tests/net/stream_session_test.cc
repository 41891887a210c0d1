// A stream as its two sides see it, over loopback: bytes both ways, orderly ends, full buffers, silence.
#include "lb/worker/stream_session.h"

#include <doctest/doctest.h>

#include <cstdio>
#include <fstream>
#include <random>

#include "tests/support/noise.h"
#include "tests/support/stream_stage.h"

using namespace finishline;
using namespace finishline::test;
using ledger::CloseReason;
using ledger::ServerCell;
using ledger::WorkerCell;

namespace {

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
  CHECK(stage.total(0, ServerCell::stream_bytes_in) == 8);  // as everywhere: from clients
  CHECK(stage.total(0, ServerCell::stream_bytes_out) == 10);
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

TEST_CASE("an end is passed on behind the last byte, and the other direction goes on") {
  const config::Bulk way = each_way();
  for (const bool client_first : {true, false}) {
    for (const std::size_t in_flight : {std::size_t{0}, std::size_t{5}, kMuch}) {
      CAPTURE(client_first);
      CAPTURE(in_flight);
      StreamStage stage(way);
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
  StreamStage stage(each_way());
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

TEST_CASE("random sizes, directions and pauses: every byte arrives once and in order") {
  const config::Bulk way = each_way();
  std::mt19937 random(20261122);
  const auto below = [&](unsigned n) { return static_cast<std::size_t>(random() % n); };
  for (int round = 0; round < 6; ++round) {
    StreamStage stage(way);
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
  StreamStage stage(each_way());
  StagePeer& slow = stage.connect();
  StagePeer& slow_server = stage.accept();
  slow.set_reading(false);
  const std::string much = noise(6 * kMuch, 6);  // the kernel's buffers may grow to 40 MiB on the way
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
  StreamStage stage(each_way());
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
