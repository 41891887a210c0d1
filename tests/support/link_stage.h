// A server link on a real loop over loopback, towards a server that the test plays byte by byte. The
// dispatcher behind it and the ledger are real.
#pragma once

#include <doctest/doctest.h>
#include <sys/socket.h>
#include <unistd.h>

#include <memory>
#include <optional>
#include <vector>

#include "lb/worker/server_link.h"
#include "tests/support/dispatch_desk.h"
#include "tests/support/free_port.h"
#include "tests/support/loop_stage.h"

namespace finishline::test {

/// A server with a port of its own, at first absent: connections to it are refused.
class PlayedServer {
 public:
  ~PlayedServer() { vanish(); }
  net::Address address() const { return std::get<net::Address>(net::parse_address(port_.address())); }

  void appear() { listening_ = std::get<int>(net::open_listener(address())); }
  /// Its connection ends, and nobody listens any more.
  void vanish() {
    peer_.reset();
    if (listening_ >= 0) ::close(listening_);
    listening_ = -1;
  }
  void hang_up() { peer_.reset(); }

  /// Takes a connection that waits. True while there is one.
  bool connected() {
    if (!peer_ && listening_ >= 0) {
      const int fd = ::accept4(listening_, nullptr, nullptr, SOCK_CLOEXEC);
      if (fd >= 0) peer_ = std::make_unique<StagePeer>(fd);
    }
    return peer_ != nullptr;
  }
  StagePeer& peer() { return *peer_; }
  std::vector<StagePeer*> peers() {
    return peer_ ? std::vector<StagePeer*>{peer_.get()} : std::vector<StagePeer*>{};
  }

 private:
  FreePort port_;
  int listening_ = -1;
  std::unique_ptr<StagePeer> peer_;
};

/// One link to one played server; `other` is a second server whose link only remembers.
class LinkStage {
 public:
  explicit LinkStage(bool mini = false, bool present = true, Nanos ping_after = 0ns,
                     std::vector<net::Address> sources = {})
      : desk({{.name = "video-1", .mini = mini, .links = 0}, {.name = "music-1", .type = "music"}}) {
    if (present) server.appear();
    desk.ledger.set_state(1, ledger::ServerState::down);
    link.emplace(stage_.loop, desk.dispatcher, desk.metrics, 0,
                 worker::ServerLink::Options{.server = "video-1",
                                             .address = server.address(),
                                             .sources = net::SourceAddresses(std::move(sources)),
                                             .mini = mini,
                                             .max_body = 1000,
                                             .ping_after = ping_after,
                                             .ping_timeout = 20ms},
                 1, [this] { ++tried; });
    desk.dispatcher.assign_link(link->id(), 0);
    link->connect();
    if (present) REQUIRE(until_up());
  }

  template <class Done>
  bool until(Done done) {
    return stage_.until({}, [&] {
      if (server.connected()) server.peer().pump();
      return done();
    });
  }
  void turn() {
    int beats = 20;
    until([&beats] { return --beats < 0; });
  }
  bool until_up() {
    return until([this] { return server.connected() && link->state() == worker::ServerLink::State::up; });
  }
  /// Turns until the server has received `bytes` over this connection.
  bool until_received(std::size_t bytes) {
    return until([&] { return server.connected() && server.peer().received().size() >= bytes; });
  }
  bool until_answered(std::size_t n) {
    return until([&] { return desk.clients.given.size() >= n; });
  }

  void ask(std::uint64_t tag, const Ask& ask = {}) {
    desk.now = stage_.loop.fresh_now();
    desk.ask(tag, ask);
  }
  /// The id under which the server knows the n-th request of this connection.
  std::uint64_t token(std::size_t n) { return server.peer().frames().at(n).header.id; }
  void reply(std::uint64_t id, proto::Status status = proto::Status::ok, std::string_view body = {}) {
    server.peer().send(reply_frame(id, static_cast<std::uint32_t>(status), body));
  }
  static Bytes reply_frame(std::uint64_t id, std::uint32_t status = 0, std::string_view body = {}) {
    return frame_of(
        {.kind = proto::Kind::reply, .type = 'V', .id = id, .length = 1, .detail = status, .service_us = 700},
        body);
  }
  std::int64_t total(ledger::ServerCell cell) const { return desk.reader.total(0, cell); }

  int tried = 0;
  PlayedServer server;
  DispatchDesk desk;

 private:
  LoopStage stage_;

 public:
  std::optional<worker::ServerLink> link;  // goes before the loop
};

}  // namespace finishline::test
