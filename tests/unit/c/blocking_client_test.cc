#include <doctest/doctest.h>

#include <future>

#include "proto/c/finishline.h"
#include "tests/support/c_client.h"
#include "tests/support/free_port.h"

using namespace finishline;
using namespace finishline::test;
using proto::Kind;
using proto::Status;

namespace {

/// A server that gives each body back, on one connection after the other, until it is told "end".
std::future<int> echo(TcpHost& host) {
  return std::async(std::launch::async, [&host] {
    for (int served = 0;;) {
      TcpPeer peer = host.accept();
      while (const auto request = peer.read_frame()) {
        ++served;
        proto::FrameHeader answer = answer_to(*request);
        if (request->header.kind == Kind::ping) answer.kind = Kind::pong;
        peer.send_frame(answer, request->header.kind == Kind::ping ? "" : request->body);
        if (request->body == "end") return served;
        if (request->body == "hang up") break;
      }
    }
  });
}

std::string text_in(const finishline_reply& reply) {
  return {static_cast<const char*>(reply.body), reply.body_bytes};
}

}  // namespace

TEST_CASE("c: one request is waited for, and 64 KiB come back as they went") {
  TcpHost host;
  auto served = echo(host);
  CClient client(host);
  std::string body(65536, 'x');
  for (std::size_t n = 0; n < body.size(); ++n) body[n] = static_cast<char>(n * 7);
  finishline_reply reply;
  const finishline_call call = call_of(body), end = call_of("end");
  CHECK(finishline_request(client.get(), &call, &reply) == FINISHLINE_OK);
  CHECK(text_in(reply) == body);
  CHECK(reply.attempts == 1);
  finishline_reply_clear(&reply, 1);
  CHECK(reply.body == nullptr);
  CHECK(finishline_request(client.get(), &end, &reply) == FINISHLINE_OK);
  finishline_reply_clear(&reply, 1);
  CHECK(served.get() == 2);
}

TEST_CASE("c: many requests have their replies in their places") {
  TcpHost host;
  auto served = echo(host);
  CClient client(host);
  std::vector<std::string> bodies;
  for (int n = 0; n < 500; ++n)
    bodies.push_back(std::string(static_cast<std::size_t>(n * 37 % 3000), 'a') + std::to_string(n));
  std::vector<finishline_call> calls;
  for (const std::string& body : bodies) calls.push_back(call_of(body));
  std::vector<finishline_reply> replies(calls.size());
  CHECK(finishline_request_many(client.get(), calls.data(), calls.size(), 0, replies.data()) ==
        FINISHLINE_OK);
  for (std::size_t n = 0; n < replies.size(); ++n) CHECK(text_in(replies[n]) == bodies[n]);
  finishline_reply_clear(replies.data(), replies.size());
  const finishline_call end = call_of("end");
  finishline_request(client.get(), &end, replies.data());
  finishline_reply_clear(replies.data(), 1);
  CHECK(served.get() == 501);
}

TEST_CASE("c: a connection that ended while nobody looked costs nothing") {
  TcpHost host;
  auto served = echo(host);
  CClient client(host);
  for (const char* const body : {"hang up", "hang up", "end"}) {
    finishline_reply reply;
    const finishline_call call = call_of(body);
    pollfd ended{finishline_client_fd(client.get()), POLLIN, 0};
    if (std::string_view(body) == "end") ::poll(&ended, 1, 20'000);
    CHECK(finishline_request(client.get(), &call, &reply) == FINISHLINE_OK);
    finishline_reply_clear(&reply, 1);
    ::poll(&ended, 1, 20'000);
  }
  CHECK(served.get() == 3);
}

TEST_CASE("c: a ping is answered, and a description fetched") {
  TcpHost host;
  CClient client(host);
  auto scripted = std::async(std::launch::async, [&] {
    TcpPeer peer = host.accept();
    const auto ping = peer.read_frame().value();
    peer.send_frame({.kind = Kind::pong, .id = ping.header.id});
    const auto describe = peer.read_frame().value();
    peer.send_frame({.kind = Kind::description, .id = describe.header.id},
                    R"({"types": [{"name": "ocr", "code": "O"}]})");
    const auto again = peer.read_frame().value();
    peer.send_frame({.kind = Kind::description,
                     .id = again.header.id,
                     .detail = static_cast<std::uint32_t>(Status::no_server)});
    return ping.header.kind == Kind::ping && describe.header.kind == Kind::describe;
  });
  std::uint32_t round_trip = 0;
  CHECK(finishline_ping(client.get(), &round_trip) == FINISHLINE_OK);
  CHECK(round_trip > 0);
  finishline_reply description;
  REQUIRE(finishline_describe(client.get(), &description) == FINISHLINE_OK);
  CHECK(finishline_type_in(static_cast<char*>(description.body), "ocr") == 'O');
  finishline_reply_clear(&description, 1);
  CHECK(finishline_describe(client.get(), &description) == FINISHLINE_NO_SERVER);
  CHECK(scripted.get());
}

TEST_CASE("c: calls that make no sense are refused before any is sent") {
  FreePort nobody;
  CClient client(nobody.address());
  finishline_call calls[2] = {call_of(), call_of()};
  calls[1].priority = 9;
  finishline_reply replies[2];
  CHECK(finishline_request_many(client.get(), calls, 2, 0, replies) == FINISHLINE_BAD_ARGUMENT);
  CHECK(std::string(finishline_error()).find("from 0 to 3") != std::string::npos);
  CHECK(replies[0].result == FINISHLINE_BAD_ARGUMENT);
  CHECK(finishline_client_open(client.get()) == 0);
}

TEST_CASE("c: a client is refused with words for what is wrong") {
  finishline_client* client = nullptr;
  CHECK(finishline_client_new("nowhere", nullptr, &client) == FINISHLINE_BAD_ARGUMENT);
  CHECK(std::string(finishline_error()) ==
        "'nowhere' is no address: write HOST:PORT, as 127.0.0.1:9000 or [::1]:9000, or "
        "unix:/PATH of at most 107 bytes");
  CHECK(client == nullptr);
  CHECK(finishline_client_new(nullptr, nullptr, &client) == FINISHLINE_BAD_ARGUMENT);
  finishline_client_options options{};
  options.reserved[3] = 1;
  CHECK(finishline_client_new("127.0.0.1:1", &options, &client) == FINISHLINE_BAD_ARGUMENT);
}
