#include "lb/sched/reply_patience.h"

#include <doctest/doctest.h>

namespace finishline::sched {
namespace {

Instant at(Nanos t) { return Instant(std::chrono::hours(1) + t); }

TEST_CASE("a booking ends when its work could have been done after its client has gone") {
  CHECK(booking_end(at(10ms), 5ms, at(50ms)) == at(155ms));
  CHECK(booking_end(at(500ms), 5ms, at(50ms)) == at(605ms));
}

TEST_CASE("a reply that none has overtaken may yet come, unless replies come in order") {
  LinkPace any_order, in_order(true);
  CHECK_FALSE(any_order.is_lost(at(0s), at(5ms), at(3600s)));
  CHECK_FALSE(in_order.is_lost(at(0s), at(5ms), at(5s)));
  CHECK(in_order.is_lost(at(0s), at(5ms), at(6s)));
}

TEST_CASE("an overtaken reply is lost once it is long overdue, by the pace of the others") {
  LinkPace pace;
  pace.replied(false, at(1ms), at(6ms), at(5ms));
  CHECK_FALSE(pace.is_lost(at(0s), at(5ms), at(5s)));
  CHECK(pace.is_lost(at(0s), at(5ms), at(5200ms)));
  pace.replied(false, at(0s), at(5ms), at(500ms));  // a hundred times what was expected
  CHECK_FALSE(pace.is_lost(at(0s), at(5ms), at(14s)));
  CHECK(pace.is_lost(at(0s), at(5ms), at(16s)));
}

TEST_CASE("a reply with an id that nobody gave is missed by another request, which is lost in time") {
  LinkPace pace;
  pace.misdelivered();
  CHECK_FALSE(pace.is_lost(at(0s), at(5ms), at(5s)));
  CHECK(pace.is_lost(at(0s), at(5ms), at(5200ms)));
}

TEST_CASE("once the oldest is answered nothing is overtaken any more") {
  LinkPace pace;
  pace.replied(false, at(1ms), at(6ms), at(5ms));
  pace.replied(true, at(0s), at(5ms), at(6ms));
  CHECK_FALSE(pace.is_lost(at(2ms), at(7ms), at(3600s)));
}

TEST_CASE("a server that answers nothing shows it once for what it was given before that was told") {
  LinkPace pace;
  CHECK_FALSE(pace.shows_silence(at(0s), at(5ms), 5ms, at(100ms)));  // twenty times its time is not over
  CHECK(pace.shows_silence(at(0s), at(5ms), 5ms, at(200ms)));
  CHECK_FALSE(pace.shows_silence(at(150ms), at(155ms), 5ms, at(400ms)));
  CHECK(pace.shows_silence(at(201ms), at(206ms), 5ms, at(400ms)));
  pace.replied(true, at(401ms), at(406ms), at(406ms));
  CHECK_FALSE(pace.shows_silence(at(402ms), at(407ms), 5ms, at(10s)));  // it has answered something since
  CHECK(pace.shows_silence(at(407ms), at(412ms), 5ms, at(10s)));
}

TEST_CASE("silence without deadlines is told when it is long, and again while the server is given more") {
  LinkPace pace;
  CHECK_FALSE(pace.keeps_silent(at(0s), at(5ms), at(1s), at(5s)));
  CHECK(pace.keeps_silent(at(0s), at(5ms), at(1s), at(6s)));
  CHECK_FALSE(pace.keeps_silent(at(0s), at(5ms), at(1s), at(60s)));  // it was given nothing since
  CHECK_FALSE(pace.keeps_silent(at(0s), at(5ms), at(10s), at(10s)));
  CHECK(pace.keeps_silent(at(0s), at(5ms), at(10s), at(11s)));
  pace.replied(false, at(10s), at(11s), at(12s));
  CHECK_FALSE(pace.keeps_silent(at(0s), at(5ms), at(20s), at(60s)));
}

}  // namespace
}  // namespace finishline::sched
