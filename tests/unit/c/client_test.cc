#include <doctest/doctest.h>

#include <thread>

#include "proto/c/finishline.h"
#include "tests/support/c_client.h"
#include "tests/support/free_port.h"

using namespace finishline;
using namespace finishline::test;
using proto::Kind;
using proto::Status;

namespace {

constexpr std::uint32_t kOverLimit = 100'000;

/// Accepts, and reads one request.
struct Asked {
  TcpPeer peer;
  TcpPeer::Reply request;
};
Asked next_request(TcpHost& host) {
  TcpPeer peer = host.accept();
  auto request = peer.read_frame().value();
  return {std::move(peer), std::move(request)};
}

/// What a client makes of a host that treats its first connection like this.
template <class Script>
std::vector<Told> told_by(Script script, unsigned char flags = 0,
                          const finishline_client_options& options = hasty()) {
  TcpHost host;
  CClient client(host, options);
  client.submit(call_of("cat", flags));
  client.against([&] {
    script(host);
    return 0;
  });
  CHECK(client.hears(1));
  client.turn();
  return client.told;
}

}  // namespace

TEST_CASE("c: a request goes out as the protocol says, and its reply comes back whole") {
  TcpHost host;
  CClient client(host);
  finishline_call call = call_of("cat", FINISHLINE_RETRYABLE);
  call.deadline_ms = 2000;
  call.priority = 2;
  const finishline_ticket ticket = client.submit(call);
  const TcpPeer::Reply request = client.against([&] {
    Asked asked = next_request(host);
    proto::FrameHeader reply = answer_to(asked.request);
    reply.service_us = 5003;
    reply.origin = 12;
    asked.peer.send_frame(reply, "dog");
    return asked.request;
  });
  REQUIRE(client.hears(1));
  CHECK(request.header.type == 'V');
  CHECK(request.header.flags == 0x05);
  CHECK(request.header.length == 5);
  CHECK(request.header.detail <= 2000);
  CHECK(request.header.detail > 0);
  CHECK(request.body == "cat");
  CHECK(client.told[0].ticket == ticket);
  CHECK(client.told[0].result == FINISHLINE_OK);
  CHECK(client.told[0].body == "dog");
  CHECK(client.told[0].service_us == 5003);
  CHECK(client.told[0].origin == 12);
  CHECK(client.told[0].attempts == 1);
}

TEST_CASE("c: every status is told as it is, also one that nobody knows") {
  for (const std::uint32_t status : {1U, 2U, 3U, 4U, 5U, 6U, 9U, 10U, 11U, 4711U, 0x7fffffffU}) {
    const auto told = told_by([&](TcpHost& host) {
      Asked asked = next_request(host);
      asked.peer.send_frame(answer_to(asked.request, static_cast<Status>(status)));
    });
    REQUIRE(told.size() == 1);
    CHECK(told[0].result == static_cast<int>(status));
    CHECK(told[0].words.starts_with(finishline_result_name(static_cast<int>(status))));
  }
}

TEST_CASE("c: a status beyond all numbers is no success") {
  const auto told = told_by([&](TcpHost& host) {
    Asked asked = next_request(host);
    asked.peer.send_frame(answer_to(asked.request, static_cast<Status>(0x80000000U)));
  });
  CHECK(told[0].result > FINISHLINE_CANCELLED);
}

TEST_CASE("c: who was refused unbegun is sent again") {
  for (const Status status : {Status::draining, Status::overloaded}) {
    const auto told = told_by([&](TcpHost& host) {
      Asked asked = next_request(host);
      proto::FrameHeader refusal = answer_to(asked.request, status);
      refusal.service_us = 1000;
      asked.peer.send_frame(refusal);
      asked.peer.send_frame(answer_to(asked.peer.read_frame().value()), "served");
    });
    CHECK(told[0].result == FINISHLINE_OK);
    CHECK(told[0].body == "served");
    CHECK(told[0].attempts == 2);
  }
}

