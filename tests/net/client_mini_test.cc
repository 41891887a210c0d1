// The client against a scripted peer that takes two bytes.
#include <doctest/doctest.h>

#include <string>
#include <string_view>

#include "proto/mini.h"
#include "tests/support/client_stage.h"

using namespace finishline;
using namespace finishline::client;

TEST_CASE("mini: two bytes each way, matched by order, even one byte at a time") {
  ClientStage stage;
  stage.settings.wire.mini = true;
  stage.pipelined(2, 4);
  stage.peer.on_raw = [](ScriptedPeer::Session& session, std::string_view words) {
    for (const char& byte : words) session.send(std::string_view(&byte, 1));
  };
  CHECK(complete(stage.play(ClientStage::closed(200))));
  CHECK(stage.tally.ok() == 200);
}

TEST_CASE("mini: a failure names its status, and any other answer is wrong") {
  ClientStage stage;
  stage.settings.wire.mini = true;
  int answers = 0;
  stage.peer.on_raw = [&](ScriptedPeer::Session& session, std::string_view words) {
    ++answers;
    session.send(answers == 2 ? "!4" : answers == 3 ? "Z0" : words);
  };
  CHECK(complete(stage.play(ClientStage::closed(5))));
  CHECK(stage.tally.ok() == 3);
  CHECK(stage.tally.with_status(proto::Status::no_server) == 1);
  CHECK(stage.tally.wrong_by(Fault::body) == 1);
}

TEST_CASE("mini: one request per connection, as the original client does") {
  ClientStage stage;
  stage.settings.wire.mini = true;
  stage.settings.wire.one_each = true;
  std::vector<std::string> received;
  stage.peer.on_raw = [&](ScriptedPeer::Session& session, std::string_view word) {
    received.emplace_back(word);
    session.send(word);
  };
  CHECK(complete(stage.play(ClientStage::closed(5))));
  CHECK(received.size() == 5);
  for (const std::string& word : received) CHECK(word.size() == 2);
}
