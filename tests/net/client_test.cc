// The client against a scripted peer, both on one loop: what is sent, what is believed, and what happens when
// connections fail. Every case ends by closing its loop, which aborts when a handle was left open.
#include <doctest/doctest.h>
#include <unistd.h>

#include <algorithm>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "client/enquiry.h"
#include "client/runner.h"
#include "lb/net/listener.h"
#include "lb/net/socket.h"
#include "proto/frame.h"
#include "proto/mini.h"

using namespace finishline;
using namespace finishline::client;

namespace {

/// A request as the peer saw it.
struct Seen {
  proto::FrameHeader header;
  std::vector<std::byte> body;
};

/// Accepts connections, decodes what comes and leaves the answering to the test.
class Peer : net::TcpListener::Events {
 public:
  /// One accepted connection.
  struct Session : net::StreamEvents {
    Session(Peer& owner, net::TcpStream accepted) : peer(owner), stream(std::move(accepted)) {
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

    Peer& peer;
    net::TcpStream stream;
    proto::FrameDecoder decoder{proto::Direction::requests, 1U << 20};
    std::size_t requests = 0;
    std::vector<Seen> held;  // for the test
  };

  explicit Peer(net::Loop& loop)
      : fd_(std::get<int>(net::open_listener(std::get<net::Address>(net::parse_address("127.0.0.1:0"))))),
        listener_(loop, fd_, *this) {}
  ~Peer() { ::close(fd_); }

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
struct Stage {
  net::Loop loop;
  Peer peer{loop};
  CostModel cost = CostModel::seed(1ms);
  Payload payload{1, 24};
  Tally tally{3};
  Journal journal = std::get<Journal>(Journal::open({}, cost, {}));
  Runner::Settings settings;

