// Streams that speak TLS on a real loop: both ends are ours, or one is a bare socket that says what it likes.
#include <doctest/doctest.h>
#include <unistd.h>

#include <deque>
#include <functional>
#include <optional>
#include <string>

#include "lb/net/listener.h"
#include "lb/net/stream_tls.h"
#include "tests/support/engine_pair.h"
#include "tests/support/loop_stage.h"

using namespace finishline;
using namespace finishline::net;
using namespace finishline::test;

namespace {

/// One end of a connection that remembers what it saw.
struct Side : StreamEvents {
  TcpStream stream;
  std::string received;
  std::optional<End> end;
  bool secured = false;
  std::function<void()> when_secured = [] {};
  std::function<void()> when_bytes = [] {};
  std::function<void()> when_end = [] {};
  std::function<void()> when_drained = [] {};

  void on_connected() override {
    secured = true;
    when_secured();
  }
  void on_bytes(std::span<const std::byte> bytes) override {
    received.append(reinterpret_cast<const char*>(bytes.data()), bytes.size());
    when_bytes();
  }
  void on_end(End e) override {
    end = e;
    when_end();
  }
  void on_drained() override { when_drained(); }
  void say(std::string_view text) { stream.write(std::as_bytes(std::span(text))); }
};

/// Accepts connections of TLS, each into a Side.
struct Host : TcpListener::Events {
  explicit Host(Loop& loop) : listener(std::in_place, loop, port.fd, *this) {}
  void on_accept(TcpStream stream, const Address&) override {
    Side& side = sides.emplace_back();
    side.stream = std::move(stream);
    side.stream.begin_tls(tls::TlsEngine::accept(*context));
    prepare(side);
    side.stream.start(side);
    if (++accepted == wanted) listener.reset();
  }
  void on_accept_error(int) override { FAIL("accept failed"); }

  TestAuthority authority;
  std::unique_ptr<tls::ServerContext> context = server_context(authority.issue());
  std::unique_ptr<tls::ClientContext> client =
      client_context({.name = "www.example.org", .ca = authority.pem()});
  Port port;
  std::deque<Side> sides;
  std::function<void(Side&)> prepare = [](Side&) {};
  std::size_t wanted = 1, accepted = 0;
  std::optional<TcpListener> listener;

  void connect(Loop& loop, Side& side) {
    side.stream = TcpStream::connect(loop, port.address, side);
    side.stream.begin_tls(tls::TlsEngine::connect(*client));
  }
};

}  // namespace

TEST_CASE("bytes come back from an echoing server over TLS, and both see an orderly end") {
  Loop loop;
  Host host(loop);
  host.prepare = [](Side& server) {
    server.when_bytes = [&server] { server.say(std::exchange(server.received, "")); };
    server.when_end = [&server] { server.stream.finish(); };
  };
  Side client;
  client.when_secured = [&] { client.say("hello"); };
  client.when_bytes = [&] { client.stream.shutdown(); };
  client.when_end = [&] { client.stream = TcpStream(); };
  host.connect(loop, client);
  loop.run();
  CHECK(client.received == "hello");
  CHECK(client.end->orderly());
  CHECK(host.sides[0].end->orderly());
  CHECK(host.sides[0].secured);
}

TEST_CASE("what is written before the handshake is through waits for it") {
  Loop loop;
  Host host(loop);
  host.prepare = [](Side& server) {
    server.say("welcome");
    server.when_end = [&server] { server.stream = TcpStream(); };
  };
  Side client;
  client.when_bytes = [&] { client.stream.finish(); };
  host.connect(loop, client);
  client.say("early");
  loop.run();
  CHECK(client.received == "welcome");
  CHECK(host.sides[0].received == "early");
}

TEST_CASE("one side may end and go on hearing the other") {
  Loop loop;
  Host host(loop);
  host.prepare = [](Side& server) {
    server.when_end = [&server] {
      server.say("all heard: " + server.received);
      server.stream.finish();
    };
  };
  Side client;
  client.when_end = [&] { client.stream = TcpStream(); };
  host.connect(loop, client);
  client.say("question");
  client.stream.shutdown();
  loop.run();
  CHECK(client.received == "all heard: question");
  CHECK(client.end->orderly());
}

TEST_CASE("megabytes pass whole both ways, at once and by buffers, while the reader pauses now and then") {
  Loop loop;
  Host host(loop);
  const std::string much(8 << 20, 'm');
  host.prepare = [&](Side& server) {
    server.when_secured = [&] { server.say(much); };
    server.when_bytes = [&server] {
      server.stream.pause_reading();
      server.stream.resume_reading();
    };
    server.when_end = [&server] { server.stream.finish(); };
  };
  Side client;
  client.when_secured = [&] {
    const std::size_t taken = client.stream.write_now(std::as_bytes(std::span(much)));
    CHECK(taken == much.size());
    CHECK(client.stream.buffered() > 0);
    client.stream.tell_when_drained();
  };
  client.when_drained = [&] { client.stream.shutdown(); };
  client.when_end = [&] { client.stream = TcpStream(); };
  host.connect(loop, client);
  loop.run();
  CHECK((host.sides[0].received == much));
  CHECK((client.received == much));
  CHECK(loop.buffered_bytes() == 0);
}

