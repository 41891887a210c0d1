#include "lb/sched/waiting_queue.h"

#include <doctest/doctest.h>

#include <vector>

namespace finishline::sched {
namespace {

constexpr std::uint8_t kVideo = 0, kMusic = 1;

TEST_CASE("who waits with the least key is the head, and of equal keys who came first") {
  WaitingQueue queue(2);
  queue.push(7, {.key = 30, .length = 1, .type = kVideo});
  queue.push(3, {.key = 20, .length = 2, .type = kVideo});
  queue.push(5, {.key = 20, .length = 3, .type = kVideo});
  CHECK(queue.head(kVideo) == 3);
  queue.remove(3);
  CHECK(queue.head(kVideo) == 5);
  queue.remove(5);
  CHECK(queue.head(kVideo) == 7);
  CHECK(queue.waits(7));
  CHECK_FALSE(queue.waits(5));
  CHECK_FALSE(queue.waits(1000));
  CHECK(queue.head(kMusic) == kNobody);
}

TEST_CASE("a client that leaves from the middle leaves the others in their order") {
  WaitingQueue queue(1);
  for (std::uint32_t i = 0; i < 20; ++i) queue.push(i, {.key = (7 * i) % 20, .length = i + 1});
  for (std::uint32_t i = 1; i < 20; i += 2) queue.remove(i);
  std::vector<std::int64_t> keys;
  while (queue.size() > 0) {
    keys.push_back(queue.waiter(queue.head(0)).key);
    queue.remove(queue.head(0));
  }
  CHECK(keys == std::vector<std::int64_t>{0, 2, 4, 6, 8, 10, 12, 14, 16, 18});
}

TEST_CASE("the most urgent is found among those that have a deadline") {
  WaitingQueue queue(1);
  queue.push(0, {.key = 1, .length = 1});
  CHECK(queue.most_urgent(0) == kNobody);
  queue.push(1, {.key = 2, .latest_start = 90, .length = 4});
  queue.push(2, {.key = 3, .latest_start = 80, .length = 5});
  CHECK(queue.most_urgent(0) == 2);
  CHECK(queue.lanes()[0].urgent_start == 80);
  CHECK(queue.lanes()[0].urgent_length == 5);
  queue.remove(2);
  CHECK(queue.lanes()[0].urgent_start == 90);
}

TEST_CASE("the longest and the shortest are exact up to 15 and to an eighth above, the oldest first") {
  WaitingQueue queue(1);
  queue.push(0, {.key = 5, .length = 15});
  queue.push(1, {.key = 4, .length = 15});
  queue.push(2, {.key = 3, .length = 3});
  CHECK(queue.longest(0) == 0);
  CHECK(queue.shortest(0) == 2);
  queue.push(3, {.key = 2, .length = 1000});
  queue.push(4, {.key = 1, .length = 1023});
  CHECK(queue.waiter(queue.longest(0)).length * 9 / 8 >= 1023);
  queue.push(5, {.key = 0, .length = 0xffffffff});
  CHECK(queue.longest(0) == 5);
  queue.push(6, {.key = 0, .length = 0});
  CHECK(queue.shortest(0) == 6);
}

TEST_CASE("length classes rise with the length and never join lengths that differ by more than an eighth") {
  std::uint32_t least_of_class = 0;
  for (std::uint32_t length = 1; length < 100000; ++length) {
    const std::size_t now = LengthClasses::class_of(length), before = LengthClasses::class_of(length - 1);
    REQUIRE(now - before <= 1);
    if (now != before) least_of_class = length;
    REQUIRE(8 * (length - least_of_class) <= least_of_class);
  }
  CHECK(LengthClasses::class_of(0xffffffff) == LengthClasses::kClasses - 1);
}

TEST_CASE("a lane says how many wait, how much that is and who stands at its ends") {
  WaitingQueue queue(2, 3);
  CHECK(queue.lanes()[kMusic] == WaitLane{.worker = 3, .type = kMusic});
  queue.push(0, {.key = 10, .length = 4, .type = kMusic});
  queue.push(1, {.key = 5, .length = 9, .type = kMusic});
  queue.push(2, {.key = 20, .length = 2, .type = kMusic});
  CHECK(queue.lanes()[kMusic] == WaitLane{.head_key = 5,
                                          .volume = 15,
                                          .count = 3,
                                          .head_length = 9,
                                          .longest = 9,
                                          .shortest = 2,
                                          .worker = 3,
                                          .type = kMusic});
  for (std::uint32_t handle : {0, 1, 2}) queue.remove(handle);
  CHECK(queue.lanes()[kMusic] == WaitLane{.worker = 3, .type = kMusic});
}

TEST_CASE("near the head the longest that passes is found, and nobody when none does") {
  WaitingQueue queue(1);
  for (std::uint32_t i = 0; i < 5; ++i) queue.push(i, {.key = i, .length = i + 1});
  CHECK(queue.longest_near_head(0, [](std::uint32_t length) { return length <= 3; }) == 2);
  CHECK(queue.longest_near_head(0, [](std::uint32_t) { return false; }) == kNobody);
}

TEST_CASE("of one client so many compete, and its next enters when one leaves, as if it had come then") {
  WaitingQueue queue(2, 0, 2);
  for (std::uint32_t i = 0; i < 4; ++i) queue.push(i, {.key = i, .length = 1, .client = 1, .since = i});
  queue.push(9, {.key = 50, .length = 3, .client = 2, .since = 50});
  CHECK(queue.lanes()[0].count == 5);
  CHECK(queue.lanes()[0].volume == 7);
  queue.set_time(100);
  queue.remove(0);  // 2 enters with key 2 + 98
  CHECK(queue.waiter(2).key == 100);
  queue.remove(1);
  CHECK(queue.head(0) == 9);
  queue.remove(9);
  CHECK(queue.head(0) == 2);
  queue.remove(2);
  CHECK(queue.head(0) == 3);
  queue.remove(3);
  CHECK(queue.size() == 0);
  CHECK(queue.head(0) == kNobody);
}

TEST_CASE("what is urgent does not stand behind what its own client has asked for before") {
  WaitingQueue queue(1, 0, 2);
  for (std::uint32_t i = 0; i < 5; ++i) queue.push(i, {.key = 100, .length = 1, .client = 7});
  queue.push(5, {.key = 10, .length = 1, .priority = 3, .client = 7});
  CHECK(queue.head(0) == 5);
  queue.remove(5);
  CHECK(queue.head(0) == 0);
}

TEST_CASE("each type is a line of its own: a server never finds nothing that waits behind other work") {
  WaitingQueue queue(2, 0, 1);
  queue.push(0, {.key = 0, .length = 1, .type = kVideo, .client = 1});
  queue.push(1, {.key = 1, .length = 1, .type = kVideo, .client = 1});
  queue.push(2, {.key = 2, .length = 1, .type = kMusic, .client = 1});
  CHECK(queue.head(kMusic) == 2);
}

TEST_CASE("who stands behind is not chosen by any order, and leaves from there without a trace") {
  WaitingQueue queue(1, 0, 1);
  queue.push(0, {.key = 5, .latest_start = 80, .length = 5, .client = 1});
  queue.push(1, {.key = 1, .latest_start = 20, .length = 1, .client = 1});
  queue.push(2, {.key = 2, .latest_start = 30, .length = 9, .client = 1});
  CHECK(queue.head(0) == 0);
  CHECK(queue.longest(0) == 0);
  CHECK(queue.shortest(0) == 0);
  CHECK(queue.most_urgent(0) == 0);
  CHECK(queue.waits(1));
  queue.remove(1);
  CHECK_FALSE(queue.waits(1));
  queue.remove(0);
  CHECK(queue.head(0) == 2);
  queue.remove(2);
  CHECK(queue.lanes()[0] == WaitLane{});
}

TEST_CASE("what is too late is found where it stands, and what is not is not") {
  WaitingQueue queue(1, 0, 1);
  queue.push(0, {.key = 0, .latest_start = 80, .length = 1, .client = 1});
  queue.push(1, {.key = 1, .latest_start = 20, .length = 1, .client = 1});
  queue.push(2, {.key = 1, .length = 1, .client = 2});
  CHECK(queue.too_late(0, 20) == kNobody);
  CHECK(queue.too_late(0, 21) == 1);
  queue.remove(1);
  CHECK(queue.too_late(0, 21) == kNobody);
  CHECK(queue.too_late(0, 81) == 0);
}

TEST_CASE("of the urgent the first that passes is found, though an earlier one does not") {
  WaitingQueue queue(1);
  for (std::uint32_t i = 0; i < 9; ++i) queue.push(i, {.key = 0, .latest_start = 90 - i, .length = i});
  CHECK(queue.first_urgent(0, [](const Waiter& waiter) { return waiter.length < 4; }) == 3);
  CHECK(queue.first_urgent(0, [](const Waiter&) { return false; }) == kNobody);
}

}  // namespace
}  // namespace finishline::sched
