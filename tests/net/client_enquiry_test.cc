// The client asks a scripted peer what it is.
#include <doctest/doctest.h>

#include <string>

#include "client/enquiry.h"
#include "tests/support/client_stage.h"

using namespace finishline;
using namespace finishline::client;

TEST_CASE("a description is asked for with one frame and understood") {
  net::Loop loop;
  ScriptedPeer peer(loop);
  peer.on_request = [](ScriptedPeer::Session& session, const Seen& seen) {
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
  const std::vector<std::function<void(ScriptedPeer::Session&, Seen)>> answers{
      [](ScriptedPeer::Session& session, Seen seen) { session.reply(seen, proto::Status::no_server); },
      [](ScriptedPeer::Session& session, Seen seen) {
        seen.header.kind = proto::Kind::description;
        session.send(seen.header);
      },
      [](ScriptedPeer::Session& session, Seen) {
        session.send("-ERR unknown command 'describe', what do you want of me?\r\n");
      },
      [](ScriptedPeer::Session& session, Seen) { session.hang_up(); }};
  for (const auto& answer : answers) {
    net::Loop loop;
    ScriptedPeer peer(loop);
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
    ScriptedPeer gone(loop);
    address = gone.address();
  }
  const auto told = enquire(loop, address, 100ms);
  REQUIRE(std::holds_alternative<NotReached>(told));
  CHECK(std::get<NotReached>(told).reason.find(address.to_string()) != std::string::npos);
}
