#include <doctest/doctest.h>

#include "tests/support/picks.h"

namespace finishline::sched {
namespace {

using test::picks_of;
using Servers = std::set<std::size_t>;

TEST_CASE("least-work takes the server that is idle first, blind to the job's cost") {
  CHECK(picks_of("least-work", {{3, 2, 9}, {1, 1000, 1}}) == Servers{1});
}

TEST_CASE("least-work leaves equals to chance and ignores servers that cannot") {
  CHECK(picks_of("least-work", {{2, 2, 1, kUnavailable}, {1, 9, test::kCannot, 1}}) == Servers{0, 1});
}

}  // namespace
}  // namespace finishline::sched
