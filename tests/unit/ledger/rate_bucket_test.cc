#include "lb/ledger/rate_bucket.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <thread>
#include <vector>

using namespace finishline;
using namespace finishline::ledger;

namespace {

constexpr Instant at(Nanos t) { return Instant(std::chrono::hours(1) + t); }

struct Bucket : RateBucket {
  Bucket() : RateBucket(word) {}
  Cell<std::int64_t> word{};
};

}  // namespace

TEST_CASE("a fresh bucket gives its burst at once and then one event per interval") {
  const RateLimit limit = RateLimit::of(10ms, 3);
  Bucket bucket;
  for (int i = 0; i < 3; ++i) CHECK(bucket.take(limit, at(0ms)) == 0ns);
  CHECK(bucket.take(limit, at(0ms)) == 10ms);
  CHECK(bucket.take(limit, at(4ms)) == 6ms);
  CHECK(bucket.take(limit, at(10ms)) == 0ns);
  CHECK(bucket.take(limit, at(10ms)) == 10ms);
}

TEST_CASE("a bucket fills while nobody comes, up to its burst") {
  const RateLimit limit = RateLimit::of(10ms, 2);
  Bucket bucket;
  CHECK(bucket.take(limit, at(0ms)) == 0ns);
  CHECK_FALSE(bucket.full(at(9ms)));
  CHECK(bucket.full(at(10ms)));
  int taken = 0;
  while (bucket.take(limit, at(1000ms)) == 0ns) ++taken;
  CHECK(taken == 2);
}

TEST_CASE("waiting for as long as was said is enough, and asking takes nothing") {
  const RateLimit limit = RateLimit::of(10ms, 1);
  Bucket bucket;
  CHECK(bucket.take(limit, at(0ms)) == 0ns);
  CHECK(bucket.wait(limit, at(3ms)) == 7ms);
  CHECK(bucket.wait(limit, at(10ms)) == 0ns);
  CHECK(bucket.take(limit, at(10ms)) == 0ns);
}

TEST_CASE("an event that happened anyway is paid for later, and one that did not is given back") {
  const RateLimit limit = RateLimit::of(10ms, 1);
  Bucket bucket;
  bucket.charge(limit, at(0ms));
  bucket.charge(limit, at(0ms));
  CHECK(bucket.wait(limit, at(0ms)) == 20ms);
  bucket.give_back(limit);
  CHECK(bucket.wait(limit, at(0ms)) == 10ms);
}

TEST_CASE("workers that take from one bucket at once get no more than its rate") {
  const RateLimit limit = RateLimit::of(1ms, 1000);
  Bucket bucket;
  std::vector<int> taken(2);
  const auto take = [&](int& count) {
    for (int i = 0; i < 100'000; ++i) count += bucket.take(limit, at(0ms)) == 0ns ? 1 : 0;
  };
  std::thread other([&] { take(taken[1]); });
  take(taken[0]);
  other.join();
  CHECK(taken[0] + taken[1] == 1000);
}

TEST_CASE("over any stretch of time a bucket lets through its burst and its rate, never more") {
  const RateLimit limit = RateLimit::of(7ms, 5);
  Bucket bucket;
  std::vector<Nanos> passed;
  for (Nanos t = 0ns; t < 2s; t += 1ms) {
    for (int i = 0; i < 3; ++i)
      if (bucket.take(limit, at(t)) == 0ns) passed.push_back(t);
  }
  for (std::size_t first = 0; first < passed.size(); ++first)
    for (std::size_t last = first; last < passed.size(); ++last)
      REQUIRE(static_cast<std::int64_t>(last - first + 1) <= 5 + (passed[last] - passed[first]) / 7ms);
  CHECK(passed.size() == 5 + 2000 / 7 - 0);
}
