// A client and a scripted peer on one loop. The loop aborts when a handle was left open.
#pragma once

#include <doctest/doctest.h>
#include <unistd.h>

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "client/runner.h"
#include "lb/net/listener.h"
#include "lb/net/socket.h"
#include "proto/frame.h"

namespace finishline::client {

/// A request as the peer saw it.
struct Seen {
  proto::FrameHeader header;
  std::vector<std::byte> body;
};

/// Accepts connections, decodes what comes and leaves the answering to the test.
class ScriptedPeer : net::TcpListener::Events {
 public:
  /// One accepted connection.
  struct Session : net::StreamEvents {
    Session(ScriptedPeer& owner, net::TcpStream accepted) : peer(owner), stream(std::move(accepted)) {
      stream.start(*this);
    }

    void reply(const Seen& seen, proto::Status status = proto::Status::ok) {
      proto::FrameHeader header = seen.header;
      header.kind = proto::Kind::reply;
      header.detail = static_cast<std::uint32_t>(status);
      const bool ok = status == proto::Status::ok;
      send(header, ok ? std::span<const std::byte>(seen.body) : std::span<const std::byte>());
    }
    void send(proto::FrameHeader header, std::span<const std::byte> body = {}) {
      header.body_bytes = static_cast<std::uint32_t>(body.size());
      std::byte bytes[proto::kHeaderBytes];
      proto::encode_header(header, bytes);
      stream.write(bytes);
      stream.write(body);
    }
    void send(std::string_view text) { stream.write(std::as_bytes(std::span(text))); }
    void hang_up() { stream = {}; }

    void on_bytes(std::span<const std::byte> bytes) override {
      if (peer.on_raw) return peer.on_raw(*this, {reinterpret_cast<const char*>(bytes.data()), bytes.size()});
      decoder.feed(bytes);
      proto::Frame frame;
      while (stream && decoder.next(frame) == proto::FrameDecoder::Step::frame) {
        ++requests;
        peer.on_request(*this, {frame.header, {frame.body.begin(), frame.body.end()}});
      }
    }
    void on_end(net::End) override { stream = {}; }

    ScriptedPeer& peer;
    net::TcpStream stream;
    proto::FrameDecoder decoder{proto::Direction::requests, 1U << 20};
    std::size_t requests = 0;
    std::vector<Seen> held;  // for the test
  };

  explicit ScriptedPeer(net::Loop& loop)
      : fd_(std::get<int>(net::open_listener(std::get<net::Address>(net::parse_address("127.0.0.1:0"))))),
        listener_(loop, fd_, *this) {}
  ~ScriptedPeer() { ::close(fd_); }

  net::Address address() const { return net::bound_address(fd_); }
  std::vector<std::unique_ptr<Session>> sessions;
  std::vector<std::string> callers;  // who connected, hosts alone
  std::function<void(Session&, const Seen&)> on_request = [](Session& s, const Seen& seen) { s.reply(seen); };
  std::function<void(Session&, std::string_view)> on_raw;  // instead of frames

 private:
  void on_accept(net::TcpStream stream, const net::Address& caller) override {
    const std::string host_and_port = caller.to_string();
    callers.push_back(host_and_port.substr(0, host_and_port.rfind(':')));
    sessions.push_back(std::make_unique<Session>(*this, std::move(stream)));
  }
  void on_accept_error(int) override { FAIL("accept failed"); }

  int fd_;
  net::TcpListener listener_;
};

/// A client and its peer, ready to play.
struct ClientStage {
  net::Loop loop;
  ScriptedPeer peer{loop};
  CostModel cost = CostModel::seed(1ms);
  Payload payload{1, 24};
  Tally tally{3};
  Journal journal = std::get<Journal>(Journal::open({}, cost, {}));
  Runner::Settings settings;

  ClientStage() {
    settings.wire.route.target = peer.address();
    settings.wire.expected = {&payload, proto::kRetryable, std::nullopt};
    settings.connect_timeout = 5s;
    settings.reply_timeout = 5s;
  }

  static model::Traffic closed(std::uint64_t requests) {
    model::Traffic traffic;
    traffic.weights = {1, 1, 1};
    traffic.requests = requests;
    return traffic;
  }
  void pipelined(std::uint32_t connections, std::uint32_t depth) {
    settings.connections = connections;
    settings.wire.depth = depth;
  }
  void not_retryable() {
    settings.retry = false;
    settings.wire.expected.flags = 0;
  }
  /// `then` sees the runner when it has played.
  Ending play(const model::Traffic& traffic, const std::function<void(const Runner&)>& then = {}) {
    settings.open_loop = traffic.arrivals != model::Arrivals::closed;
    Runner runner(loop, settings, model::LoadPlan(traffic), cost, tally, journal);
    stop = [&runner] { runner.stop({Ending::Kind::interrupted, "enough"}); };
    stop_at_once = [&runner] { runner.stop_at_once(); };
    const Ending ending = runner.play();
    if (then) then(runner);
    return ending;
  }
  std::function<void()> stop, stop_at_once;
};

inline bool complete(const Ending& ending) { return ending.kind == Ending::Kind::complete; }

}  // namespace finishline::client
