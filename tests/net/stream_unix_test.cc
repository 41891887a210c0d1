// Streams over Unix sockets, on a real loop.
#include <doctest/doctest.h>
#include <sys/socket.h>
#include <unistd.h>

#include <optional>
#include <string>

#include "lb/net/listener.h"
#include "lb/net/timer.h"
#include "tests/support/temp_dir.h"

using namespace finishline;
using namespace finishline::net;

namespace {

std::span<const std::byte> as_bytes(std::string_view text) { return std::as_bytes(std::span(text)); }

/// One end that remembers what it saw; with `echoes` it sends back what comes.
struct Side : StreamEvents {
  TcpStream stream;
  std::string received;
  bool connected = false, echoes = false;
  std::optional<net::End> end;
  std::function<void()> when_heard = [] {};

  void on_connected() override { connected = true; }
  void on_bytes(std::span<const std::byte> bytes) override {
    received.append(reinterpret_cast<const char*>(bytes.data()), bytes.size());
    if (echoes) stream.write(bytes);
    when_heard();
  }
  void on_end(net::End e) override {
    end = e;
    when_heard();
  }
};

/// A listening socket at a path of its own, and the one connection that it accepts.
struct Host : TcpListener::Events {
  explicit Host(Loop& its_loop) : loop(its_loop) {
    fd = std::get<int>(open_listener(address()));
    listener.emplace(loop, fd, *this);
  }
  ~Host() { ::close(fd); }
  Address address() const { return std::get<Address>(parse_address("unix:" + dir.file("x.sock"))); }
  void on_accept(TcpStream stream, const Address& from) override {
    peer = from;
    side.echoes = true;
    side.stream = std::move(stream);
    side.stream.start(side);
    listener.reset();
  }
  void on_accept_error(int) override { FAIL("accept failed"); }

  Loop& loop;
  test::TempDir dir;
  int fd = -1;
  Address peer;
  Side side;
  std::optional<TcpListener> listener;
};

}  // namespace

TEST_CASE("what is written before and after a Unix socket is connected comes, and comes back") {
  Loop loop;
  Host host(loop);
  Side client;
  client.stream = TcpStream::connect(loop, host.address(), client);
  client.stream.write(as_bytes("early "));
  CHECK_FALSE(client.connected);  // never from inside the call
  client.when_heard = [&] {
    CHECK(client.connected);
    if (client.received == "early ") return client.stream.write(as_bytes("late"));
    if (client.received != "early late") return;
    client.stream = {};
    host.side.stream = {};
  };
  loop.run();
  CHECK(client.received == "early late");
  CHECK(host.peer.is_unix());
  CHECK(host.peer.path() == "");
}

TEST_CASE("a Unix socket that nobody listens at is told as the end, not from inside connect") {
  Loop loop;
  Side client;
  Timer alive(loop, [] {});  // as any program has one
  alive.start(10ms);
  const auto nowhere = std::get<Address>(parse_address("unix:/nowhere/x.sock"));
  client.stream = TcpStream::connect(loop, nowhere, client);
  CHECK_FALSE(client.end);
  client.when_heard = [&] { client.stream = {}; };
  loop.run();
  REQUIRE(client.end);
  CHECK(client.end->text() == "no such file or directory");
  CHECK_FALSE(client.connected);
}

TEST_CASE("a stream over a Unix socket that is finished at once still sends what was written") {
  Loop loop;
  Host host(loop);
  host.side.when_heard = [&] {
    if (host.side.end) host.side.stream = {};
  };
  Side client;
  client.stream = TcpStream::connect(loop, host.address(), client);
  client.stream.write(as_bytes("farewell"));
  client.stream.finish();
  host.side.echoes = false;
  loop.run();
  CHECK(host.side.received == "farewell");
  REQUIRE(host.side.end);
  CHECK(host.side.end->orderly());
}

TEST_CASE("a large write over a Unix socket comes whole") {
  Loop loop;
  Host host(loop);
  Side client;
  const std::string body(8U << 20, 'b');
  client.stream = TcpStream::connect(loop, host.address(), client);
  client.stream.write(as_bytes(body));
  client.when_heard = [&] {
    if (client.received.size() < body.size()) return;
    client.stream = {};
    host.side.stream = {};
  };
  loop.run();
  CHECK(client.received == body);
}