TEST_CASE("c: a lost connection costs a retryable request an attempt, and any other its life") {
  const auto lose_first = [](TcpHost& host) {
    next_request(host).peer.reset();
    Asked again = next_request(host);
    again.peer.send_frame(answer_to(again.request), "served");
  };
  const auto told = told_by(lose_first, FINISHLINE_RETRYABLE);
  CHECK(told[0].result == FINISHLINE_OK);
  CHECK(told[0].attempts == 2);
  const auto lost = told_by([](TcpHost& host) { next_request(host).peer.reset(); });
  CHECK(lost[0].result == FINISHLINE_CONNECTION_LOST);
  CHECK(lost[0].attempts == 1);
}

TEST_CASE("c: attempts have an end, and the last failure is told") {
  finishline_client_options options = hasty();
  options.attempts = 3;
  const auto told = told_by(
      [](TcpHost& host) {
        for (int n = 0; n < 3; ++n) next_request(host);
      },
      FINISHLINE_RETRYABLE, options);
  CHECK(told[0].result == FINISHLINE_CONNECTION_LOST);
  CHECK(told[0].attempts == 3);
}

TEST_CASE("c: goaway moves new requests to a new connection, and open ones are answered on the old one") {
  TcpHost host;
  CClient client(host);
  client.submit(call_of("first"));
  Asked old = client.against([&] {
    Asked asked = next_request(host);
    asked.peer.send_frame({.kind = Kind::goaway});
    return asked;
  });
  client.turn();
  client.submit(call_of("second"));
  Asked fresh = client.against([&] { return next_request(host); });
  CHECK(fresh.request.body == "second");
  old.peer.send_frame(answer_to(old.request), "old");
  REQUIRE(client.hears(1));
  CHECK(client.told[0].body == "old");
  client.turn();
  CHECK(old.peer.closed());
  fresh.peer.send_frame(answer_to(fresh.request), "new");
  REQUIRE(client.hears(2));
  CHECK(client.told[1].body == "new");
}

TEST_CASE("c: nobody at any address is told in time, with the reason") {
  FreePort nobody;
  finishline_client_options options = hasty();
  options.connect_timeout_ms = 50;
  CClient client(nobody.address(), options);
  client.submit(call_of());
  REQUIRE(client.hears(1));
  CHECK(client.told[0].result == FINISHLINE_NOT_SENT);
  CHECK(client.told[0].attempts == 0);
  CHECK(client.told[0].words.find(nobody.address() + ": Connection refused") != std::string::npos);
}

TEST_CASE("c: who ran out of time before anybody was there is told that nothing was sent") {
  FreePort nobody;
  for (const std::uint32_t deadline_ms : {0U, 1U}) {
    CAPTURE(deadline_ms);
    finishline_client_options options = hasty();
    if (deadline_ms == 0) options.timeout_ms = 50;
    CClient client(nobody.address(), options);
    finishline_call call = call_of();
    call.deadline_ms = deadline_ms;
    client.submit(call);
    REQUIRE(client.hears(1));
    CHECK(client.told[0].result == FINISHLINE_NOT_SENT);
    CHECK(client.told[0].words.find("Connection refused") != std::string::npos);
    CHECK(client.told[0].words.find("may have been done") == std::string::npos);
  }
}

TEST_CASE("c: a deadline that has passed when somebody comes is told as not sent") {
  FreePort port;
  CClient client(port.address());
  finishline_call call = call_of();
  call.deadline_ms = 1;
  client.submit(call);
  std::this_thread::sleep_for(20ms);
  const TcpHost host(port.number());
  REQUIRE(client.hears(1));
  CHECK(client.told[0].result == FINISHLINE_NOT_SENT);
  CHECK(client.told[0].attempts == 0);
}

TEST_CASE("c: an address where nobody listens is passed over") {
  FreePort nobody;
  TcpHost host;
  CClient client(nobody.address() + ",127.0.0.1:" + std::to_string(host.port()));
  client.submit(call_of());
  client.against([&] {
    Asked asked = next_request(host);
    return asked.peer.send_frame(answer_to(asked.request));
  });
  REQUIRE(client.hears(1));
  CHECK(client.told[0].result == FINISHLINE_OK);
}

