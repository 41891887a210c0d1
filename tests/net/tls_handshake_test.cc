// The door of a listener that speaks TLS, and of one that goes by the names in TLS that it does not end.
#include "lb/worker/tls_handshake.h"

#include <doctest/doctest.h>

#include <string>

#include "lb/worker/acceptor.h"
#include "lb/worker/listener_tls.h"
#include "tests/support/client_hellos.h"
#include "tests/support/engine_pair.h"
#include "tests/support/log_file.h"
#include "tests/support/peer.h"
#include "tests/support/session_stage.h"

using namespace finishline;
using namespace finishline::test;
using namespace finishline::worker;
using ledger::CloseReason;

namespace {

struct Door {
  explicit Door(tls::ClientAuth auth = tls::ClientAuth::off, std::vector<std::string> subjects = {}) {
    const CertificatePair shown = authority.issue();
    tls::ServerContext::Options wanted{.id = "test",
                                       .client_auth = auth,
                                       .client_ca = authority.pem(),
                                       .allow_subjects = std::move(subjects)};
    wanted.certificates.push_back({shown.certificate, shown.key, {}});
    tls.context = server_context(std::move(wanted));
    ListenerOptions options = stage.options;
    options.tls = &tls;
    options.handshake_timeout = 5s;
    acceptor.emplace(stage.context(), share, resting, Admission::Options{.listener = "test"}, sources,
                     std::move(options), config::Mode::frame, port.fd);
  }

  SessionStage stage;
  Port port;
  TestAuthority authority;
  ListenerTls tls;
  AcceptBalancer share{stage.ledger(), 0, 100};
  ledger::SourceTable sources{stage.ledger(), 0};
  process::Doorbells bells;
  RestingListeners resting{stage.context().loop, stage.ledger(), 0, bells};
  std::optional<Acceptor> acceptor;
};

/// A client of TLS over a bare socket.
struct Client {
  Client(Door& door, const CertificatePair& own = {})
      : peer(door.stage.connect_to(door.port.address)),
        context(client_context(
            {.name = "www.example.org", .ca = door.authority.pem(), .own = {own.certificate, own.key, {}}})),
        engine(tls::TlsEngine::connect(*context)) {
    engine->send_to(
        [](void* to, std::span<const std::byte> bytes) { static_cast<StagePeer*>(to)->send(bytes); }, &peer);
    engine->begin();
  }
  /// Reads what has come.
  void look() {
    auto wire = std::as_bytes(std::span(peer.received()).subspan(heard));
    heard = peer.received().size();
    std::array<std::byte, 20000> room;
    while (!wire.empty() && engine->state() != tls::TlsEngine::State::failed &&
           engine->state() != tls::TlsEngine::State::ended) {
      const std::size_t n = engine->read(wire, room);
      plain.append(reinterpret_cast<const char*>(room.data()), n);
    }
  }
  bool open() {
    look();
    return engine->state() == tls::TlsEngine::State::open;
  }

  StagePeer& peer;
  std::unique_ptr<tls::ClientContext> context;
  std::unique_ptr<tls::TlsEngine> engine;
  std::size_t heard = 0;
  std::string plain;
};

}  // namespace

TEST_CASE("requests over TLS are served as those without, and the connection is counted as one") {
  Door door;
  Client client(door);
  REQUIRE(door.stage.until([&] { return client.open(); }));
  EnginePair::say(*client.engine, text_of(frame_of({.type = 'V', .id = 7, .length = 1})));
  REQUIRE(door.stage.until_sent(1));
  CHECK(door.stage.total(ledger::WorkerCell::tls_connections) == 1);
  CHECK(door.stage.total(ledger::WorkerCell::tls_handshakes) == 1);
  door.stage.serve();
  REQUIRE(door.stage.until([&] {
    client.look();
    return client.plain.size() >= proto::kHeaderBytes;
  }));
  client.engine->close();
  REQUIRE(door.stage.until([&] { return door.stage.sessions.size() == 0; }));
  CHECK(door.stage.closed(CloseReason::client_closed) == 1);
  CHECK(door.stage.total(ledger::WorkerCell::connections_accepted) == 1);
  CHECK(door.stage.total(ledger::WorkerCell::tls_connections) == 0);
}

TEST_CASE("a client that says nothing, or no TLS, gets no further than the door") {
  Door door;
  door.stage.connect_to(door.port.address);
  StagePeer& plain = door.stage.connect_to(door.port.address);
  plain.send(text_of(frame_of({.type = 'V', .id = 7, .length = 1})));
  REQUIRE(door.stage.until([&] { return plain.ended(); }));
  CHECK(door.stage.closed(CloseReason::tls_broken) == 1);
  door.stage.sessions.check_time(door.stage.now() + 4s);
  CHECK(door.stage.closed(CloseReason::handshake_timeout) == 0);
  door.stage.sessions.check_time(door.stage.now() + 6s);
  CHECK(door.stage.closed(CloseReason::handshake_timeout) == 1);
  REQUIRE(door.stage.until([&] { return door.stage.sessions.size() == 0; }));
}

