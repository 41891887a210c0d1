// A proxy in front of us says whose connection it is, or does not, and what becomes of the bytes behind that.
#include "lb/worker/proxy_header_reader.h"

#include <doctest/doctest.h>

#include <string>

#include "lb/worker/acceptor.h"
#include "tests/support/session_stage.h"

using namespace finishline;
using namespace finishline::test;
using namespace finishline::worker;
using ledger::CloseReason;

namespace {

net::Networks loopback() { return {std::get<net::Network>(net::parse_network("127.0.0.0/8"))}; }

/// The acceptor of a listener that trusts loopback to tell the client.
struct Door {
  explicit Door(Admission::Options admission = {.listener = "test"},
                config::Mode mode = config::Mode::frame) {
    ListenerOptions options = stage.options;
    options.proxy_from = loopback();
    options.header_timeout = 5s;
    options.handshake_timeout = 3s;
    acceptor.emplace(stage.context(), share, resting, std::move(admission), sources, std::move(options), mode,
                     port.fd);
  }
  StagePeer& connect() { return stage.connect_to(port.address); }

  SessionStage stage;
  Port port;
  AcceptBalancer share{stage.ledger(), 0, 100};
  ledger::SourceTable sources{stage.ledger(), 0};
  process::Doorbells bells;
  RestingListeners resting{stage.context().loop, stage.ledger(), 0, bells};
  std::optional<Acceptor> acceptor;
};

const std::string kAlice = "PROXY TCP4 192.0.2.1 198.51.100.7 56324 443\r\n";

std::string request(std::uint64_t id) { return text_of(frame_of({.type = 'V', .id = id, .length = 1})); }

}  // namespace

TEST_CASE("requests behind the header are served, and the policy knows the client by the header") {
  Door door;
  StagePeer& proxy = door.connect();
  proxy.send(kAlice + request(1) + request(2));
  REQUIRE(door.stage.until_sent(2));
  std::byte host[4] = {std::byte{192}, std::byte{0}, std::byte{2}, std::byte{1}};
  CHECK(door.stage.link.sent[0].request.client_key == net::Address(host, 1).host_hash());
  door.stage.serve();
  REQUIRE(door.stage.until([&] { return proxy.frames().size() == 2; }));
  CHECK(door.stage.total(ledger::WorkerCell::connections_accepted) == 1);
  proxy.close();
  REQUIRE(door.stage.until([&] { return door.stage.sessions.size() == 0; }));
  CHECK(door.stage.closed(CloseReason::client_closed) == 1);
}

TEST_CASE("a header may come byte by byte, and both versions do") {
  Door door;
  proto::ProxyHeader header{.family = proto::ProxyHeader::Family::ipv4, .source_port = 1};
  for (const std::string& text : {kAlice, proto::encode_proxy_v2(header)}) {
    StagePeer& proxy = door.connect();
    const std::size_t before = door.stage.link.sent.size();
    for (const char c : text + request(1)) {
      proxy.send(std::string(1, c));
      door.stage.turn(1);
    }
    REQUIRE(door.stage.until_sent(before + 1));
  }
}

TEST_CASE("whoever should say a header and does not is closed without an answer") {
  Door door;
  StagePeer& mallory = door.connect();
  mallory.send(request(1));
  REQUIRE(door.stage.until([&] { return mallory.ended(); }));
  CHECK(mallory.received().empty());
  CHECK(door.stage.closed(CloseReason::bad_proxy_header) == 1);
  CHECK(door.stage.link.sent.empty());
}

TEST_CASE("lists and limits are about the client behind the proxy") {
  Door door({.listener = "test",
             .deny = {std::get<net::Network>(net::parse_network("192.0.2.0/24"))},
             .max_per_source = 1});
  StagePeer& denied = door.connect();
  denied.send(kAlice);
  REQUIRE(door.stage.until([&] { return denied.ended(); }));
  CHECK(door.stage.closed(CloseReason::denied) == 1);

  const std::string bob = "PROXY TCP4 198.51.100.1 198.51.100.7 1 443\r\n";
  const std::string carol = "PROXY TCP4 198.51.100.2 198.51.100.7 1 443\r\n";
  door.connect().send(bob + request(1));
  REQUIRE(door.stage.until_sent(1));
  StagePeer& bob_again = door.connect();
  bob_again.send(bob + request(2));
  REQUIRE(door.stage.until([&] { return bob_again.ended(); }));
  CHECK(door.stage.closed(CloseReason::too_many_from_source) == 1);
  door.connect().send(carol + request(3));
  REQUIRE(door.stage.until_sent(2));
}

TEST_CASE("a proxy that only looks whether we are here has done nothing wrong") {
  Door door;
  door.connect().close();
  REQUIRE(door.stage.until([&] { return door.stage.closed(CloseReason::client_closed) == 1; }));
  StagePeer& check = door.connect();
  check.send(proto::encode_proxy_v2({.local = true}) + request(1));
  REQUIRE(door.stage.until_sent(1));
}

TEST_CASE("half a header is given up after header_timeout, none at all after handshake_timeout") {
  for (const bool begun : {true, false}) {
    CAPTURE(begun);
    Door door;
    StagePeer& slow = door.connect();
    REQUIRE(door.stage.until([&] { return door.stage.sessions.size() == 1; }));
    const Instant accepted = door.stage.now();
    if (begun) {
      slow.send(kAlice.substr(0, 20));
      door.stage.turn();
    }
    door.stage.sessions.check_time(accepted + 2900ms);
    CHECK(door.stage.sessions.size() == 1);
    door.stage.sessions.check_time(door.stage.now() + (begun ? 6s : 3s));
    REQUIRE(door.stage.until([&] { return slow.ended(); }));
    CHECK(door.stage.closed(begun ? CloseReason::header_timeout : CloseReason::handshake_timeout) == 1);
  }
}

TEST_CASE("two bytes behind a header are a mini request") {
  Door door({.listener = "test"}, config::Mode::mini);
  door.connect().send(kAlice + "V5");
  REQUIRE(door.stage.until_sent(1));
  CHECK(door.stage.link.sent[0].request.length == 5);
}

TEST_CASE("a connection whose header comes when the drain has begun is served once") {
  Door door({.listener = "test"}, config::Mode::mini);
  StagePeer& client = door.connect();
  client.send(kAlice.substr(0, 20));
  REQUIRE(door.stage.until([&] { return door.stage.sessions.size() == 1; }));
  door.stage.sessions.drain_all();
  client.send(kAlice.substr(20) + "V5");
  REQUIRE(door.stage.until_sent(1));
  door.stage.serve();
  REQUIRE(door.stage.until([&] { return client.ended(); }));
  CHECK(client.received().size() == 2);
  CHECK(door.stage.closed(CloseReason::drained) == 1);
  door.connect();
  REQUIRE(door.stage.until([&] { return door.stage.sessions.size() == 1; }));
  door.stage.sessions.drain_all();
  door.stage.sessions.check_time(door.stage.now() + 2s);
  CHECK(door.stage.closed(CloseReason::drained) == 2);
}
