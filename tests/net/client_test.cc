// The client against a scripted peer: what is sent, and what is believed.
#include <doctest/doctest.h>

#include <algorithm>
#include <map>
#include <string>
#include <vector>

#include "tests/support/client_stage.h"

using namespace finishline;
using namespace finishline::client;

TEST_CASE("every request of a closed loop is sent once and answered") {
  ClientStage stage;
  stage.pipelined(4, 8);
  CHECK(complete(stage.play(ClientStage::closed(1000))));
  CHECK(stage.tally.sent() == 1000);
  CHECK(stage.tally.ok() == 1000);
  CHECK(stage.tally.all_wrong() == 0);
  CHECK(stage.tally.retries() == 0);
  CHECK(stage.tally.latency().count() == 1000);
}

TEST_CASE("a closed loop keeps to its depth on every connection") {
  ClientStage stage;
  stage.pipelined(3, 5);
  std::size_t most = 0;
  stage.peer.on_request = [&](ScriptedPeer::Session& session, const Seen& seen) {
    session.held.push_back(seen);
    most = std::max(most, session.held.size());
    if (session.held.size() < 5 && session.requests < 100) return;
    for (const Seen& held : std::exchange(session.held, {})) session.reply(held);
  };
  CHECK(complete(stage.play(ClientStage::closed(300))));
  CHECK(most == 5);
  CHECK(stage.tally.most_open() == 15);
}

TEST_CASE("an open loop sends on whether or not it is answered") {
  ClientStage stage;
  stage.pipelined(2, 0);
  std::size_t received = 0;
  stage.peer.on_request = [&](ScriptedPeer::Session& session, const Seen& seen) {
    session.held.push_back(seen);
    if (++received < 200) return;
    for (const auto& other : stage.peer.sessions) {
      for (const Seen& held : std::exchange(other->held, {})) other->reply(held);
    }
  };
  model::Traffic traffic = ClientStage::closed(200);
  traffic.arrivals = model::Arrivals::uniform;
  traffic.rate = 20000;
  CHECK(complete(stage.play(traffic)));
  CHECK(stage.tally.ok() == 200);
  CHECK(stage.tally.most_open() == 200);
}

TEST_CASE("an open loop spreads over its connections in turns") {
  ClientStage stage;
  stage.pipelined(4, 0);
  model::Traffic traffic = ClientStage::closed(100);
  traffic.arrivals = model::Arrivals::burst;
  CHECK(complete(stage.play(traffic)));
  REQUIRE(stage.peer.sessions.size() == 4);
  for (const auto& session : stage.peer.sessions) CHECK(session->requests == 25);
}

TEST_CASE("a connection that thinks sends nothing for so long after a reply") {
  ClientStage stage;
  stage.pipelined(2, 1);
  stage.settings.wire.think = ThinkTime(20ms, false);
  std::map<const ScriptedPeer::Session*, Instant> replied;
  stage.peer.on_request = [&](ScriptedPeer::Session& session, const Seen& seen) {
    if (const auto at = replied.find(&session); at != replied.end())
      CHECK(stage.loop.now() - at->second >= 19ms);
    session.reply(seen);
    replied[&session] = stage.loop.now();
  };
  CHECK(complete(stage.play(ClientStage::closed(10))));
  CHECK(stage.tally.ok() == 10);
  CHECK(replied.size() == 2);
}

TEST_CASE("a connection thinks, too, when each request has a new one") {
  ClientStage stage;
  stage.pipelined(1, 1);
  stage.settings.wire.one_each = true;
  stage.settings.wire.think = ThinkTime(5ms, true);
  CHECK(complete(stage.play(ClientStage::closed(8))));
  CHECK(stage.tally.ok() == 8);
}

TEST_CASE("runners that share a plan send each of its requests once, whoever is faster") {
  ClientStage stage;
  std::map<std::string, int> bodies;
  stage.peer.on_request = [&](ScriptedPeer::Session& session, const Seen& seen) {
    ++bodies[{reinterpret_cast<const char*>(seen.body.data()), seen.body.size()}];
    session.reply(seen);
  };
  Tally all(3);
  for (std::uint32_t i = 0; i < 3; ++i) {
    stage.settings.share = {i, 3};
    stage.tally = Tally(3);
    CHECK(complete(stage.play(ClientStage::closed(100))));
    CHECK(stage.tally.sent() == (i == 0 ? 34 : 33));
    all.merge(stage.tally);
  }
  CHECK(all.sent() == 100);
  CHECK(all.ok() == 100);
  CHECK(all.latency().count() == 100);
  CHECK(bodies.size() == 100);
  stage.settings.share = {};
  stage.tally = Tally(3);
  CHECK(complete(stage.play(ClientStage::closed(100))));
  for (std::size_t i = 0; i < 3; ++i) CHECK(all.types()[i].sent == stage.tally.types()[i].sent);
}

