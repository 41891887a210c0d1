// The client at a peer that speaks something else, or refuses without end: the run ends, and says why.
#include <doctest/doctest.h>

#include <string>
#include <string_view>

#include "tests/support/client_stage.h"

using namespace finishline;
using namespace finishline::client;
using namespace std::string_view_literals;

namespace {

/// How a run ends where each connection is answered with `text` and closed.
std::string ending_at(std::string_view text) {
  ClientStage stage;
  stage.pipelined(2, 2);
  stage.peer.on_raw = [text](ScriptedPeer::Session& session, std::string_view) {
    session.send(text);
    session.stream.finish();
    session.stream = {};
  };
  const Ending ending = stage.play(ClientStage::closed(10));
  CHECK(ending.kind == Ending::Kind::gave_up);
  CHECK(stage.tally.ok() == 0);
  CHECK(stage.tally.sent() == stage.tally.unanswered_requests());
  return ending.reason;
}

bool has(const std::string& text, const std::string& part) { return text.find(part) != std::string::npos; }

}  // namespace

TEST_CASE("a peer that speaks something else ends the run, which says what came and what it looks like") {
  CHECK(has(ending_at("HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\n"),
            "sends no replies but 48 54 54 50 2f 31 2e 31 20 34 30 30 20 42 61 64 ..., which looks like "
            "HTTP: is it the "
            "admin address?"));
  CHECK(has(ending_at("\x15\x03\x03\0\x02\x02\x46"sv), "which looks like TLS: add --tls"));
  CHECK(has(ending_at("!1"), "21 31, which looks like the mini protocol: add --protocol mini"));
  CHECK(has(ending_at("SSH-2.0-x\r\n"), "which looks like SSH"));
}

TEST_CASE("a client of the mini protocol is told at once what it should have spoken instead") {
  const auto told = [](std::string_view text) {
    ClientStage stage;
    stage.pipelined(1, 2);
    stage.settings.wire.mini = true;
    stage.peer.on_raw = [text](ScriptedPeer::Session& session, std::string_view) {
      session.send(text);
      session.stream.finish();
      session.stream = {};
    };
    const Ending ending = stage.play(ClientStage::closed(10));
    CHECK(ending.kind == Ending::Kind::gave_up);
    CHECK(stage.tally.ok() == 0);
    return ending.reason;
  };
  CHECK(has(told("\x15\x03\x01\0\x02\x02\x0a"sv), "which looks like TLS: add --tls"));
  CHECK(has(told("HTTP/1.1 400 Bad Request\r\n"), "which looks like HTTP"));
  std::array<std::byte, proto::kHeaderBytes> bytes{};
  proto::encode_header({.kind = proto::Kind::reply, .type = 'V', .detail = 1}, bytes.data());
  CHECK(has(told({reinterpret_cast<const char*>(bytes.data()), bytes.size()}),
            "which looks like a frame: leave out --protocol mini"));
}

TEST_CASE("frames of another version end the run") {
  proto::FrameHeader header{.kind = proto::Kind::reply, .type = 'V'};
  std::array<std::byte, proto::kHeaderBytes> bytes{};
  proto::encode_header(header, bytes.data());
  bytes[4] = std::byte{2};
  CHECK(has(ending_at({reinterpret_cast<const char*>(bytes.data()), bytes.size()}), "a frame of version 2"));
}

TEST_CASE("a few bad connections among good ones do not end the run") {
  ClientStage stage;
  stage.pipelined(1, 1);
  stage.peer.on_request = [&](ScriptedPeer::Session& session, const Seen& seen) {
    if (stage.peer.sessions.size() % 2 == 1)
      return session.send("this is no frame, however long it may go on");
    session.reply(seen);
    if (session.requests == 2) session.hang_up();
  };
  CHECK(complete(stage.play(ClientStage::closed(20))));
  CHECK(stage.tally.ok() == 20);
  CHECK(stage.tally.wrong_by(Fault::garbled) >= 5);
}

TEST_CASE("a peer that closes every connection without a word is not waited for without end") {
  ClientStage stage;
  stage.settings.reply_timeout = 300ms;
  stage.peer.on_request = [](ScriptedPeer::Session& session, const Seen&) { session.hang_up(); };
  const Ending ending = stage.play(ClientStage::closed(1));
  CHECK(ending.kind == Ending::Kind::gave_up);
  CHECK(has(ending.reason, "no reply from"));
  CHECK(has(ending.reason, "with 1 request open"));
}

TEST_CASE(
    "a peer that closes one connection after another without a word ends the run, which asks what it is") {
  ClientStage stage;
  stage.pipelined(2, 1);
  stage.peer.on_request = [](ScriptedPeer::Session& session, const Seen&) { session.hang_up(); };
  const Ending ending = stage.play(ClientStage::closed(10));
  CHECK(ending.kind == Ending::Kind::gave_up);
  CHECK(has(ending.reason, "closes each connection without a word of the protocol: is it a listener"));
  CHECK(stage.tally.sent() == stage.tally.unanswered_requests());
}

TEST_CASE("a peer that has answered once may close its connections without being taken for a stranger") {
  ClientStage stage;
  stage.settings.reply_timeout = 1500ms;
  stage.peer.on_request = [&](ScriptedPeer::Session& session, const Seen& seen) {
    if (stage.peer.sessions.size() == 1 && session.requests == 1) return session.reply(seen);
    session.hang_up();
  };
  CHECK(has(stage.play(ClientStage::closed(10)).reason, "no reply from"));
  CHECK(stage.tally.ok() == 1);
}

TEST_CASE("a server that is always about to stop is asked a limited number of times") {
  ClientStage stage;
  stage.pipelined(1, 1);
  stage.peer.on_request = [](ScriptedPeer::Session& session, const Seen& seen) {
    session.reply(seen, proto::Status::draining);
  };
  CHECK(complete(stage.play(ClientStage::closed(1))));
  CHECK(stage.tally.with_status(proto::Status::draining) == 1);
  CHECK(stage.tally.refusals() == 10);
}

TEST_CASE(
    "a server that is always overloaded, and does not say for how long, is asked a limited number of times") {
  ClientStage stage;
  stage.pipelined(4, 1);
  stage.peer.on_request = [](ScriptedPeer::Session& session, const Seen& seen) {
    session.reply(seen, proto::Status::overloaded);
  };
  CHECK(complete(stage.play(ClientStage::closed(5))));
  CHECK(stage.tally.with_status(proto::Status::overloaded) == 5);
  CHECK(stage.tally.refusals() == 100);
}
