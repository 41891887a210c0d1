#include "lb/model/server_queue.h"

#include <doctest/doctest.h>

#include <limits>

#include "proto/cost_model.h"

namespace finishline::model {
namespace {

constexpr Instant kStart{1000s};

QueuedWork work(std::uint64_t tag, Nanos service, std::uint64_t connection = 1) {
  return {connection, tag, service};
}

std::vector<std::uint64_t> done_by(ServerQueue& queue, Instant now) {
  std::vector<std::uint64_t> tags;
  while (const auto done = queue.take_done(now)) tags.push_back(done->tag);
  return tags;
}

using Tags = std::vector<std::uint64_t>;

}  // namespace

TEST_CASE("queue: work on an idle server is done after its service time") {
  ServerQueue queue;
  CHECK(queue.empty());
  CHECK_FALSE(queue.next_due());
  CHECK(queue.admit(work(1, 5ms), kStart) == kStart + 5ms);
  CHECK(queue.next_due() == kStart + 5ms);
  CHECK(queue.backlog(kStart + 2ms) == 3ms);
  CHECK_FALSE(queue.take_done(kStart + 5ms - 1ns));
  CHECK(done_by(queue, kStart + 5ms) == Tags{1});
  CHECK(queue.empty());
}

TEST_CASE("queue: one slot works in order of arrival, one after the other") {
  ServerQueue queue;
  CHECK(queue.admit(work(1, 5ms), kStart) == kStart + 5ms);
  CHECK(queue.admit(work(2, 1ms), kStart) == kStart + 6ms);
  CHECK(queue.admit(work(3, 2ms), kStart + 3ms) == kStart + 8ms);
  CHECK(queue.backlog(kStart + 3ms) == 5ms);
  CHECK(done_by(queue, kStart + 6ms) == Tags{1, 2});
  CHECK(queue.admit(work(4, 1ms), kStart + 20ms) == kStart + 21ms);
}

TEST_CASE("queue: collecting late makes nothing later") {
  ServerQueue queue;
  queue.admit(work(1, 5ms), kStart);
  queue.admit(work(2, 5ms), kStart);
  CHECK(done_by(queue, kStart + 9ms) == Tags{1});
  CHECK(queue.next_due() == kStart + 10ms);
}

TEST_CASE("queue: each piece of work goes to the slot that is free first") {
  ServerQueue queue(2);
  CHECK(queue.admit(work(1, 5ms), kStart) == kStart + 5ms);
  CHECK(queue.admit(work(2, 2ms), kStart) == kStart + 2ms);
  CHECK(queue.admit(work(3, 4ms), kStart) == kStart + 6ms);
  CHECK(queue.admit(work(4, 1ms), kStart) == kStart + 6ms);
  CHECK(queue.backlog(kStart) == 12ms);
  CHECK(done_by(queue, kStart + 10ms) == Tags{2, 1, 3, 4});
}

TEST_CASE("queue: work without service time is done when it comes, behind what waits") {
  ServerQueue queue;
  CHECK(queue.admit(work(1, 0ns), kStart) == kStart);
  CHECK(done_by(queue, kStart) == Tags{1});
  queue.admit(work(2, 1ms), kStart);
  CHECK(queue.admit(work(3, 0ns), kStart) == kStart + 1ms);
  CHECK(done_by(queue, kStart + 1ms) == Tags{2, 3});
}

TEST_CASE("queue: dropped work moves later work up") {
  ServerQueue queue;
  queue.admit(work(1, 5ms, 7), kStart);
  queue.admit(work(2, 5ms, 8), kStart);
  queue.admit(work(3, 5ms, 7), kStart);
  queue.admit(work(4, 5ms, 9), kStart);
  CHECK(queue.drop(8, kStart + 1ms) == Tags{2});
  CHECK(queue.backlog(kStart + 1ms) == 14ms);
  CHECK(done_by(queue, kStart + 10ms) == Tags{1, 3});
  CHECK(done_by(queue, kStart + 15ms) == Tags{4});
}

TEST_CASE("queue: work that has started is not dropped") {
  ServerQueue queue;
  queue.admit(work(1, 5ms, 7), kStart);
  queue.admit(work(2, 5ms, 7), kStart);
  CHECK(queue.drop(7, kStart + 1ms) == Tags{2});
  CHECK(queue.next_due() == kStart + 5ms);
  CHECK(queue.size() == 1);
}

TEST_CASE("queue: work that started while nobody collected counts as started") {
  ServerQueue queue;
  queue.admit(work(1, 5ms, 7), kStart);
  queue.admit(work(2, 5ms, 8), kStart);
  queue.admit(work(3, 5ms, 9), kStart);
  CHECK(queue.drop(8, kStart + 6ms).empty());
  CHECK(queue.drop(9, kStart + 6ms) == Tags{3});
  CHECK(queue.admit(work(4, 1ms), kStart + 6ms) == kStart + 11ms);
}

TEST_CASE("queue: a drop on several slots replans the rest in order of arrival") {
  ServerQueue queue(2);
  queue.admit(work(1, 4ms, 1), kStart);
  queue.admit(work(2, 6ms, 1), kStart);
  queue.admit(work(3, 10ms, 2), kStart);  // from 4 ms
  queue.admit(work(4, 1ms, 3), kStart);   // from 6 ms
  queue.admit(work(5, 1ms, 4), kStart);   // from 7 ms
  CHECK(queue.drop(2, kStart + 1ms) == Tags{3});
  CHECK(done_by(queue, kStart + 4ms) == Tags{1});
  CHECK(done_by(queue, kStart + 5ms) == Tags{4});
  CHECK(done_by(queue, kStart + 6ms) == Tags{2, 5});
  CHECK(queue.empty());
}

TEST_CASE("queue: dropped work leaves no gap that starts in the past") {
  ServerQueue queue;
  queue.admit(work(1, 2ms, 1), kStart);
  queue.admit(work(2, 50ms, 2), kStart + 1ms);
  CHECK(queue.drop(2, kStart + 1ms) == Tags{2});
  CHECK(queue.admit(work(3, 1ms, 3), kStart + 10ms) == kStart + 11ms);
}

TEST_CASE("queue: dropping an unknown connection changes nothing") {
  ServerQueue queue(3);
  for (std::uint64_t tag = 0; tag < 20; ++tag)
    queue.admit(work(tag, Nanos(1000 + tag * 37), tag % 4), kStart);
  ServerQueue other = queue;
  CHECK(other.drop(99, kStart + 500ns).empty());
  CHECK(other.backlog(kStart + 500ns) == queue.backlog(kStart + 500ns));
  CHECK(done_by(other, kStart + 1s) == done_by(queue, kStart + 1s));
}

TEST_CASE("queue: the longest possible work does not overflow") {
  ServerQueue queue;
  Instant due{};
  for (std::uint64_t tag = 0; tag < 100; ++tag) due = queue.admit(work(tag, kMaxServiceTime), kStart);
  CHECK(due == kStart + 100 * kMaxServiceTime);
}

TEST_CASE("queue: with more slots what waits begins at once") {
  ServerQueue queue;
  for (const std::uint64_t tag : {1, 2, 3}) queue.admit(work(tag, 10ms), kStart);
  queue.resize(3, kStart + 2ms);
  CHECK(queue.slots() == 3);
  CHECK(done_by(queue, kStart + 10ms) == Tags{1});
  CHECK(done_by(queue, kStart + 12ms) == Tags{2, 3});
}

TEST_CASE("queue: with fewer slots what has begun goes on, and nothing more begins before it is done") {
  ServerQueue queue(4);
  for (std::uint64_t tag = 1; tag <= 4; ++tag) queue.admit(work(tag, Nanos(10ms) * tag), kStart);
  queue.admit(work(5, 1ms), kStart);
  queue.resize(1, kStart + 1ms);
  CHECK(done_by(queue, kStart + 40ms) == Tags{1, 2, 3, 4});
  CHECK(queue.next_due() == kStart + 41ms);
  queue.resize(2, kStart + 40ms);
  CHECK(queue.admit(work(6, 1ms), kStart + 40ms) == kStart + 41ms);
  CHECK(done_by(queue, kStart + 41ms) == Tags{5, 6});
}

TEST_CASE("queue: after a resize connections can still be dropped") {
  ServerQueue queue(3);
  for (std::uint64_t tag = 1; tag <= 3; ++tag) queue.admit(work(tag, 10ms, tag), kStart);
  queue.admit(work(4, 10ms, 1), kStart);
  queue.resize(1, kStart + 1ms);
  CHECK(queue.drop(1, kStart + 2ms) == Tags{4});
  CHECK(done_by(queue, kStart + 10ms) == Tags{1, 2, 3});
  CHECK(queue.backlog(kStart + 10ms) == 0ns);
}

TEST_CASE("queue: cancelled work makes room at once, and says how long it had been worked on") {
  ServerQueue queue;
  queue.admit(work(10, 100ms), kStart + 0ms);
  queue.admit(work(20, 100ms), kStart + 0ms);
  queue.admit(work(30, 5ms), kStart + 0ms);
  CHECK(queue.cancel(20, kStart + 10ms) == 0ns);
  CHECK(queue.backlog(kStart + 10ms) == 95ms);
  CHECK(queue.cancel(10, kStart + 10ms) == 10ms);
  CHECK(queue.next_due() == kStart + 15ms);
  CHECK_FALSE(queue.cancel(10, kStart + 10ms));
  CHECK(queue.take_done(kStart + 15ms)->tag == 30);
  CHECK(queue.empty());
}

}  // namespace finishline::model