TEST_CASE("a connection that ends without TLS having ended is no orderly end") {
  Loop loop;
  Host host(loop);
  host.prepare = [](Side& server) { server.when_end = [&server] { server.stream = TcpStream(); }; };
  StagePeer peer(host.port.address);
  const auto engine = tls::TlsEngine::connect(*host.client);
  engine->send_to(
      [](void* to, std::span<const std::byte> bytes) { static_cast<StagePeer*>(to)->send(bytes); }, &peer);
  engine->begin();
  std::size_t heard = 0;
  Timer beat(loop, [&] {
    peer.pump();
    auto wire = std::as_bytes(std::span(peer.received()).subspan(heard));
    heard = peer.received().size();
    std::array<std::byte, 1000> room;
    while (!wire.empty() && engine->state() != tls::TlsEngine::State::failed) engine->read(wire, room);
    if (engine->state() != tls::TlsEngine::State::open) return;
    EnginePair::say(*engine, "half of what");
    peer.pump();
    peer.close();
    beat.stop();
  });
  beat.start(0ns, 1ms);
  loop.run();
  CHECK(host.sides[0].received == "half of what");
  REQUIRE(host.sides[0].end);
  CHECK(host.sides[0].end->code == StreamTls::kTruncated);
}

TEST_CASE(
    "a handshake that comes byte by byte comes through, and so does what follows it in the same piece") {
  Loop loop;
  Host host(loop);
  host.prepare = [](Side& server) { server.when_end = [&server] { server.stream = TcpStream(); }; };
  StagePeer peer(host.port.address);
  std::string to_send;
  const auto engine = tls::TlsEngine::connect(*host.client);
  engine->send_to(
      [](void* to, std::span<const std::byte> bytes) {
        static_cast<std::string*>(to)->append(reinterpret_cast<const char*>(bytes.data()), bytes.size());
      },
      &to_send);
  engine->begin();
  std::size_t heard = 0;
  bool said = false;
  Timer beat(loop, [&] {
    peer.pump();
    auto wire = std::as_bytes(std::span(peer.received()).subspan(heard));
    heard = peer.received().size();
    std::array<std::byte, 1000> room;
    while (!wire.empty()) engine->read(wire, room);
    if (engine->state() == tls::TlsEngine::State::open && !std::exchange(said, true)) {
      EnginePair::say(*engine, "and more");  // behind the end of the handshake, which has not been sent
      engine->close();
    }
    const std::size_t piece = said ? to_send.size() : std::min<std::size_t>(to_send.size(), 1);
    peer.send(to_send.substr(0, piece));
    to_send.erase(0, piece);
    if (said && to_send.empty()) beat.stop();
  });
  beat.start(0ns, 200us);
  loop.run();
  CHECK(host.sides[0].received == "and more");
  REQUIRE(host.sides[0].end);
  CHECK(host.sides[0].end->orderly());
}

TEST_CASE("bytes that are no TLS end the stream with the reason, and whoever sent them is told in TLS") {
  for (const auto& [bytes, words, told] :
       {std::tuple{std::string("GET / HTTP/1.1\r\nHost: x\r\n\r\n"), "TLS: http request", 0},
        std::tuple{std::string("\x16\x03\x01\x00\x05xxxxx", 10), "TLS: unexpected message", 7}}) {
    Loop loop;
    Host host(loop);
    std::string why;
    host.prepare = [&](Side& server) {
      server.when_end = [&] {
        why = server.stream.why(*server.end);
        server.stream.finish();
      };
    };
    StagePeer peer(host.port.address);
    peer.send(bytes);
    loop.run();
    peer.pump();
    CHECK(host.sides[0].end->code == StreamTls::kFailed);
    CHECK(why == words);
    CHECK(peer.received().size() == static_cast<std::size_t>(told));
  }
}

TEST_CASE("of many that shake hands at once all come through, a few in each turn") {
  Loop loop;
  Host host(loop);
  host.wanted = 60;
  std::size_t in_turn = 0, most = 0;
  host.prepare = [&](Side& server) {
    server.when_secured = [&] { most = std::max(most, ++in_turn); };
    server.when_end = [&server] { server.stream.finish(); };
  };
  loop.on_turn_end([&] { in_turn = 0; });
  std::deque<Side> clients(host.wanted);
  for (Side& client : clients) {
    client.when_secured = [&client] {
      client.say("hi");
      client.stream.finish();
    };
    host.connect(loop, client);
  }
  loop.run();
  std::size_t secured = 0, heard = 0;
  for (const Side& side : host.sides) {
    secured += side.secured;
    heard += side.received == "hi";
  }
  CHECK(secured == host.wanted);
  CHECK(heard == host.wanted);
  CHECK(most <= 2 * StreamTls::kHandshakesPerTurn);
}

TEST_CASE("a stream may be dropped in each of its events") {
  for (int where = 0; where < 3; ++where) {
    Loop loop;
    Host host(loop);
    host.prepare = [&](Side& server) {
      const auto drop = [&server] { server.stream = TcpStream(); };
      if (where == 0) server.when_secured = drop;
      if (where == 1) server.when_bytes = drop;
      server.when_end = drop;
    };
    Side client;
    client.when_end = [&] { client.stream = TcpStream(); };
    host.connect(loop, client);
    client.say("x");
    if (where == 2) client.stream.reset();
    loop.run();
    CHECK(host.sides.size() <= 1);
  }
}
