// A run of the client that is stopped: what is open is taken back where that is understood.
#include <doctest/doctest.h>

#include <string_view>
#include <vector>

#include "tests/support/client_stage.h"

using namespace finishline;
using namespace finishline::client;

namespace {

using Session = ScriptedPeer::Session;

/// Holds requests until there are `enough`, then stops the run; answers pings with this body, and cancels.
void hold(ClientStage& stage, std::size_t enough, std::string_view vitals,
          std::vector<std::uint64_t>& cancels) {
  stage.pipelined(1, static_cast<std::uint32_t>(enough));
  stage.peer.on_request = [&stage, enough, vitals, &cancels](Session& session, const Seen& seen) {
    if (seen.header.kind == proto::Kind::request) {
      session.held.push_back(seen);
      if (session.held.size() == enough) stage.stop();
    } else if (seen.header.kind == proto::Kind::ping) {
      CHECK(seen.header.length == 1);
      proto::FrameHeader pong = seen.header;
      pong.kind = proto::Kind::pong;
      session.send(pong, std::as_bytes(std::span(vitals)));
    } else if (seen.header.kind == proto::Kind::cancel) {
      cancels.push_back(seen.header.id);
      for (const Seen& held : session.held)
        if (held.header.id == seen.header.id) session.reply(held, proto::Status::cancelled);
    }
  };
}

}  // namespace

TEST_CASE("a run that is stopped takes back what is open, and counts the answers") {
  ClientStage stage;
  std::vector<std::uint64_t> cancels;
  hold(stage, 3, R"({"cancel": true})", cancels);
  CHECK(stage.play(ClientStage::closed(100)).kind == Ending::Kind::interrupted);
  CHECK(cancels.size() == 3);
  CHECK(stage.tally.sent() == 3);
  CHECK(stage.tally.with_status(proto::Status::cancelled) == 3);
  CHECK(stage.tally.unanswered_requests() == 0);
  CHECK(stage.tally.all_wrong() == 0);
}

TEST_CASE(
    "who does not understand cancel is sent none: the connection is reset, and what was open unanswered") {
  for (const std::string_view vitals : {R"({"cancel": false})", "", "no JSON"}) {
    ClientStage stage;
    std::vector<std::uint64_t> cancels;
    hold(stage, 3, vitals, cancels);
    CHECK(stage.play(ClientStage::closed(100)).kind == Ending::Kind::interrupted);
    CHECK(cancels.empty());
    CHECK(stage.tally.sent() == 3);
    CHECK(stage.tally.unanswered_requests() == 3);
    CHECK(stage.tally.retries() == 0);
    CHECK(stage.tally.disconnects() == 0);
    CHECK(stage.peer.sessions.size() == 1);
  }
}

TEST_CASE("a run that is stopped at once does not wait for what is taken back") {
  ClientStage stage;
  std::vector<std::uint64_t> cancels;
  hold(stage, 3, R"({"cancel": true})", cancels);
  stage.peer.on_request = [&stage, held = stage.peer.on_request](Session& session, const Seen& seen) {
    if (seen.header.kind == proto::Kind::ping) stage.stop_at_once();
    held(session, seen);
  };
  CHECK(stage.play(ClientStage::closed(100)).kind == Ending::Kind::interrupted);
  CHECK(cancels.empty());
  CHECK(stage.tally.unanswered_requests() == 3);
}

TEST_CASE("an answer that was on its way when the run was stopped counts as any other") {
  ClientStage stage;
  stage.pipelined(1, 2);
  stage.peer.on_request = [&](Session& session, const Seen& seen) {
    if (seen.header.kind == proto::Kind::request) session.held.push_back(seen);
    if (session.held.size() == 2) stage.stop();
    if (seen.header.kind != proto::Kind::ping) return;
    for (const Seen& held : session.held) session.reply(held);
  };
  CHECK(stage.play(ClientStage::closed(100)).kind == Ending::Kind::interrupted);
  CHECK(stage.tally.ok() == 2);
  CHECK(stage.tally.unanswered_requests() == 0);
}
