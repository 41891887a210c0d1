// The client against a scripted peer: requests and connections that fail, and runs that come to nothing.
#include <doctest/doctest.h>

#include <algorithm>
#include <map>
#include <string>
#include <vector>

#include "tests/support/client_stage.h"

using namespace finishline;
using namespace finishline::client;

namespace {

/// It may come again after so long.
void turn_away(ScriptedPeer::Session& session, const Seen& seen, std::uint32_t after_us) {
  proto::FrameHeader header = seen.header;
  header.kind = proto::Kind::reply;
  header.detail = static_cast<std::uint32_t>(proto::Status::overloaded);
  header.service_us = after_us;
  session.send(header);
}

}  // namespace

TEST_CASE("a request whose server was lost is sent again, a limited number of times") {
  for (const std::size_t losses : {std::size_t{3}, std::size_t{1000}}) {
    ClientStage stage;
    stage.pipelined(1, 1);
    stage.peer.on_request = [losses](ScriptedPeer::Session& session, const Seen& seen) {
      const bool lost = session.requests > 1 && session.requests <= losses + 1;
      session.reply(seen, lost ? proto::Status::server_lost : proto::Status::ok);
    };
    CHECK(complete(stage.play(ClientStage::closed(2))));
    CHECK(stage.tally.ok() == (losses == 3 ? 2 : 1));
    CHECK(stage.tally.with_status(proto::Status::server_lost) == (losses == 3 ? 0 : 1));
    CHECK(stage.tally.retries() == (losses == 3 ? 3 : 9));
  }
}

