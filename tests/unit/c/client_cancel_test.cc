// What the other side of a client hears of requests that are cancelled.
#include <doctest/doctest.h>

#include <string_view>
#include <vector>

#include "proto/c/finishline.h"
#include "tests/support/c_client.h"

using namespace finishline;
using namespace finishline::test;
using proto::Kind;

namespace {

/// What a host hears after a request that is cancelled, where it answers the client's question so, and after
/// another one.
std::vector<proto::FrameHeader> heard_of_cancels(std::string_view pong) {
  TcpHost host;
  CClient client(host);
  std::vector<proto::FrameHeader> heard;
  const auto hear = [&](TcpPeer& peer, std::size_t frames) {
    client.against([&] {
      for (; frames > 0; --frames) {
        heard.push_back(peer.read_frame().value().header);
        if (heard.back().kind == Kind::ping)
          peer.send_frame({.kind = Kind::pong, .id = heard.back().id}, pong);
      }
      return 0;
    });
  };
  const bool understands = pong == R"({"cancel": true})";
  const finishline_ticket first = client.submit(call_of("first"));
  TcpPeer peer = client.against([&] {
    TcpPeer accepted = host.accept();
    accepted.read_frame().value();
    return accepted;
  });
  finishline_cancel(client.get(), first);
  hear(peer, understands ? 2 : 1);
  const finishline_ticket second = client.submit(call_of("second"));
  hear(peer, 1);
  finishline_cancel(client.get(), second);
  client.submit(call_of("third"));
  hear(peer, understands ? 2 : 1);
  CHECK(heard[0].kind == Kind::ping);
  CHECK(heard[0].length == 1);
  return heard;
}

}  // namespace

TEST_CASE("c: who understands cancel is told of what is cancelled, and asked but once") {
  const auto heard = heard_of_cancels(R"({"cancel": true})");
  REQUIRE(heard.size() == 5);
  CHECK(heard[1].kind == Kind::cancel);
  CHECK(heard[2].kind == Kind::request);
  CHECK(heard[3].kind == Kind::cancel);
  CHECK(heard[3].id == heard[2].id);
  CHECK(heard[4].kind == Kind::request);
}

TEST_CASE("c: who does not say that it understands cancel is never sent one") {
  for (const std::string_view pong : {"", "{}", "no"}) {
    const auto heard = heard_of_cancels(pong);
    REQUIRE(heard.size() == 3);
    CHECK(heard[1].kind == Kind::request);
    CHECK(heard[2].kind == Kind::request);
  }
}
