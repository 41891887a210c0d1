#include "servers/faults.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <vector>

namespace finishline::server {
namespace {

std::vector<Fate> fates(const FaultOptions& options, int count) {
  Faults faults(options);
  std::vector<Fate> out;
  for (int i = 0; i < count; ++i) out.push_back(faults.next());
  return out;
}

auto count_of(const std::vector<Fate>& fates, Fate fate) {
  return std::count(fates.begin(), fates.end(), fate);
}

}  // namespace

TEST_CASE("faults: without options every reply is sent and no work is longer") {
  CHECK(count_of(fates({}, 100), Fate::send) == 100);
  CHECK(Faults({}).extra_work() == 0ns);
}

TEST_CASE("faults: one of so many is hit in each group, at a place that the seed chooses") {
  const auto drops = fates({.drop_every = 10, .seed = 3}, 1000);
  for (auto group = drops.begin(); group != drops.end(); group += 10) {
    CHECK(std::count(group, group + 10, Fate::drop) == 1);
  }
  CHECK(fates({.drop_every = 10, .seed = 3}, 1000) == drops);
  CHECK(fates({.drop_every = 10, .seed = 4}, 1000) != drops);
}

TEST_CASE("faults: one of one is every one") {
  CHECK(count_of(fates({.fail_every = 1}, 50), Fate::fail) == 50);
  CHECK(count_of(fates({.corrupt_every = 1}, 50), Fate::corrupt) == 50);
  CHECK(count_of(fates({.half_frame_every = 1}, 50), Fate::half_frame) == 50);
}

TEST_CASE("faults: stall and crash come after exactly so many replies") {
  CHECK(fates({.stall_after = 2}, 4) == std::vector{Fate::send, Fate::send, Fate::stall, Fate::stall});
  CHECK(fates({.crash_after = 0}, 1) == std::vector{Fate::crash});
  CHECK(fates({.stall_after = 1, .crash_after = 1, .drop_every = 1}, 2) ==
        std::vector{Fate::drop, Fate::crash});
}

TEST_CASE("faults: jitter stays within its bound and uses all of it") {
  Faults faults({.jitter = 3ns});
  std::vector<Nanos> seen(4, -1ns);
  for (int i = 0; i < 200; ++i) {
    const Nanos extra = faults.extra_work();
    REQUIRE(extra >= 0ns);
    REQUIRE(extra <= 3ns);
    seen[static_cast<std::size_t>(extra.count())] = extra;
  }
  CHECK(seen == std::vector<Nanos>{0ns, 1ns, 2ns, 3ns});
}

}  // namespace finishline::server
