#include "lb/sched/paged_column.h"

#include <doctest/doctest.h>

#include <map>
#include <string>

#include "lb/sched/random.h"

using namespace finishline::sched;

TEST_CASE("a column holds what it was given, wherever places are held and left") {
  PagedColumn<std::string> column;
  std::map<std::uint32_t, std::string> expected;
  Random random(7);
  for (int step = 0; step < 20'000; ++step) {
    const auto place = static_cast<std::uint32_t>(random.below(1'000));
    REQUIRE(column.holds(place) == expected.contains(place));
    if (expected.erase(place) > 0) {
      column.leave(place);
    } else {
      CHECK(column.hold(place).empty());
      column[place] = expected[place] = std::to_string(step);
    }
  }
  for (const auto& [place, value] : expected) CHECK(column[place] == value);
}
