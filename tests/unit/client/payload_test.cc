#include "client/payload.h"

#include <doctest/doctest.h>

#include <algorithm>

using namespace finishline::client;

namespace {

bool same(std::span<const std::byte> a, std::span<const std::byte> b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end());
}

}  // namespace

TEST_CASE("bodies have the size asked for and are the same for the same seed") {
  for (const std::size_t bytes : {std::size_t{0}, std::size_t{1}, std::size_t{8}, std::size_t{5000}}) {
    const Payload payload(3, bytes), again(3, bytes);
    CHECK(payload.body_of(123456789).size() == bytes);
    CHECK(same(payload.body_of(77), again.body_of(77)));
  }
}

TEST_CASE("requests that can be open together have different bodies") {
  const Payload payload(1, 8);
  const auto first = payload.body_of(1000);
  for (std::uint64_t other = 1001; other < 1000 + Payload::kWindows; ++other)
    REQUIRE_FALSE(same(first, payload.body_of(other)));
}

TEST_CASE("the last window lies inside the table") {
  const Payload payload(1, 64);
  unsigned sum = 0;
  for (std::uint64_t number = 0; number < Payload::kWindows; ++number)
    sum += static_cast<unsigned>(payload.body_of(number).back());
  CHECK(sum > 0);
}
