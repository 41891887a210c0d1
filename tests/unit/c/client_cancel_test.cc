// What the other side of a client hears of requests that are cancelled.
#include <doctest/doctest.h>

#include <atomic>
#include <future>
#include <string_view>
#include <vector>

#include "proto/c/finishline.h"
#include "tests/support/c_client.h"
#include "tests/support/wait_until.h"

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

namespace {

/// What a host hears of one request until its connection ends. `leave` is given the host, and how many frames
/// have come so far.
template <class Leave>
std::vector<Kind> heard_until_the_end(Leave leave) {
  TcpHost host;
  std::atomic<std::size_t> count = 0;
  auto hears = std::async(std::launch::async, [&] {
    std::vector<Kind> heard;
    TcpPeer peer = host.accept();
    while (const auto frame = peer.read_frame()) {
      heard.push_back(frame->header.kind);
      ++count;
      if (frame->header.kind == Kind::ping)
        peer.send_frame({.kind = Kind::pong, .id = frame->header.id}, R"({"cancel": true})");
    }
    return heard;
  });
  leave(host, count);
  return hears.get();
}

}  // namespace

TEST_CASE("c: a client that is freed takes back what is open") {
  const auto heard = heard_until_the_end([](const TcpHost& host, const auto& count) {
    CClient client(host);
    client.submit(call_of("open"));
    CHECK(client.turn_until([&] { return count == 1; }));
  });
  CHECK(heard == std::vector{Kind::request, Kind::ping, Kind::cancel});
}

TEST_CASE("c: a call that is out of time is taken back before it returns") {
  const auto heard = heard_until_the_end([&](const TcpHost& host, const auto& count) {
    finishline_client_options options = hasty();
    options.timeout_ms = 50;
    const CClient client(host, options);
    const finishline_call call = call_of("late");
    finishline_reply reply;
    CHECK(finishline_request(client.get(), &call, &reply) == FINISHLINE_TIMED_OUT);
    finishline_reply_clear(&reply, 1);
    CHECK(wait_until([&] { return count == 3; }));  // with nothing more asked of the client
  });
  CHECK(heard == std::vector{Kind::request, Kind::ping, Kind::cancel});
}