TEST_CASE("c: a server that comes later is found") {
  FreePort port;
  CClient client(port.address());
  client.submit(call_of());
  for (int n = 0; n < 5; ++n) client.turn();
  TcpHost host(port.number());
  client.against([&] {
    Asked asked = next_request(host);
    return asked.peer.send_frame(answer_to(asked.request));
  });
  REQUIRE(client.hears(1));
  CHECK(client.told[0].result == FINISHLINE_OK);
}

TEST_CASE("c: who is never answered is told in time") {
  finishline_client_options options = hasty();
  options.timeout_ms = 200;
  TcpHost host;
  CClient client(host, options);
  client.submit(call_of());
  const Asked silent = client.against([&] { return next_request(host); });
  REQUIRE(client.hears(1));
  CHECK(client.told[0].result == FINISHLINE_TIMED_OUT);
}

TEST_CASE("c: nonsense ends the connection, and each request on it once") {
  for (const std::string_view nonsense : {std::string_view("\0\0\0\0\7\2VVVVVVVVVVVVVVVVVVVVVVVVVVVVVV", 32),
                                          std::string_view("HTTP/1.1 400 Bad Request\r\n\r\nsome more")}) {
    const auto told = told_by(
        [&](TcpHost& host) {
          Asked asked = next_request(host);
          asked.peer.send(nonsense);
          CHECK(asked.peer.closed());
        },
        FINISHLINE_RETRYABLE);
    CHECK(told.size() == 1);
    CHECK(told[0].result == FINISHLINE_PROTOCOL_ERROR);
    CHECK((told[0].words.find("looks like HTTP") != std::string::npos) == nonsense.starts_with("HTTP"));
  }
}

TEST_CASE("c: an answer over max_body ends the connection") {
  finishline_client_options options = hasty();
  options.max_body = kOverLimit - 1;
  const auto told = told_by(
      [](TcpHost& host) {
        Asked asked = next_request(host);
        asked.peer.send_frame(answer_to(asked.request), std::string(kOverLimit, 'x'));
      },
      0, options);
  CHECK(told[0].result == FINISHLINE_PROTOCOL_ERROR);
  CHECK(told[0].words.find("max_body") != std::string::npos);
}

TEST_CASE("c: answers that nobody waits for are dropped") {
  TcpHost host;
  CClient client(host);
  client.submit(call_of());
  client.against([&] {
    Asked asked = next_request(host);
    proto::FrameHeader stray = answer_to(asked.request);
    stray.id += 1;
    asked.peer.send_frame(stray, "stray");
    stray = answer_to(asked.request);
    stray.kind = Kind::pong;
    asked.peer.send_frame(stray);
    for (int n = 0; n < 2; ++n) asked.peer.send_frame(answer_to(asked.request), "right");
    return 0;
  });
  REQUIRE(client.hears(1));
  client.turn();
  CHECK(client.told.size() == 1);
  CHECK(client.told[0].body == "right");
}

TEST_CASE("c: what is cancelled ends once, and its late answer is dropped") {
  TcpHost host;
  CClient client(host);
  const finishline_ticket ticket = client.submit(call_of("unwanted"));
  Asked asked = client.against([&] { return next_request(host); });
  CHECK(finishline_cancel(client.get(), ticket) == 1);
  CHECK(finishline_cancel(client.get(), ticket) == 0);
  CHECK(client.told.empty());
  asked.peer.send_frame(answer_to(asked.request), "late");
  client.submit(call_of("wanted"));
  client.against([&] {
    CHECK(asked.peer.read_frame()->header.kind == Kind::ping);  // does it understand cancel?
    return asked.peer.send_frame(answer_to(asked.peer.read_frame().value()), "right");
  });
  REQUIRE(client.hears(2));
  CHECK(client.told[0].result == FINISHLINE_WITHDRAWN);
  CHECK(client.told[1].body == "right");
}