TEST_CASE("many clients that go in the middle of their handshakes, all at once, leave the door as it was") {
  constexpr std::string_view kHalfHello{"\x16\x03\x01\x02\x00\x01", 6};
  Door door;
  for (int i = 0; i < 32; ++i) Peer(door.port.address).send(kHalfHello);
  const auto accepted = [&] { return door.stage.total(ledger::WorkerCell::connections_accepted); };
  REQUIRE(door.stage.until([&] { return accepted() == 32 && door.stage.sessions.size() == 0; }));
  Client client(door);
  CHECK(door.stage.until([&] { return client.open(); }));
}

TEST_CASE("who shows no certificate where one is required, or that of somebody else, is not let in") {
  Door door(tls::ClientAuth::required, {"CN=alice", "DNS:robot.example.org"});
  Client nobody(door);
  REQUIRE(door.stage.until([&] { return nobody.look(), nobody.peer.ended(); }));
  CHECK(door.stage.closed(CloseReason::tls_bad_certificate) == 1);
  Client mallory(door, door.authority.issue({.common_name = "mallory", .names = {}}));
  REQUIRE(door.stage.until([&] { return mallory.look(), mallory.peer.ended(); }));
  CHECK(door.stage.closed(CloseReason::tls_bad_certificate) == 2);
  CHECK(mallory.engine->reason().find("bad certificate") != std::string::npos);
  Client alice(door, door.authority.issue({.common_name = "alice", .organization = "Example", .names = {}}));
  Client robot(door, door.authority.issue({.common_name = "r2", .names = {"DNS:robot.example.org"}}));
  REQUIRE(door.stage.until([&] {
    return alice.open() && robot.open() && door.stage.total(ledger::WorkerCell::tls_handshakes) == 2;
  }));
  CHECK(door.stage.total(ledger::WorkerCell::tls_connections) == 2);
}

TEST_CASE("the log names whom a listener does not let in, and tells of each but of no flood") {
  LogFile log;
  log.start(log::Format::text);
  Door door(tls::ClientAuth::required, {"CN=alice"});
  Client nobody(door);
  REQUIRE(door.stage.until([&] { return nobody.look(), nobody.peer.ended(); }));
  Client mallory(door, door.authority.issue({.common_name = "mallory", .names = {}}));
  REQUIRE(door.stage.until([&] { return mallory.look(), mallory.peer.ended(); }));
  CHECK(log.count("none of its names is in tls_allow_subjects: CN=mallory") == 1);
  for (int n = 0; n < 30; ++n)
    door.stage.connect_to(door.port.address).send(text_of(frame_of({.type = 'V', .id = 7, .length = 1})));
  REQUIRE(door.stage.until([&] { return door.stage.closed(CloseReason::tls_broken) == 30; }));
  CHECK(log.count("tls_failed") <= 20);
}

TEST_CASE("where a certificate is optional, who shows none is let in, and who shows one has to be named") {
  Door door(tls::ClientAuth::optional, {"CN=alice"});
  Client nobody(door);
  Client alice(door, door.authority.issue({.common_name = "alice", .names = {}}));
  REQUIRE(door.stage.until([&] {
    return nobody.open() && alice.open() && door.stage.total(ledger::WorkerCell::tls_handshakes) == 2;
  }));
  Client mallory(door, door.authority.issue({.common_name = "mallory", .names = {}}));
  REQUIRE(door.stage.until([&] { return mallory.look(), mallory.peer.ended(); }));
  CHECK(door.stage.closed(CloseReason::tls_bad_certificate) == 1);
  CHECK(mallory.engine->reason().find("bad certificate") != std::string::npos);
}

TEST_CASE("a client that does not trust what it is shown is counted as one that refused us") {
  Door door;
  TestAuthority stranger("Another CA");
  StagePeer& peer = door.stage.connect_to(door.port.address);
  const auto context = client_context({.name = "www.example.org", .ca = stranger.pem()});
  const auto engine = tls::TlsEngine::connect(*context);
  engine->send_to(
      [](void* to, std::span<const std::byte> bytes) { static_cast<StagePeer*>(to)->send(bytes); }, &peer);
  engine->begin();
  std::size_t heard = 0;
  REQUIRE(door.stage.until([&] {
    auto wire = std::as_bytes(std::span(peer.received()).subspan(heard));
    heard = peer.received().size();
    std::array<std::byte, 1000> room;
    while (!wire.empty() && engine->state() == tls::TlsEngine::State::handshaking) engine->read(wire, room);
    return peer.ended();
  }));
  CHECK(door.stage.closed(CloseReason::tls_refused) == 1);
}
