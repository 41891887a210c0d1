#include <doctest/doctest.h>

#include <algorithm>
#include <atomic>
#include <future>
#include <vector>

#include "proto/c/finishline.h"
#include "tests/support/c_client.h"
#include "tests/support/c_server.h"

using namespace finishline;
using namespace finishline::test;
using proto::Kind;
using proto::Status;

namespace {

proto::FrameHeader request(std::uint64_t id, char type = 'V', std::uint32_t length = 1) {
  return {.kind = Kind::request, .type = type, .id = id, .length = length};
}

/// A server that is turned by the test alone, and one connection to it.
struct LoopStage {
  explicit LoopStage(const finishline_server_options& options = server_options())
      : server(options), peer(server.connect()) {}
  CServer server;
  TcpPeer peer;

  /// Turns until there is a frame for the peer; nothing when the connection ends.
  std::optional<TcpPeer::Reply> next_frame() {
    const bool came = wait_until([&] {
      finishline_server_process(server.get());
      return !peer.silent(1ms);
    });
    return came ? peer.read_frame() : std::nullopt;
  }
};

}  // namespace

TEST_CASE("c: a request is handed out as it came, and its reply echoes what the protocol says") {
  LoopStage stage;
  proto::FrameHeader asked = request(0x100000002, 'P', 5);
  asked.flags = proto::kRetryable | proto::priority_flags(2);
  asked.detail = 60'000;
  stage.peer.send_frame(asked, "cat");
  finishline_work* const work = stage.server.take();
  CHECK(work->type == 'P');
  CHECK(work->length == 5);
  CHECK(work->flags == FINISHLINE_RETRYABLE);
  CHECK(std::string(static_cast<const char*>(work->body)) == "cat");
  CHECK(work->body_bytes == 3);
  CHECK(finishline_time_left_ms(work) > 0);
  CHECK(finishline_time_left_ms(work) <= 60'000);
  CHECK(finishline_wanted(work) == 1);
  echo_work(work);
  const auto reply = stage.peer.read_frame().value();
  CHECK(reply.header.kind == Kind::reply);
  CHECK(reply.header.type == 'P');
  CHECK(reply.header.flags == asked.flags);
  CHECK(reply.header.id == asked.id);
  CHECK(reply.header.length == 5);
  CHECK(reply.status() == Status::ok);
  CHECK(reply.body == "cat");
}

TEST_CASE("c: as many are handed out as there are slots") {
  LoopStage stage(server_options(2));
  for (const std::uint64_t id : {1, 2, 3}) stage.peer.send_frame(request(id), std::to_string(id));
  finishline_work* const first = stage.server.take();
  finishline_work* const second = stage.server.take();
  finishline_work* third = nullptr;
  CHECK(finishline_server_take(stage.server.get(), 0, &third) == FINISHLINE_TIMED_OUT);
  CHECK(third == nullptr);
  echo_work(second);
  CHECK(finishline_server_take(stage.server.get(), 0, &third) == FINISHLINE_OK);
  echo_work(third);
  echo_work(first);
  for (const char* const body : {"2", "3", "1"}) CHECK(stage.peer.read_frame()->body == body);
}

TEST_CASE("c: an answer that is no status is a server_error, and an overloaded one may say when") {
  LoopStage stage;
  for (const int status : {-1, 11, 4711}) {
    stage.peer.send_frame(request(1));
    finishline_answer(stage.server.take(), status, nullptr, 0);
    CHECK(stage.peer.read_frame()->status() == Status::server_error);
  }
  stage.peer.send_frame(request(1));
  finishline_answer_later(stage.server.take(), 4711);
  const auto refused = stage.peer.read_frame().value();
  CHECK(refused.status() == Status::overloaded);
  CHECK(refused.header.service_us == 4711);
}

TEST_CASE("c: what a worker does not know or do is refused by the library") {
  finishline_server_options options = server_options();
  options.max_body = 10;
  LoopStage stage(options);
  stage.peer.send_frame(request(1, 'X'));
  CHECK(stage.next_frame()->status() == Status::unknown_type);
  stage.peer.send_frame(request(2), std::string(11, 'x'));
  CHECK(stage.next_frame()->status() == Status::too_large);
  stage.peer.send_frame({.kind = Kind::describe, .id = 3});
  const auto described = stage.next_frame().value();
  CHECK(described.header.kind == Kind::description);
  CHECK(described.status() == Status::no_server);
  stage.peer.send_frame({.kind = Kind::estimate, .type = 'V', .id = 4, .length = 7});
  const auto estimated = stage.next_frame().value();
  CHECK(estimated.header.kind == Kind::estimated);
  CHECK(estimated.header.id == 4);
  CHECK(estimated.header.length == 7);
  CHECK(estimated.status() == Status::no_server);
}

TEST_CASE("c: a bad frame is answered, whatever comes behind it, and ends the connection") {
  LoopStage stage;
  Bytes bad = frame_of(request(7, 'V', 5), "cat");
  bad[4] = std::byte{9};
  bad.resize(100'000);
  stage.peer.send(bad);
  const auto refused = stage.next_frame().value();
  CHECK(refused.status() == Status::bad_frame);
  CHECK(refused.header.id == 7);
  CHECK(refused.header.length == 5);
  CHECK(stage.peer.read(1) == "");
}

TEST_CASE("c: work whose client has gone is not wanted, and its answer goes nowhere") {
  LoopStage stage;
  stage.peer.send_frame(request(1));
  finishline_work* const work = stage.server.take();
  stage.peer.reset();
  CHECK(wait_until([&] {
    finishline_server_process(stage.server.get());
    return finishline_wanted(work) == 0;
  }));
  echo_work(work);
  TcpPeer other = stage.server.connect();
  other.send_frame(request(2), "still there");
  echo_work(stage.server.take());
  CHECK(other.read_frame()->body == "still there");
}

TEST_CASE("c: a connection too many is closed, and those before it stay") {
  finishline_server_options options = server_options();
  options.max_connections = 1;
  LoopStage stage(options);
  stage.peer.send_frame(request(1), "here");
  finishline_work* const work = stage.server.take();
  TcpPeer other = stage.server.connect();
  CHECK(wait_until([&] {
    finishline_server_process(stage.server.get());
    return other.closed(1ms);
  }));
  echo_work(work);
  CHECK(stage.peer.read_frame()->body == "here");
}

TEST_CASE("c: who asks and never reads is not read any more, and costs the others nothing") {
  RunningCServer server(echo_work);
  TcpPeer greedy = server.connect();
  const std::string body(60'000, 'x');
  std::uint64_t sent = 0;
  while (sent < 5000 && greedy.send_frame(request(sent + 1), body, 200ms)) ++sent;
  CHECK(sent < 5000);
  TcpPeer other = server.connect();
  other.send_frame(request(1), "me");
  CHECK(other.read_frame()->body == "me");
}

TEST_CASE("c: handlers run side by side, and pings are answered meanwhile") {
  std::promise<void> go;
  std::shared_future<void> gone = go.get_future().share();
  std::atomic<int> inside = 0;
  RunningCServer server(
      [&](finishline_work* work) {
        ++inside;
        gone.wait();
        echo_work(work);
      },
      server_options(3));
  TcpPeer peer = server.connect();
  for (const std::uint64_t id : {1, 2, 3, 4}) peer.send_frame(request(id));
  CHECK(wait_until([&] { return inside == 3; }));
  peer.send_frame({.kind = Kind::ping, .id = 9, .length = 1});
  const auto pong = peer.read_frame().value();
  CHECK(pong.header.kind == Kind::pong);
  CHECK(pong.body.find("\"slots\": 3") != std::string::npos);
  CHECK(inside == 3);
  go.set_value();
  for (int n = 0; n < 4; ++n) CHECK(peer.read_frame()->status() == Status::ok);
}

TEST_CASE("c: what a handler forgets is answered as a server_error") {
  RunningCServer server([](finishline_work*) {});
  TcpPeer peer = server.connect();
  for (const std::uint64_t id : {1, 2}) {
    peer.send_frame(request(id));
    CHECK(peer.read_frame()->status() == Status::server_error);
  }
}

TEST_CASE("c: a drain says goaway, answers what it has, refuses what is new, and ends") {
  std::promise<void> go;
  std::shared_future<void> gone = go.get_future().share();
  RunningCServer server([&](finishline_work* work) {
    gone.wait();
    echo_work(work);
  });
  TcpPeer peer = server.connect(), idle = server.connect();
  peer.send_frame(request(1), "one");
  peer.send_frame(request(2), "two");
  peer.send_frame({.kind = Kind::ping, .id = 9});
  CHECK(peer.read_frame()->header.kind == Kind::pong);
  finishline_server_drain(server.get());
  CHECK(peer.read_frame()->header.kind == Kind::goaway);
  CHECK(idle.read_frame()->header.kind == Kind::goaway);
  peer.send_frame(request(3), "three");
  CHECK(peer.read_frame()->status() == Status::draining);
  go.set_value();
  CHECK(peer.read_frame()->body == "one");
  CHECK(peer.read_frame()->body == "two");
  CHECK(peer.closed());
  CHECK(server.ended() == FINISHLINE_OK);
}

TEST_CASE("c: a stop ends at once, and handlers see that nobody waits") {
  RunningCServer server([](finishline_work* work) {
    wait_until([&] { return finishline_wanted(work) == 0; });
    echo_work(work);
  });
  TcpPeer peer = server.connect();
  peer.send_frame(request(1));
  peer.send_frame({.kind = Kind::ping, .id = 9});
  CHECK(peer.read_frame()->header.kind == Kind::pong);
  finishline_server_stop(server.get());
  CHECK(peer.closed());
  CHECK(server.ended() == FINISHLINE_ENDED);
  finishline_work* work = nullptr;
  CHECK(finishline_server_take(server.get(), -1, &work) == FINISHLINE_ENDED);
  CHECK(finishline_server_process(server.get()) == FINISHLINE_ENDED);
}

TEST_CASE("c: threads that take requests share them, each once") {
  CServer server(server_options(4));
  REQUIRE(finishline_server_start(server.get()) == FINISHLINE_OK);
  std::vector<std::thread> threads;
  for (int n = 0; n < 4; ++n)
    threads.emplace_back([&] {
      finishline_work* work = nullptr;
      while (finishline_server_take(server.get(), -1, &work) == FINISHLINE_OK) echo_work(work);
    });
  CClient client(server.address());
  std::vector<finishline_call> calls(500, call_of("cat"));
  std::vector<finishline_reply> replies(calls.size());
  CHECK(finishline_request_many(client.get(), calls.data(), calls.size(), 100, replies.data()) ==
        FINISHLINE_OK);
  finishline_reply_clear(replies.data(), replies.size());
  finishline_server_drain(server.get());
  for (std::thread& thread : threads) thread.join();
}

TEST_CASE("c: a server is refused with words for what is wrong") {
  finishline_server* server = nullptr;
  const auto refused = [&](const char* address, const finishline_server_options& options = server_options()) {
    return finishline_server_new(address, &options, &server) == FINISHLINE_BAD_ARGUMENT && server == nullptr;
  };
  CHECK(refused("nowhere"));
  CHECK(refused("127.0.0.1:0,127.0.0.1:0"));
  finishline_server_options options = server_options();
  options.types = "V1";
  CHECK(refused("127.0.0.1:0", options));
  options.types = "";
  CHECK(refused("127.0.0.1:0", options));
  const CServer other;
  CHECK(finishline_server_new(other.address().c_str(), nullptr, &server) == FINISHLINE_SYSTEM_ERROR);
  CHECK(std::string(finishline_error()) ==
        "cannot listen on " + other.address() + ": Address already in use");
}

namespace {

TcpPeer::Reply resized(TcpPeer& peer, std::uint32_t slots) {
  peer.send_frame({.kind = Kind::resize, .id = 99, .length = slots});
  return peer.read_frame().value();
}

}  // namespace

TEST_CASE("c: a server that runs hands out more at once as soon as it is told to, and fewer later") {
  std::atomic<int> inside = 0, most = 0;
  std::atomic<bool> go = false;
  RunningCServer server(
      [&](finishline_work* work) {
        most = std::max(most.load(), ++inside);
        wait_until([&] { return go.load(); });
        --inside;
        echo_work(work);
      },
      server_options(2));
  TcpPeer peer = server.connect(), proxy = server.connect();
  for (std::uint64_t id = 1; id <= 5; ++id) peer.send_frame(request(id));
  CHECK(wait_until([&] { return inside == 2; }));
  const auto reply = resized(proxy, 4);
  CHECK(reply.header.kind == Kind::reply);
  CHECK(reply.header.length == 4);
  CHECK(reply.status() == Status::ok);
  CHECK(wait_until([&] { return inside == 4; }));
  CHECK(finishline_server_slots(server.get()) == 4);
  CHECK(resized(proxy, 1).status() == Status::ok);
  go = true;
  for (int replies = 0; replies < 5; ++replies) CHECK(peer.read_frame());
  most = 0;
  for (std::uint64_t id = 6; id <= 20; ++id) peer.send_frame(request(id));
  for (int replies = 0; replies < 15; ++replies) CHECK(peer.read_frame());
  CHECK(most == 1);
}

TEST_CASE("c: slots are raised no further than a program has room for") {
  const auto raised_to = [](finishline_server_options options, std::uint32_t slots) {
    RunningCServer server(echo_work, options);
    TcpPeer peer = server.connect();
    return resized(peer, slots).status() == Status::ok;
  };
  finishline_server_options some = server_options(2);
  some.max_slots = 3;
  CHECK(raised_to(some, 3));
  CHECK_FALSE(raised_to(some, 4));
  CHECK(raised_to(server_options(2), 9));
  CHECK_FALSE(raised_to(server_options(1), 2));  // its handler runs alone
  CHECK_FALSE(raised_to(server_options(2), 0));
  LoopStage stage(server_options(2));  // it takes work itself
  stage.peer.send_frame({.kind = Kind::resize, .id = 1, .length = 3});
  CHECK(stage.next_frame().value().status() == Status::server_error);
}
