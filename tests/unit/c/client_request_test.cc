#include "proto/c/client_request.h"

#include <doctest/doctest.h>

using namespace finishline;
using namespace finishline::clib;

namespace {

constexpr Instant kStart{100s};

finishline_call sound_call() {
  finishline_call call{};
  call.type = 'V';
  return call;
}

Question with_deadline(std::uint32_t ms) {
  finishline_call call = sound_call();
  call.deadline_ms = ms;
  return question_of(call);
}

}  // namespace

TEST_CASE("c: each attempt is told what is left of the deadline") {
  ClientRequest request(with_deadline(2000), kStart, std::nullopt);
  CHECK(request.next_header(7, kStart)->detail == 2000);
  CHECK(request.next_header(7, kStart + 1500ms)->detail == 500);
  CHECK(request.next_header(7, kStart + 1999ms + 1ns)->detail == 1);
  CHECK_FALSE(request.next_header(7, kStart + 2s));
  CHECK(request.attempts() == 3);
}

TEST_CASE("c: the other side has a second to say that the deadline has passed") {
  const ClientRequest request(with_deadline(2000), kStart, 60s);
  CHECK(request.limit() == kStart + 3s);
  CHECK(request.result_at_limit() == FINISHLINE_DEADLINE_EXCEEDED);
}

TEST_CASE("c: a time-out is another result than a deadline") {
  CHECK(ClientRequest(with_deadline(0), kStart, 60s).result_at_limit() == FINISHLINE_TIMED_OUT);
  CHECK(ClientRequest(with_deadline(90'000), kStart, 60s).result_at_limit() == FINISHLINE_TIMED_OUT);
  CHECK(ClientRequest(with_deadline(0), kStart, std::nullopt).limit() == kNever);
}

TEST_CASE("c: a call becomes the header that the protocol wants") {
  finishline_call call = sound_call();
  call.flags = FINISHLINE_RETRYABLE;
  call.priority = 3;
  call.length = 9;
  ClientRequest request(question_of(call), kStart, std::nullopt);
  const auto header = request.next_header(7, kStart).value();
  CHECK(header.kind == proto::Kind::request);
  CHECK(header.type == 'V');
  CHECK(header.flags == 0x07);
  CHECK(header.length == 9);
  CHECK(header.id == 7);
  CHECK(header.detail == 0);
}

TEST_CASE("c: a call that makes no sense is told, with the remedy") {
  CHECK(fault_of(sound_call()) == nullptr);
  const auto refused = [](auto spoil) {
    finishline_call call = sound_call();
    spoil(call);
    return fault_of(call) != nullptr;
  };
  CHECK(refused([](finishline_call& call) { call.type = 0; }));
  CHECK(refused([](finishline_call& call) { call.type = '1'; }));
  CHECK(refused([](finishline_call& call) { call.type = '\xe9'; }));
  CHECK(refused([](finishline_call& call) { call.flags = 2; }));
  CHECK(refused([](finishline_call& call) { call.priority = 4; }));
  CHECK(refused([](finishline_call& call) { call.body_bytes = 1; }));
  CHECK(refused([](finishline_call& call) { call.reserved[1] = 1; }));
  CHECK(refused([](finishline_call& call) {
    call.body = &call;
    call.body_bytes = std::size_t{1} << 32;
  }));
}