  Stage() {
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
  Ending play(const model::Traffic& traffic) {
    settings.open_loop = traffic.arrivals != model::Arrivals::closed;
    Runner runner(loop, settings, model::LoadPlan(traffic), cost, tally, journal);
    stop = [&runner] { runner.stop({Ending::Kind::interrupted, "enough"}); };
    return runner.play();
  }
  std::function<void()> stop;
};

bool complete(const Ending& ending) { return ending.kind == Ending::Kind::complete; }

}  // namespace

TEST_CASE("every request of a closed loop is sent once and answered") {
  Stage stage;
  stage.pipelined(4, 8);
  CHECK(complete(stage.play(Stage::closed(1000))));
  CHECK(stage.tally.sent() == 1000);
  CHECK(stage.tally.ok() == 1000);
  CHECK(stage.tally.all_wrong() == 0);
  CHECK(stage.tally.retries() == 0);
  CHECK(stage.tally.latency().count() == 1000);
}

TEST_CASE("a closed loop keeps to its depth on every connection") {
  Stage stage;
  stage.pipelined(3, 5);
  std::size_t most = 0;
  stage.peer.on_request = [&](Peer::Session& session, const Seen& seen) {
    session.held.push_back(seen);
    most = std::max(most, session.held.size());
    if (session.held.size() < 5 && session.requests < 100) return;
    for (const Seen& held : std::exchange(session.held, {})) session.reply(held);
  };
  CHECK(complete(stage.play(Stage::closed(300))));
  CHECK(most == 5);
  CHECK(stage.tally.most_open() == 15);
}

TEST_CASE("an open loop sends on whether or not it is answered") {
  Stage stage;
  stage.pipelined(2, 0);
  std::size_t received = 0;
  stage.peer.on_request = [&](Peer::Session& session, const Seen& seen) {
    session.held.push_back(seen);
    if (++received < 200) return;
    for (const auto& other : stage.peer.sessions) {
      for (const Seen& held : std::exchange(other->held, {})) other->reply(held);
    }
  };
  model::Traffic traffic = Stage::closed(200);
  traffic.arrivals = model::Arrivals::uniform;
  traffic.rate = 20000;
  CHECK(complete(stage.play(traffic)));
  CHECK(stage.tally.ok() == 200);
  CHECK(stage.tally.most_open() == 200);
}

TEST_CASE("an open loop spreads over its connections in turns") {
  Stage stage;
  stage.pipelined(4, 0);
  model::Traffic traffic = Stage::closed(100);
  traffic.arrivals = model::Arrivals::burst;
  CHECK(complete(stage.play(traffic)));
  REQUIRE(stage.peer.sessions.size() == 4);
  for (const auto& session : stage.peer.sessions) CHECK(session->requests == 25);
}

TEST_CASE("replies in any order find their requests") {
  Stage stage;
  stage.pipelined(1, 10);
  stage.peer.on_request = [](Peer::Session& session, const Seen& seen) {
    session.held.push_back(seen);
    if (session.held.size() < 10) return;
    std::reverse(session.held.begin(), session.held.end());
    for (const Seen& held : std::exchange(session.held, {})) session.reply(held);
  };
  CHECK(complete(stage.play(Stage::closed(100))));
  CHECK(stage.tally.ok() == 100);
}

TEST_CASE("replies whose bodies were swapped are wrong, both of them") {
  Stage stage;
  stage.pipelined(1, 2);
  stage.peer.on_request = [](Peer::Session& session, const Seen& seen) {
    session.held.push_back(seen);
    if (session.held.size() < 2) return;
    std::swap(session.held[0].body, session.held[1].body);
    for (const Seen& held : std::exchange(session.held, {})) session.reply(held);
  };
  CHECK(complete(stage.play(Stage::closed(2))));
  CHECK(stage.tally.ok() == 0);
  CHECK(stage.tally.wrong_by(Fault::body) == 2);
}

TEST_CASE("a reply that comes twice counts once, and as unexpected") {
  Stage stage;
  stage.pipelined(1, 1);
  stage.peer.on_request = [](Peer::Session& session, const Seen& seen) {
    session.reply(seen);
    if (session.requests == 1) session.reply(seen);
  };
  CHECK(complete(stage.play(Stage::closed(10))));
  CHECK(stage.tally.ok() == 10);
  CHECK(stage.tally.wrong_by(Fault::unexpected) == 1);
}

TEST_CASE("a status other than ok is a failure of that request alone") {
  Stage stage;
  stage.peer.on_request = [](Peer::Session& session, const Seen& seen) {
    session.reply(seen, session.requests == 3 ? proto::Status::no_server : proto::Status::ok);
  };
  CHECK(complete(stage.play(Stage::closed(10))));
  CHECK(stage.tally.ok() == 9);
  CHECK(stage.tally.with_status(proto::Status::no_server) == 1);
}

TEST_CASE("a request whose server was lost is sent again, a limited number of times") {
  for (const std::size_t losses : {std::size_t{3}, std::size_t{1000}}) {
    Stage stage;
    stage.pipelined(1, 1);
    stage.peer.on_request = [losses](Peer::Session& session, const Seen& seen) {
      const bool lost = session.requests > 1 && session.requests <= losses + 1;
      session.reply(seen, lost ? proto::Status::server_lost : proto::Status::ok);
    };
    CHECK(complete(stage.play(Stage::closed(2))));
    CHECK(stage.tally.ok() == (losses == 3 ? 2 : 1));
    CHECK(stage.tally.with_status(proto::Status::server_lost) == (losses == 3 ? 0 : 1));
    CHECK(stage.tally.retries() == (losses == 3 ? 3 : 9));
  }
}

TEST_CASE("a request that is refused as overloaded comes again after the time that it was told") {
  Stage stage;
  std::map<std::vector<std::byte>, Instant> refused;  // by body: each request has its own
  stage.peer.on_request = [&](Peer::Session& session, const Seen& seen) {
    const auto [it, first] = refused.emplace(seen.body, stage.loop.fresh_now());
    if (!first) {
      CHECK(stage.loop.fresh_now() - it->second >= 20ms);
      return session.reply(seen);
    }
    proto::FrameHeader header = seen.header;
    header.kind = proto::Kind::reply;
    header.detail = static_cast<std::uint32_t>(proto::Status::overloaded);
    header.service_us = 20'000;
    session.send(header);
  };
  stage.pipelined(2, 2);
  CHECK(complete(stage.play(Stage::closed(4))));
  CHECK(stage.tally.ok() == 4);
  CHECK(stage.tally.refusals() == 4);
  CHECK(stage.tally.retries() == 4);
}

TEST_CASE("a request that may not be done twice is not sent again when its server was lost") {
  Stage stage;
  stage.settings.retry = false;
  stage.peer.on_request = [](Peer::Session& session, const Seen& seen) {
    session.reply(seen, proto::Status::server_lost);
  };
  CHECK(complete(stage.play(Stage::closed(2))));
  CHECK(stage.tally.with_status(proto::Status::server_lost) == 2);
}

TEST_CASE("what was open on a lost connection is sent again, and answered once") {
  Stage stage;
  stage.pipelined(2, 4);
  stage.peer.on_request = [&](Peer::Session& session, const Seen& seen) {
    if (stage.peer.sessions.size() <= 2 && session.requests == 20) return session.hang_up();
    session.reply(seen);
  };
  CHECK(complete(stage.play(Stage::closed(200))));
  CHECK(stage.tally.sent() == 200);
  CHECK(stage.tally.ok() == 200);
  CHECK(stage.tally.retries() > 0);
  CHECK(stage.tally.disconnects() >= 1);
}

TEST_CASE("what may not be done twice fails with its connection") {
  Stage stage;
  stage.not_retryable();
  stage.pipelined(1, 4);
  stage.peer.on_request = [&](Peer::Session& session, const Seen& seen) {
    CHECK(seen.header.flags == 0);
    if (stage.peer.sessions.size() == 1 && session.requests == 4) return session.hang_up();
    if (stage.peer.sessions.size() == 1) return;
    session.reply(seen);
  };
  CHECK(complete(stage.play(Stage::closed(20))));
  CHECK(stage.tally.lost_requests() == 4);
  CHECK(stage.tally.ok() == 16);
  CHECK(stage.tally.retries() == 0);
}

TEST_CASE("after a goaway the open requests are awaited and the next ones take a new connection") {
  Stage stage;
  stage.pipelined(1, 2);
  stage.peer.on_request = [&](Peer::Session& session, const Seen& seen) {
    if (session.requests == 3) {
      proto::FrameHeader goaway;
      goaway.kind = proto::Kind::goaway;
      session.send(goaway);
    }
    session.reply(seen);
  };
  CHECK(complete(stage.play(Stage::closed(20))));
  CHECK(stage.tally.ok() == 20);
  CHECK(stage.tally.retries() == 0);
  CHECK(stage.peer.sessions.size() > 3);
  for (const auto& session : stage.peer.sessions) CHECK(session->requests <= 4);
}

TEST_CASE("a request that was refused by a draining proxy is sent again") {
  Stage stage;
  stage.peer.on_request = [&](Peer::Session& session, const Seen& seen) {
    session.reply(seen, stage.peer.sessions.size() == 1 ? proto::Status::draining : proto::Status::ok);
  };
  CHECK(complete(stage.play(Stage::closed(5))));
  CHECK(stage.tally.ok() == 5);
  CHECK(stage.tally.retries() == 1);
}

TEST_CASE("bytes that are no replies end the connection and are told") {
  Stage stage;
  stage.peer.on_request = [&](Peer::Session& session, const Seen& seen) {
    if (stage.peer.sessions.size() == 1)
      return session.send("HTTP/1.1 400 Bad Request\r\nServer: another\r\n\r\n");
    session.reply(seen);
  };
  CHECK(complete(stage.play(Stage::closed(5))));
  CHECK(stage.tally.wrong_by(Fault::garbled) == 1);
  CHECK(stage.tally.ok() == 5);
}

TEST_CASE("with one request each, no connection carries a second") {
  Stage stage;
  stage.settings.wire.one_each = true;
  stage.settings.connections = 3;
  CHECK(complete(stage.play(Stage::closed(30))));
  CHECK(stage.tally.ok() == 30);
  CHECK(stage.tally.disconnects() == 0);
  for (const auto& session : stage.peer.sessions) CHECK(session->requests <= 1);
}

TEST_CASE("connections come from the source addresses in turn, those that are renewed, too") {
  Stage stage;
  stage.settings.wire.one_each = true;
  stage.settings.connections = 2;
  stage.settings.wire.route.sources = {std::get<net::Address>(net::parse_address("127.0.0.5:0")),
                                       std::get<net::Address>(net::parse_address("127.0.0.6:0")),
                                       std::get<net::Address>(net::parse_address("127.0.0.7:0"))};
  CHECK(complete(stage.play(Stage::closed(60))));
  std::map<std::string, int> from;
  for (const std::string& caller : stage.peer.callers) ++from[caller];
  CHECK(from.size() == 3);
  for (const auto& [host, times] : from) {
    CAPTURE(host);
    CHECK(host.starts_with("127.0.0."));
    CHECK(times >= 19);
  }
}

TEST_CASE("requests carry type, length, flag, deadline and a body of their own") {
  Stage stage;
  stage.pipelined(1, 4);
  stage.settings.wire.deadline_ms = 1500;
  std::vector<Seen> all;
  stage.peer.on_request = [&](Peer::Session& session, const Seen& seen) {
    all.push_back(seen);
    session.reply(seen);
  };
  const model::Traffic traffic = Stage::closed(50);
  CHECK(complete(stage.play(traffic)));
  const auto plan = model::list_of(model::LoadPlan(traffic), 50);
  for (std::size_t i = 0; i < plan.size(); ++i) {
    CHECK(all[i].header.type == stage.cost.request_types()[plan[i].type].code);
    CHECK(all[i].header.length == plan[i].length);
    CHECK(all[i].header.flags == proto::kRetryable);
    CHECK(all[i].header.detail == 1500);
    CHECK(std::ranges::equal(all[i].body, stage.payload.body_of(i)));
  }
}

TEST_CASE("nobody listening: the run gives up and says why") {
  Stage stage;
  {
    Peer gone(stage.loop);
    stage.settings.wire.route.target = gone.address();
  }
  stage.settings.connect_timeout = 150ms;
  const Ending ending = stage.play(Stage::closed(5));
  CHECK(ending.kind == Ending::Kind::gave_up);
  CHECK(ending.reason.find("connection refused") != std::string::npos);
  CHECK(stage.tally.sent() == 0);
}

TEST_CASE("a peer that never answers: the run gives up, and nothing is forgotten") {
  Stage stage;
  stage.pipelined(2, 3);
  stage.settings.reply_timeout = 150ms;
  stage.peer.on_request = [](Peer::Session&, const Seen&) {};
  CHECK(stage.play(Stage::closed(100)).kind == Ending::Kind::gave_up);
  CHECK(stage.tally.sent() == 6);
  CHECK(stage.tally.unanswered_requests() == 6);
}

TEST_CASE("an interrupted run ends at once with what it has") {
  Stage stage;
  stage.pipelined(1, 3);
  stage.peer.on_request = [&](Peer::Session& session, const Seen& seen) {
    if (session.requests > 10) return stage.stop();
    session.reply(seen);
  };
  CHECK(stage.play(Stage::closed(100)).kind == Ending::Kind::interrupted);
  CHECK(stage.tally.sent() == stage.tally.ok() + stage.tally.unanswered_requests());
  CHECK(stage.tally.ok() <= 10);
  CHECK(stage.tally.unanswered_requests() > 0);
}

TEST_CASE("mini: two bytes each way, matched by order, even one byte at a time") {
  Stage stage;
  stage.settings.wire.mini = true;
  stage.pipelined(2, 4);
  stage.peer.on_raw = [](Peer::Session& session, std::string_view words) {
    for (const char& byte : words) session.send(std::string_view(&byte, 1));
  };
  CHECK(complete(stage.play(Stage::closed(200))));
  CHECK(stage.tally.ok() == 200);
}

TEST_CASE("mini: a failure names its status, and any other answer is wrong") {
  Stage stage;
  stage.settings.wire.mini = true;
  int answers = 0;
  stage.peer.on_raw = [&](Peer::Session& session, std::string_view words) {
    ++answers;
    session.send(answers == 2 ? "!4" : answers == 3 ? "Z0" : words);
  };
  CHECK(complete(stage.play(Stage::closed(5))));
  CHECK(stage.tally.ok() == 3);
  CHECK(stage.tally.with_status(proto::Status::no_server) == 1);
  CHECK(stage.tally.wrong_by(Fault::body) == 1);
}

TEST_CASE("mini: one request per connection, as the original client does") {
  Stage stage;
  stage.settings.wire.mini = true;
  stage.settings.wire.one_each = true;
  std::vector<std::string> received;
  stage.peer.on_raw = [&](Peer::Session& session, std::string_view word) {
    received.emplace_back(word);
    session.send(word);
  };
  CHECK(complete(stage.play(Stage::closed(5))));
  CHECK(received.size() == 5);
  for (const std::string& word : received) CHECK(word.size() == 2);
}

// --- asking for the description --------------------------------------------------------------------------

TEST_CASE("a description is asked for with one frame and understood") {
  net::Loop loop;
  Peer peer(loop);
  peer.on_request = [](Peer::Session& session, const Seen& seen) {
    CHECK(seen.header.kind == proto::Kind::describe);
    proto::FrameHeader header = seen.header;
    header.kind = proto::Kind::description;
    const std::string_view json =
        R"({"unit_ns": 2000000, "pool": "media", "types": [{"name": "video", "code": "V"}],
      "server_types": ["video"], "cost": [[1]], "servers": [{"number": 0, "name": "v", "type": "video"}]})";
    session.send(header, std::as_bytes(std::span(json)));
  };
  const auto told = enquire(loop, peer.address(), 5s);
  REQUIRE(std::holds_alternative<Description>(told));
  CHECK(std::get<Description>(told).cost.unit() == 2ms);
}

TEST_CASE("a refusal, nonsense and a closed connection mean: not described") {
  const std::vector<std::function<void(Peer::Session&, Seen)>> answers{
      [](Peer::Session& session, Seen seen) { session.reply(seen, proto::Status::no_server); },
      [](Peer::Session& session, Seen seen) {
        seen.header.kind = proto::Kind::description;
        session.send(seen.header);
      },
      [](Peer::Session& session, Seen) {
        session.send("-ERR unknown command 'describe', what do you want of me?\r\n");
      },
      [](Peer::Session& session, Seen) { session.hang_up(); }};
  for (const auto& answer : answers) {
    net::Loop loop;
    Peer peer(loop);
    peer.on_request = answer;
    const auto told = enquire(loop, peer.address(), 5s);
    REQUIRE(std::holds_alternative<NotDescribed>(told));
    CHECK_FALSE(std::get<NotDescribed>(told).reason.empty());
  }
}

TEST_CASE("where nobody listens there is no description, and the address is named") {
  net::Loop loop;
  net::Address address;
  {
    Peer gone(loop);
    address = gone.address();
  }
  const auto told = enquire(loop, address, 100ms);
  REQUIRE(std::holds_alternative<NotReached>(told));
  CHECK(std::get<NotReached>(told).reason.find(address.to_string()) != std::string::npos);
}
