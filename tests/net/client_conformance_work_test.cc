// The rules about cancelling, backlogs, estimates and the end, played against the reference server, which
// keeps them, and against peers that each break one.
#include <doctest/doctest.h>
#include <signal.h>

#include <algorithm>
#include <string>
#include <vector>

#include "client/conformance.h"
#include "tests/support/client_stage.h"
#include "tests/support/server_process.h"

using namespace finishline;
using namespace finishline::client;
using proto::FrameHeader;
using proto::Kind;
using proto::Status;

namespace {

using Results = std::vector<RuleResult>;
using Session = ScriptedPeer::Session;

constexpr std::string_view kUnderstands = R"({"cancel": true})";

/// A peer that understands cancel, holds requests of length 200 until they are cancelled, answers others, and
/// does all as it should, unless `answer` does it.
class Peer {
 public:
  std::function<bool(Session&, const Seen&)> answer = [](Session&, const Seen&) { return false; };
  std::function<void()> stop;

  Results play(bool as_proxy = false) {
    peer_.on_request = [this](Session& session, const Seen& seen) {
      if (!answer(session, seen)) behave(session, seen);
    };
    Route route;
    route.target = peer_.address();
    return conform(
        loop_, route,
        {.proxy = as_proxy, .max_length = 1000, .max_body = 1U << 10, .patience = 250ms, .stop = stop});
  }
  ScriptedPeer& peer() { return peer_; }

 private:
  static void behave(Session& session, const Seen& seen) {
    FrameHeader header = seen.header;
    switch (seen.header.kind) {
      case Kind::ping:
        header.kind = Kind::pong;
        return session.send(header, std::as_bytes(std::span(header.length == 1 ? kUnderstands : "")));
      case Kind::cancel:
        return cancel(session, header.id);
      case Kind::request:
        return header.length == 200 && header.id != 20 ? session.held.push_back(seen) : session.reply(seen);
      default:
        return;
    }
  }
  static void cancel(Session& session, std::uint64_t id) {
    for (const Seen& seen : std::exchange(session.held, {}))
      if (seen.header.id == id) session.reply(seen, Status::cancelled);
  }

  net::Loop loop_;
  ScriptedPeer peer_{loop_};
};

const RuleResult& result_of(const Results& results, const std::string& rule) {
  const auto at = std::ranges::find(results, rule, &RuleResult::rule);
  REQUIRE(at != results.end());
  return *at;
}

std::string came(const Results& results, const std::string& rule) {
  const RuleResult& result = result_of(results, rule);
  return result.outcome == Outcome::broken ? result.came
         : result.outcome == Outcome::kept ? "kept"
                                           : "untried";
}

}  // namespace

TEST_CASE("the reference server keeps the rules of cancelling, of backlogs and of its end") {
  const test::ServerProcess server(server::Options{});
  net::Loop loop;
  Route route;
  route.target = server.address();
  const Results results = conform(loop, route, {.stop = [&server] { server.send(SIGTERM); }});
  CHECK_MESSAGE(all_kept(results), to_summary(results));
  for (const char* rule :
       {"cancelled requests", "cancels of nothing", "cancels elsewhere", "backlogs", "goaway"})
    CHECK_MESSAGE(came(results, rule) == "kept", rule, ": ", came(results, rule));
}

TEST_CASE("who does not say that he understands cancel is not tried") {
  Peer silent;
  silent.answer = [](Session& session, const Seen& seen) {
    if (seen.header.kind != Kind::ping) return false;
    FrameHeader pong = seen.header;
    pong.kind = Kind::pong;
    session.send(pong);
    return true;
  };
  const Results results = silent.play();
  CHECK(came(results, "cancelled requests") == "untried");
  CHECK(came(results, "goaway") == "untried");
}

TEST_CASE("a peer that answers cancels, or what is cancelled twice, or not at all, is found") {
  Peer twice;
  twice.answer = [](Session& session, const Seen& seen) {
    if (seen.header.kind != Kind::cancel) return false;
    FrameHeader reply = seen.header;
    reply.kind = Kind::reply;
    reply.detail = static_cast<std::uint32_t>(Status::cancelled);
    session.send(reply);
    return false;
  };
  Results results = twice.play();
  CHECK(came(results, "cancelled requests") != "kept");
  CHECK(came(results, "cancels of nothing").starts_with("a reply with status cancelled"));

  Peer deaf;
  deaf.answer = [](Session&, const Seen& seen) { return seen.header.kind == Kind::cancel; };
  results = deaf.play();
  CHECK(came(results, "cancelled requests").starts_with("nothing for"));
  CHECK(came(results, "cancels of nothing") == "kept");
}

TEST_CASE("a peer that lets one connection cancel another's request is found") {
  Peer peer;
  peer.answer = [&peer](Session& session, const Seen& seen) {
    if (seen.header.kind == Kind::request && seen.header.id == 44) {
      session.held.push_back(seen);
      return true;
    }
    if (seen.header.kind != Kind::cancel) return false;
    for (auto& other : peer.peer().sessions)
      for (const Seen& held : std::exchange(other->held, {}))
        if (held.header.id == seen.header.id) other->reply(held, Status::cancelled);
    return true;
  };
  CHECK(came(peer.play(), "cancels elsewhere") == "status cancelled instead of ok");
}

TEST_CASE("a peer whose last reply tells of a backlog is found") {
  Peer peer;
  peer.answer = [](Session& session, const Seen& seen) {
    if (seen.header.kind != Kind::request || seen.header.length == 200) return false;
    FrameHeader reply = seen.header;
    reply.kind = Kind::reply;
    reply.origin = 5000;
    session.send(reply, seen.body);
    return true;
  };
  CHECK(came(peer.play(), "backlogs") == "a backlog of 5.000 ms behind the last reply");
}

TEST_CASE("a proxy that names servers it has not, or estimates what cannot be, is found") {
  Peer proxy;
  proxy.answer = [](Session& session, const Seen& seen) {
    FrameHeader header = seen.header;
    if (header.kind == Kind::describe) {
      header.kind = Kind::description;
      session.send(header, std::as_bytes(std::span(std::string_view(R"({"servers": [{"number": 3}]})"))));
      return true;
    }
    if (header.kind != Kind::estimate) return false;
    header.kind = Kind::estimated;
    session.send(header);
    return true;
  };
  const Results results = proxy.play(true);
  CHECK(came(results, "who did it") == "server 0, which it does not describe");
  CHECK(came(results, "estimates of unknown types") == "status ok instead of unknown_type");
  CHECK(came(results, "estimates of too long work") == "status ok instead of too_large");
  CHECK(came(results, "estimates do no work") == "an estimate that names no type of server");
  CHECK(came(results, "all classes") == "kept");
}

TEST_CASE("who ends without a goaway, or serves behind it, is found") {
  Peer mute;
  mute.stop = [] {};
  CHECK(came(mute.play(), "goaway").starts_with("no goaway: "));

  Peer late;
  late.stop = [&late] {
    Session& session = *late.peer().sessions.back();
    session.send(FrameHeader{.kind = Kind::goaway});
    for (const Seen& seen : std::exchange(session.held, {})) session.reply(seen);
  };
  CHECK(came(late.play(), "goaway") == "status ok instead of draining");
}
