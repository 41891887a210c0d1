// Checks against servers that a test plays: each verdict, and that none is given twice.
#include "lb/control/probe.h"

#include <doctest/doctest.h>

#include <optional>
#include <string>

#include "tests/support/loop_stage.h"

using namespace finishline;
using namespace finishline::control;
using namespace finishline::test;

namespace {

struct Check {
  Check(Probe::Kind kind, Nanos timeout = 10s)
      : probe(stage.loop, {.address = port.address, .kind = kind, .path = "/health", .timeout = timeout},
              [this](const Probe::Fault& fault) {
                ++verdicts;
                verdict = fault.value_or("passed");
              }) {
    probe.start();
  }
  /// The server's side of the probe's connection.
  StagePeer& server() {
    if (!peer) {
      int fd = -1;
      stage.until({}, [&] { return (fd = ::accept4(port.fd, nullptr, nullptr, SOCK_CLOEXEC)) >= 0; });
      peer.emplace(fd);
    }
    return *peer;
  }
  /// Waits until the server has been asked something.
  const std::string& asked(std::size_t bytes) {
    StagePeer& side = server();
    stage.until({&side}, [&] { return side.received().size() >= bytes; });
    return side.received();
  }
  std::string judged() {
    std::vector<StagePeer*> peers;
    if (peer) peers.push_back(&*peer);
    stage.until(peers, [&] { return verdicts > 0; });
    CHECK(verdicts == 1);
    return verdict;
  }
  void pong(std::uint64_t id, std::string_view body = {}) {
    server().send(frame_of({.kind = proto::Kind::pong, .id = id}, body));
  }

  Port port;
  LoopStage stage;
  std::optional<StagePeer> peer;
  int verdicts = 0;
  std::string verdict;
  Probe probe;
};

}  // namespace

TEST_CASE("probe: a ping passes with its pong, in pieces and behind other frames, and the connection ends") {
  Check check(Probe::Kind::ping);
  check.asked(proto::kHeaderBytes);
  REQUIRE(check.server().frames().size() == 1);
  const proto::FrameHeader ping = check.server().frames()[0].header;
  CHECK(ping.kind == proto::Kind::ping);
  check.pong(ping.id + 1);
  const Bytes pong = frame_of({.kind = proto::Kind::pong, .id = ping.id});
  check.server().send(std::span(pong).first(10));
  check.stage.turn({&check.server()}, 3);
  CHECK(check.verdicts == 0);
  check.server().send(std::span(pong).subspan(10));
  CHECK(check.judged() == "passed");
  CHECK(check.stage.until({&check.server()}, [&] { return check.server().ended(); }));
}

TEST_CASE("probe: a pong with a body passes, and the body is what the server says of itself") {
  Check check(Probe::Kind::ping);
  check.asked(proto::kHeaderBytes);
  check.pong(check.server().frames()[0].header.id, R"({"cpu_percent": 50, "memory_bytes": 1000})");
  CHECK(check.judged() == "passed");
  REQUIRE(check.probe.vitals());
  CHECK(check.probe.vitals()->memory_bytes == 1000);
}

TEST_CASE("probe: a second ping is not passed by the pong of the first") {
  Check check(Probe::Kind::ping, 200ms);
  check.asked(proto::kHeaderBytes);
  const std::uint64_t first = check.server().frames().at(0).header.id;
  check.pong(first);
  REQUIRE(check.judged() == "passed");
  check.peer.reset();
  check.verdicts = 0;
  check.probe.start();
  check.asked(proto::kHeaderBytes);
  check.pong(first);
  CHECK(check.judged() == "no answer in time");
}

TEST_CASE("probe: what is no frame, an early end and silence fail a ping") {
  SUBCASE("no frame") {
    Check check(Probe::Kind::ping);
    check.server().send("HTTP/1.1 400 Bad Request\r\n\r\n              ");
    CHECK(check.judged() == "the answer is no frame");
  }
  SUBCASE("early end") {
    Check check(Probe::Kind::ping);
    check.asked(proto::kHeaderBytes);
    check.server().close();
    check.stage.until({}, [&] { return check.verdicts > 0; });
    CHECK(check.verdict == "closed without an answer");
  }
  SUBCASE("silence") {
    Check check(Probe::Kind::ping, 20ms);
    CHECK(check.judged() == "no answer in time");
  }
}

TEST_CASE("probe: a connection is all that connect asks for, and nobody listening fails it") {
  CHECK(Check(Probe::Kind::connect).judged() == "passed");
  LoopStage stage;
  std::string verdict;
  std::optional<Port> port(std::in_place);
  Probe probe(stage.loop, {.address = port->address, .kind = Probe::Kind::connect},
              [&](const Probe::Fault& fault) { verdict = fault.value_or("passed"); });
  port.reset();
  probe.start();
  stage.until({}, [&] { return !verdict.empty(); });
  CHECK(verdict == "connection refused");
}

TEST_CASE("probe: HTTP passes with a status of 200 to 399, after asking the server's address for the path") {
  for (const auto& [answer, verdict] :
       {std::pair("HTTP/1.1 200 OK\r\n\r\n", "passed"), std::pair("HTTP/1.0 302 Found\r\n\r\n", "passed"),
        std::pair("HTTP/1.1 503 Busy\r\n\r\n", "HTTP status 503"),
        std::pair("SSH-2.0-OpenSSH_9.2\r\n", "the answer is no HTTP")}) {
    Check check(Probe::Kind::http);
    CHECK(check.asked(20).starts_with("GET /health HTTP/1.1\r\nHost: 127.0.0.1:"));
    check.server().send(std::string_view(answer).substr(0, 5));
    check.stage.turn({&check.server()}, 2);
    check.server().send(std::string_view(answer).substr(5));
    CHECK(check.judged() == verdict);
  }
}