TEST_CASE("a thread that has nothing to send ends") {
  ClientStage stage;
  stage.settings.share = {4, 5};
  CHECK(complete(stage.play(ClientStage::closed(3))));
  CHECK(stage.tally.sent() == 0);
}

TEST_CASE("replies in any order find their requests") {
  ClientStage stage;
  stage.pipelined(1, 10);
  stage.peer.on_request = [](ScriptedPeer::Session& session, const Seen& seen) {
    session.held.push_back(seen);
    if (session.held.size() < 10) return;
    std::reverse(session.held.begin(), session.held.end());
    for (const Seen& held : std::exchange(session.held, {})) session.reply(held);
  };
  CHECK(complete(stage.play(ClientStage::closed(100))));
  CHECK(stage.tally.ok() == 100);
}

TEST_CASE("replies whose bodies were swapped are wrong, both of them") {
  ClientStage stage;
  stage.pipelined(1, 2);
  stage.peer.on_request = [](ScriptedPeer::Session& session, const Seen& seen) {
    session.held.push_back(seen);
    if (session.held.size() < 2) return;
    std::swap(session.held[0].body, session.held[1].body);
    for (const Seen& held : std::exchange(session.held, {})) session.reply(held);
  };
  CHECK(complete(stage.play(ClientStage::closed(2))));
  CHECK(stage.tally.ok() == 0);
  CHECK(stage.tally.wrong_by(Fault::body) == 2);
}

TEST_CASE("a reply that comes twice counts once, and as unexpected") {
  ClientStage stage;
  stage.pipelined(1, 1);
  stage.peer.on_request = [](ScriptedPeer::Session& session, const Seen& seen) {
    session.reply(seen);
    if (session.requests == 1) session.reply(seen);
  };
  CHECK(complete(stage.play(ClientStage::closed(10))));
  CHECK(stage.tally.ok() == 10);
  CHECK(stage.tally.wrong_by(Fault::unexpected) == 1);
}

TEST_CASE("a status other than ok is a failure of that request alone") {
  ClientStage stage;
  stage.peer.on_request = [](ScriptedPeer::Session& session, const Seen& seen) {
    session.reply(seen, session.requests == 3 ? proto::Status::no_server : proto::Status::ok);
  };
  CHECK(complete(stage.play(ClientStage::closed(10))));
  CHECK(stage.tally.ok() == 9);
  CHECK(stage.tally.with_status(proto::Status::no_server) == 1);
}

TEST_CASE("with one request each, no connection carries a second") {
  ClientStage stage;
  stage.settings.wire.one_each = true;
  stage.settings.connections = 3;
  CHECK(complete(stage.play(ClientStage::closed(30))));
  CHECK(stage.tally.ok() == 30);
  CHECK(stage.tally.disconnects() == 0);
  for (const auto& session : stage.peer.sessions) CHECK(session->requests <= 1);
}

TEST_CASE("connections come from the source addresses in turn, those that are renewed, too") {
  ClientStage stage;
  stage.settings.wire.one_each = true;
  stage.settings.connections = 2;
  stage.settings.wire.route.sources = {std::get<net::Address>(net::parse_address("127.0.0.5:0")),
                                       std::get<net::Address>(net::parse_address("127.0.0.6:0")),
                                       std::get<net::Address>(net::parse_address("127.0.0.7:0"))};
  CHECK(complete(stage.play(ClientStage::closed(60))));
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
  ClientStage stage;
  stage.pipelined(1, 4);
  stage.settings.wire.deadline_ms = 1500;
  std::vector<Seen> all;
  stage.peer.on_request = [&](ScriptedPeer::Session& session, const Seen& seen) {
    all.push_back(seen);
    session.reply(seen);
  };
  const model::Traffic traffic = ClientStage::closed(50);
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

TEST_CASE("requests of the warm-up are answered and stand in no figure") {
  ClientStage stage;
  stage.pipelined(1, 0);
  stage.settings.warmup = 50ms;
  model::Traffic traffic = ClientStage::closed(20);
  traffic.arrivals = model::Arrivals::uniform;
  traffic.rate = 100;
  std::uint64_t warm_up = 0;
  CHECK(complete(stage.play(traffic, [&](const Runner& runner) { warm_up = runner.warm_up().ok(); })));
  CHECK(warm_up == 5);
  CHECK(stage.tally.sent() == 15);
  CHECK(stage.tally.ok() == 15);
}