TEST_CASE("c: a client that is freed ends what is open") {
  struct Heard {
    finishline_client* client = nullptr;
    int count = 0, result = 0, again = 0;
  } heard;
  TcpHost host;
  finishline_client* client = nullptr;
  REQUIRE(finishline_client_new(("127.0.0.1:" + std::to_string(host.port())).c_str(), nullptr, &client) ==
          FINISHLINE_OK);
  const finishline_call call = call_of("cat");
  const auto hear = [](void* user, finishline_ticket, const finishline_reply* reply) {
    auto* const it = static_cast<Heard*>(user);
    const finishline_call once_more = call_of("cat");
    ++it->count;
    it->result = reply->result;
    it->again = finishline_submit(it->client, &once_more, nullptr, nullptr, nullptr);
  };
  heard.client = client;
  for (int n = 0; n < 3; ++n)
    REQUIRE(finishline_submit(client, &call, hear, &heard, nullptr) == FINISHLINE_OK);
  finishline_client_process(client);
  finishline_client_free(client);
  CHECK(heard.count == 3);
  CHECK(heard.result == FINISHLINE_WITHDRAWN);
  CHECK(heard.again == FINISHLINE_WITHDRAWN);
}

TEST_CASE("c: completions without a callback are fetched") {
  TcpHost host;
  CClient client(host);
  int mark = 0;
  finishline_ticket ticket = 0;
  const finishline_call call = call_of("cat");
  REQUIRE(finishline_submit(client.get(), &call, nullptr, &mark, &ticket) == FINISHLINE_OK);
  finishline_completion completion{};
  CHECK(finishline_next(client.get(), &completion) == 0);
  client.against([&] {
    Asked asked = next_request(host);
    return asked.peer.send_frame(answer_to(asked.request), "dog");
  });
  REQUIRE(client.turn_until([&] { return finishline_next(client.get(), &completion) == 1; }));
  CHECK(completion.ticket == ticket);
  CHECK(completion.user == &mark);
  CHECK(std::string(static_cast<char*>(completion.reply.body)) == "dog");
  finishline_reply_clear(&completion.reply, 1);
  CHECK(finishline_client_open(client.get()) == 0);
}

TEST_CASE("c: above max_open a request is refused, and the others stay") {
  FreePort nobody;
  finishline_client_options options = hasty();
  options.max_open = 2;
  CClient client(nobody.address(), options);
  client.submit(call_of());
  client.submit(call_of());
  const finishline_call call = call_of();
  CHECK(finishline_submit(client.get(), &call, nullptr, nullptr, nullptr) == FINISHLINE_TOO_MANY);
  CHECK(finishline_client_open(client.get()) == 2);
}

TEST_CASE("c: a callback may submit, and may not wait") {
  struct Scene {
    finishline_client* client;
    int waiting = 0, again = 0;
  };
  TcpHost host;
  CClient client(host);
  Scene scene{client.get()};
  const auto second = [](void* user, finishline_ticket, const finishline_reply*) {
    ++static_cast<Scene*>(user)->again;
  };
  static constexpr finishline_done kSecond = second;
  const auto first = [](void* user, finishline_ticket, const finishline_reply*) {
    auto* const it = static_cast<Scene*>(user);
    const finishline_call call = call_of("again");
    finishline_reply reply;
    it->waiting = finishline_request(it->client, &call, &reply);
    finishline_submit(it->client, &call, kSecond, user, nullptr);
  };
  const finishline_call call = call_of("once");
  finishline_submit(client.get(), &call, first, &scene, nullptr);
  client.against([&] {
    Asked asked = next_request(host);
    asked.peer.send_frame(answer_to(asked.request));
    asked.peer.send_frame(answer_to(asked.peer.read_frame().value()));
    return 0;
  });
  CHECK(client.turn_until([&] { return scene.again == 1; }));
  CHECK(scene.waiting == FINISHLINE_BAD_ARGUMENT);
}
