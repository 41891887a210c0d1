// Both sides of a connection on one real loop, over loopback.
#pragma once

#include <doctest/doctest.h>
#include <unistd.h>

#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>

#include "lb/net/listener.h"

namespace finishline::test {

using net::Accept;
using net::Address;
using net::End;
using net::Loop;
using net::StreamEvents;
using net::TcpListener;
using net::TcpStream;

inline std::span<const std::byte> as_bytes(std::string_view text) { return std::as_bytes(std::span(text)); }

inline std::string as_text(std::span<const std::byte> bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

/// A listening socket on a port that the kernel chose.
struct Port {
  int fd = std::get<int>(net::open_listener(std::get<Address>(net::parse_address("127.0.0.1:0"))));
  Address address = net::bound_address(fd);
  ~Port() { ::close(fd); }
};

/// One side of a connection that remembers what it saw.
struct Side : StreamEvents {
  TcpStream stream;
  std::string received;
  std::optional<End> end;
  bool connected = false;
  std::function<void()> when_connected = [] {};
  std::function<void()> when_bytes = [] {};
  std::function<void()> when_end = [] {};
  std::function<void()> when_drained = [] {};

  void on_connected() override {
    connected = true;
    when_connected();
  }
  void on_bytes(std::span<const std::byte> bytes) override {
    received += as_text(bytes);
    when_bytes();
  }
  void on_end(End e) override {
    end = e;
    when_end();
  }
  void on_drained() override { when_drained(); }
};

/// Accepts one connection into a Side and stops listening.
struct AcceptOne : TcpListener::Events {
  AcceptOne(Loop& loop, int fd, Side& accepted) : side(accepted), listener(std::in_place, loop, fd, *this) {}
  void on_accept(TcpStream stream, const Address& from) override {
    peer = from;
    side.stream = std::move(stream);
    side.stream.start(side);
    side.connected = true;
    side.when_connected();
    listener.reset();
  }
  void on_accept_error(int) override { FAIL("accept failed"); }
  Accept may_accept() override { return gate(); }

  Side& side;
  Address peer;
  std::function<Accept()> gate = [] { return Accept::yes; };
  std::optional<TcpListener> listener;
};

}  // namespace finishline::test
