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
#include "tests/support/loop_stage.h"

namespace finishline::test {

using net::Accept;
using net::Address;
using net::End;
using net::Loop;
using net::StreamEvents;
using net::TcpListener;
using net::TcpStream;

inline std::span<const std::byte> text_bytes(std::string_view text) { return std::as_bytes(std::span(text)); }

inline std::string bytes_text(std::span<const std::byte> bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

/// One side of a connection that remembers what it saw.
struct StreamSide : StreamEvents {
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
    received += bytes_text(bytes);
    when_bytes();
  }
  void on_end(End e) override {
    end = e;
    when_end();
  }
  void on_drained() override { when_drained(); }
};

/// Accepts one connection into a StreamSide and stops listening.
struct AcceptOne : TcpListener::Events {
  AcceptOne(Loop& loop, int fd, StreamSide& accepted)
      : side(accepted), listener(std::in_place, loop, fd, *this) {}
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

  StreamSide& side;
  Address peer;
  std::function<Accept()> gate = [] { return Accept::yes; };
  std::optional<TcpListener> listener;
};

}  // namespace finishline::test
