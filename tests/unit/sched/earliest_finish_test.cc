#include <doctest/doctest.h>

#include "tests/support/picks.h"

namespace finishline::sched {
namespace {

using test::picks_of;
using Servers = std::set<std::size_t>;
constexpr auto kRule = "earliest-finish";

TEST_CASE("earliest-finish takes the earliest completion, whatever it costs") {
  CHECK(picks_of(kRule, {{100, 0, 25}, {1, 30, 10}}) == Servers{1});  // 101, 30, 35
}

TEST_CASE("earliest-finish prefers the cheaper of two equal completions") {
  CHECK(picks_of(kRule, {{0, 20, 5}, {30, 10, 30}}) == Servers{1});
}

TEST_CASE("earliest-finish leaves full equals to chance") {
  CHECK(picks_of(kRule, {{1, 9, 1}, {5, 5, 5}}) == Servers{0, 2});
}

TEST_CASE("earliest-finish ignores servers that are unavailable or cannot") {
  CHECK(picks_of(kRule, {{kUnavailable, 0, 50}, {1, test::kCannot, 1}}) == Servers{2});
}

}  // namespace
}  // namespace finishline::sched
