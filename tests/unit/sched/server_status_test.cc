#include "lb/sched/server_status.h"

#include <doctest/doctest.h>

namespace finishline::sched {
namespace {

using proto::Status;

constexpr Asked kAsked{};

TEST_CASE("a server has not begun what it refuses, and may have done what it lost or failed at") {
  for (const Status status : {Status::bad_frame, Status::unknown_type, Status::too_large, Status::no_server,
                              Status::overloaded, Status::draining})
    CHECK(outcome_of(status, kAsked) == ReplyOutcome::refused);
  for (const Status status : {Status::server_lost, Status::cancelled})
    CHECK(outcome_of(status, kAsked) == ReplyOutcome::undone);
  for (const Status status : {Status::ok, Status::server_error})
    CHECK(outcome_of(status, kAsked) == ReplyOutcome::answered);
}

TEST_CASE("only what is no doing of the server's does not count against it") {
  for (std::uint32_t number = 0; number < proto::kStatusCount; ++number) {
    const auto status = static_cast<Status>(number);
    CAPTURE(proto::name_of(status));
    CHECK(verdict_on(status, kAsked) == (status == Status::ok ? Verdict::served : Verdict::failed));
  }
  CHECK(verdict_on(Status::too_large, {.has_body = true}) == Verdict::neither);
  CHECK(verdict_on(Status::too_large, {.has_body = true, .done = true}) == Verdict::failed);
}

TEST_CASE("work that was done is answered, whatever the status would say of the request") {
  for (std::uint32_t number = 0; number < proto::kStatusCount; ++number)
    CHECK(outcome_of(static_cast<Status>(number), {.done = true}) == ReplyOutcome::answered);
}

TEST_CASE("a deadline that has passed is the client's own, one that has not was made up") {
  CHECK(outcome_of(Status::deadline_exceeded, {.in_time = false}) == ReplyOutcome::answered);
  CHECK(verdict_on(Status::deadline_exceeded, {.in_time = false}) == Verdict::neither);
  CHECK(outcome_of(Status::deadline_exceeded, {.in_time = true}) == ReplyOutcome::undone);
  CHECK(verdict_on(Status::deadline_exceeded, {.in_time = true}) == Verdict::failed);
}

TEST_CASE("no client is told that its own bytes or this proxy are at fault where a server is") {
  CHECK(told_to_client(Status::bad_frame) == Status::no_server);
  CHECK(told_to_client(Status::draining) == Status::no_server);
  CHECK(told_to_client(Status::unknown_type) == Status::no_server);
  CHECK(told_to_client(Status::overloaded) == Status::overloaded);
  CHECK(told_to_client(Status::too_large) == Status::too_large);
}

}  // namespace
}  // namespace finishline::sched