TEST_CASE("a request that is refused as overloaded comes again after the time that it was told") {
  ClientStage stage;
  std::map<std::vector<std::byte>, Instant> refused;  // by body: each request has its own
  stage.peer.on_request = [&](ScriptedPeer::Session& session, const Seen& seen) {
    const auto [it, first] = refused.emplace(seen.body, stage.loop.fresh_now());
    if (!first) {
      CHECK(stage.loop.fresh_now() - it->second >= 20ms);
      return session.reply(seen);
    }
    turn_away(session, seen, 20'000);
  };
  stage.pipelined(2, 2);
  CHECK(complete(stage.play(ClientStage::closed(4))));
  CHECK(stage.tally.ok() == 4);
  CHECK(stage.tally.refusals() == 4);
  CHECK(stage.tally.retries() == 4);
}

TEST_CASE("in a closed loop a refused request keeps its place: no other is sent until it has its reply") {
  ClientStage stage;
  std::map<std::vector<std::byte>, int> seen_so_often;  // by body: each request has its own
  std::size_t unserved = 0, most_unserved = 0;
  stage.peer.on_request = [&](ScriptedPeer::Session& session, const Seen& seen) {
    const int times = ++seen_so_often[seen.body];
    unserved += times == 1;
    most_unserved = std::max(most_unserved, unserved);
    if (times == 3) {
      --unserved;
      return session.reply(seen);
    }
    turn_away(session, seen, 2'000);
  };
  stage.pipelined(2, 2);
  CHECK(complete(stage.play(ClientStage::closed(40))));
  CHECK(stage.tally.ok() == 40);
  CHECK(stage.tally.retries() == 80);
  CHECK(most_unserved == 4);
}

TEST_CASE("a request that may not be done twice is not sent again when its server was lost") {
  ClientStage stage;
  stage.settings.retry = false;
  stage.peer.on_request = [](ScriptedPeer::Session& session, const Seen& seen) {
    session.reply(seen, proto::Status::server_lost);
  };
  CHECK(complete(stage.play(ClientStage::closed(2))));
  CHECK(stage.tally.with_status(proto::Status::server_lost) == 2);
}

TEST_CASE("what was open on a lost connection is sent again, and answered once") {
  ClientStage stage;
  stage.pipelined(2, 4);
  stage.peer.on_request = [&](ScriptedPeer::Session& session, const Seen& seen) {
    if (stage.peer.sessions.size() <= 2 && session.requests == 20) return session.hang_up();
    session.reply(seen);
  };
  CHECK(complete(stage.play(ClientStage::closed(200))));
  CHECK(stage.tally.sent() == 200);
  CHECK(stage.tally.ok() == 200);
  CHECK(stage.tally.retries() > 0);
  CHECK(stage.tally.disconnects() >= 1);
}

TEST_CASE("what may not be done twice fails with its connection") {
  ClientStage stage;
  stage.not_retryable();
  stage.pipelined(1, 4);
  stage.peer.on_request = [&](ScriptedPeer::Session& session, const Seen& seen) {
    CHECK(seen.header.flags == 0);
    if (stage.peer.sessions.size() == 1 && session.requests == 4) return session.hang_up();
    if (stage.peer.sessions.size() == 1) return;
    session.reply(seen);
  };
  CHECK(complete(stage.play(ClientStage::closed(20))));
  CHECK(stage.tally.lost_requests() == 4);
  CHECK(stage.tally.ok() == 16);
  CHECK(stage.tally.retries() == 0);
}

TEST_CASE("after a goaway the open requests are awaited and the next ones take a new connection") {
  ClientStage stage;
  stage.pipelined(1, 2);
  stage.peer.on_request = [&](ScriptedPeer::Session& session, const Seen& seen) {
    if (session.requests == 3) {
      proto::FrameHeader goaway;
      goaway.kind = proto::Kind::goaway;
      session.send(goaway);
    }
    session.reply(seen);
  };
  CHECK(complete(stage.play(ClientStage::closed(20))));
  CHECK(stage.tally.ok() == 20);
  CHECK(stage.tally.retries() == 0);
  CHECK(stage.peer.sessions.size() > 3);
  for (const auto& session : stage.peer.sessions) CHECK(session->requests <= 4);
}

TEST_CASE("a request that was refused by a draining proxy is sent again") {
  ClientStage stage;
  stage.peer.on_request = [&](ScriptedPeer::Session& session, const Seen& seen) {
    session.reply(seen, stage.peer.sessions.size() == 1 ? proto::Status::draining : proto::Status::ok);
  };
  CHECK(complete(stage.play(ClientStage::closed(5))));
  CHECK(stage.tally.ok() == 5);
  CHECK(stage.tally.retries() == 1);
}

TEST_CASE("bytes that are no replies end the connection and are told") {
  ClientStage stage;
  stage.peer.on_request = [&](ScriptedPeer::Session& session, const Seen& seen) {
    if (stage.peer.sessions.size() == 1)
      return session.send("HTTP/1.1 400 Bad Request\r\nServer: another\r\n\r\n");
    session.reply(seen);
  };
  CHECK(complete(stage.play(ClientStage::closed(5))));
  CHECK(stage.tally.wrong_by(Fault::garbled) == 1);
  CHECK(stage.tally.ok() == 5);
}

TEST_CASE("nobody listening: the run gives up and says why") {
  ClientStage stage;
  {
    ScriptedPeer gone(stage.loop);
    stage.settings.wire.route.target = gone.address();
  }
  stage.settings.connect_timeout = 150ms;
  const Ending ending = stage.play(ClientStage::closed(5));
  CHECK(ending.kind == Ending::Kind::gave_up);
  CHECK(ending.reason.find("connection refused") != std::string::npos);
  CHECK(stage.tally.sent() == 0);
}

TEST_CASE("a peer that never answers: the run gives up, and nothing is forgotten") {
  ClientStage stage;
  stage.pipelined(2, 3);
  stage.settings.reply_timeout = 150ms;
  stage.peer.on_request = [](ScriptedPeer::Session&, const Seen&) {};
  CHECK(stage.play(ClientStage::closed(100)).kind == Ending::Kind::gave_up);
  CHECK(stage.tally.sent() == 6);
  CHECK(stage.tally.unanswered_requests() == 6);
}

TEST_CASE("an interrupted run ends at once with what it has") {
  ClientStage stage;
  stage.pipelined(1, 3);
  stage.peer.on_request = [&](ScriptedPeer::Session& session, const Seen& seen) {
    if (session.requests > 10) return stage.stop();
    session.reply(seen);
  };
  CHECK(stage.play(ClientStage::closed(100)).kind == Ending::Kind::interrupted);
  CHECK(stage.tally.sent() == stage.tally.ok() + stage.tally.unanswered_requests());
  CHECK(stage.tally.ok() <= 10);
  CHECK(stage.tally.unanswered_requests() > 0);
}
