#include "lb/ledger/finish_rule.h"

#include <doctest/doctest.h>

using namespace finishline;
using namespace finishline::ledger;

TEST_CASE("a word that has passed means now when nothing is in flight") {
  CHECK(late_finish(100, {0, 0ns}, 1, 250) == 250);
}

TEST_CASE("lateness doubles and the mean request is taken as the late one") {
  CHECK(late_finish(100, {1, 40ns}, 1, 250) == 250 + 150);
  CHECK(late_finish(100, {4, 40ns}, 1, 250) == 250 + 150 + 30);
  CHECK(late_finish(100, {4, 40ns}, 3, 250) == 250 + 150 + 10);
}

TEST_CASE("a request that is not due yet is not late") {
  CHECK(overdue_finish(300, {1, 40ns}, 1, 250) == 250);
}

TEST_CASE("what is late for so long that it may never come is waited for no longer") {
  constexpr std::int64_t kSecond = 1'000'000'000;
  const ServerBooks books{2, 200ms};  // 100 ms each
  CHECK(late_finish(1, books, 1, kSecond) == 2 * kSecond - 1 + 100'000'000);
  CHECK(late_finish(1, books, 1, 1'800'000'001) == 2 * 1'800'000'000LL + 1 + 100'000'000);
  CHECK(late_finish(1, books, 1, 1'800'000'002) == 1'800'000'002 + 100'000'000);
}

TEST_CASE("what a server tells counts where it is clearly more than the books know of") {
  CHECK_FALSE(tells_more({2, 70ms}, 1, 120ms));
  CHECK(tells_more({2, 70ms}, 1, 121ms));
  CHECK_FALSE(tells_more({2, 70ms}, 2, 170ms));
  CHECK_FALSE(tells_more({0, 0ns}, 1, 0ns));
  CHECK(told_finish(900, {0, 0ns}, 1, 100ns, 300) == 400);
  CHECK(told_finish(900, {1, 50ns}, 1, 100ns, 300) == 900);
  CHECK(told_finish(350, {1, 50ns}, 2, 100ns, 300) == 350);
  CHECK(told_finish(350, {1, 50ns}, 1, 100ns, 300) == 400);
}

TEST_CASE("after a reply a single slot has exactly its books before it") {
  CHECK(settled_finish(900, {0, 0ns}, 1, {50ns, 50ns, 0ns}, 300) == kIdle);
  CHECK(settled_finish(900, {2, 70ns}, 1, {50ns, 10ns, 0ns}, 300) == 370);
  CHECK(settled_finish(900, {2, 70ns}, 1, {50ns, 10ns, 90ns}, 300) == 390);
  CHECK(settled_finish(900, {0, 0ns}, 1, {50ns, 10ns, 90ns}, 300) == 390);
}

TEST_CASE("after a reply several slots move by the error, within what the books allow") {
  const ServerBooks books{4, 400ns};
  CHECK(settled_finish(490, books, 2, {100ns, 60ns, 0ns}, 300) == 490 - 20);
  CHECK(settled_finish(450, books, 2, {100ns, 400ns, 0ns}, 300) == 500);       // 400 over two slots
  CHECK(settled_finish(301, books, 2, {100ns, 60ns, 0ns}, 300) == 300 + 150);  // one of four nearly done
  CHECK(settled_finish(301, books, 9, {100ns, 60ns, 0ns}, 300) == 300);        // all may be nearly done
}

TEST_CASE("a release takes the booking out of the chain but not what the books say is left") {
  CHECK(released_finish(500, {0, 0ns}, 1, 50ns, 300) == kIdle);
  CHECK(released_finish(400, {2, 120ns}, 1, 50ns, 300) == 360);  // one of two may be nearly done
  CHECK(released_finish(900, {2, 120ns}, 1, 50ns, 300) == 420);
  CHECK(released_finish(400, {2, 120ns}, 1, 10ns, 300) == 390);
}

TEST_CASE("the largest service times do not overflow") {
  const std::int64_t far = booked_finish(std::int64_t{1} << 62, Nanos(std::int64_t{1} << 53), 1);
  CHECK(far > (std::int64_t{1} << 62));
  CHECK(booked_finish(far, Nanos(std::int64_t{1} << 53), 1) == far);
}
