#include "client/verify.h"

#include <doctest/doctest.h>

#include "proto/reply_body.h"

using namespace finishline;
using namespace finishline::client;

namespace {

/// A request of number 7, and the reply that a server of ours gives to it.
struct Exchange {
  Payload payload{1, 16};
  Expectation expected{&payload, proto::kRetryable, std::nullopt};
  Request request;
  proto::FrameHeader reply;
  std::vector<std::byte> body;

  Exchange() {
    request.number = 7;
    request.code = 'V';
    request.length = 5;
    reply.kind = proto::Kind::reply;
    reply.type = 'V';
    reply.length = 5;
    reply.flags = proto::kRetryable;
    const auto sent = payload.body_of(7);
    body.assign(sent.begin(), sent.end());
  }
  std::optional<Fault> fault() const { return fault_in(reply, body, request, expected); }
};

}  // namespace

TEST_CASE("the right reply has no fault") { CHECK_FALSE(Exchange().fault()); }

TEST_CASE("a reply that belongs to another request is wrong") {
  Exchange swapped;
  const auto other = swapped.payload.body_of(8);
  swapped.body.assign(other.begin(), other.end());
  CHECK(swapped.fault() == Fault::body);
}

TEST_CASE("every single corrupted byte of the body is seen") {
  for (std::size_t i = 0; i < 16; ++i) {
    Exchange corrupted;
    corrupted.body[i] ^= std::byte{0xff};
    CHECK(corrupted.fault() == Fault::body);
  }
}

TEST_CASE("a body that is too short, too long or missing is wrong") {
  Exchange exchange;
  exchange.body.pop_back();
  CHECK(exchange.fault() == Fault::body);
  exchange.body.clear();
  CHECK(exchange.fault() == Fault::body);
  exchange.body.assign(17, std::byte{0});
  CHECK(exchange.fault() == Fault::body);
}

TEST_CASE("type, length and flags have to come back") {
  Exchange type, length, flags;
  type.reply.type = 'M';
  length.reply.length = 6;
  flags.reply.flags = 0;
  CHECK(type.fault() == Fault::type);
  CHECK(length.fault() == Fault::length);
  CHECK(flags.fault() == Fault::flags);
}

TEST_CASE("the priority of the request has to come back with the flags") {
  Exchange exchange;
  exchange.request.priority = 2;
  CHECK(exchange.fault() == Fault::flags);
  exchange.reply.flags |= proto::priority_flags(2);
  CHECK_FALSE(exchange.fault());
}

TEST_CASE("a reply that reports a failure needs no body, and an unknown status is one") {
  Exchange failed;
  failed.body.clear();
  failed.reply.detail = static_cast<std::uint32_t>(proto::Status::no_server);
  CHECK_FALSE(failed.fault());
  failed.reply.detail = 4711;
  CHECK_FALSE(failed.fault());
}

TEST_CASE("with --expect-reply-bytes the body is the request's, cut or repeated") {
  Exchange exchange;
  exchange.expected.reply_bytes = 40;
  CHECK(exchange.fault() == Fault::body);
  exchange.body.resize(40);
  proto::fill_reply_body(exchange.body, exchange.payload.body_of(7), 5);
  CHECK_FALSE(exchange.fault());
  exchange.body[39] ^= std::byte{1};
  CHECK(exchange.fault() == Fault::body);
}

TEST_CASE("every fault has a name and a line of help") {
  for (std::size_t i = 0; i < kFaults; ++i) {
    CHECK_FALSE(name_of(static_cast<Fault>(i)).empty());
    CHECK_FALSE(help_of(static_cast<Fault>(i)).empty());
  }
}
