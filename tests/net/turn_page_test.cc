#include "lb/control/turn_page.h"

#include <doctest/doctest.h>

#include "tests/support/loop_stage.h"

using namespace finishline;
using namespace finishline::control;
using namespace finishline::test;

TEST_CASE("a page is made once in a turn, and anew in the next") {
  LoopStage stage;
  TurnPage page(stage.loop);
  int made = 0;
  const auto make = [&] {
    stage.loop.fresh_now();  // as a page does whose numbers are of now
    return std::to_string(++made);
  };
  int turns = 0;
  stage.until({}, [&] {
    ++turns;
    for (int asked = 0; asked < 100; ++asked) CHECK(page.made_by(make) == std::to_string(turns));
    return turns == 3;
  });
  CHECK(made == 3);
}
