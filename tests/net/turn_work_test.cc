// Work that is cut over turns: all of it is done, in order, and other things have their turns in between.
#include "lb/net/turn_work.h"

#include <doctest/doctest.h>

#include <numeric>

#include "tests/support/loop_stage.h"

using namespace finishline;
using namespace finishline::test;

TEST_CASE("every step is done once, in the order in which work was added") {
  LoopStage stage;
  net::TurnWork work(stage.loop);
  std::vector<std::size_t> done;
  work.add_each(3, [&](std::size_t at) { done.push_back(at); });
  work.add_each(0, [&](std::size_t) { done.push_back(99); });
  work.add_each(2, [&](std::size_t at) { done.push_back(10 + at); });
  CHECK(done.empty());

  CHECK(stage.until({}, [&] { return work.empty(); }));
  CHECK(done == std::vector<std::size_t>{0, 1, 2, 10, 11});
}

TEST_CASE("a step may add more work, which comes after all that is there") {
  LoopStage stage;
  net::TurnWork work(stage.loop);
  std::vector<int> done;
  work.add([&] {
    work.add([&] {
      done.push_back(3);
      return false;
    });
    done.push_back(1);
    return false;
  });
  work.add([&] {
    done.push_back(2);
    return false;
  });
  CHECK(stage.until({}, [&] { return work.empty(); }));
  CHECK(done == std::vector{1, 2, 3});
}

TEST_CASE("work of many turns lets the loop turn in between") {
  LoopStage stage;
  int turns = 0;
  stage.loop.on_turn_end([&] { ++turns; });
  net::TurnWork work(stage.loop);
  constexpr std::size_t kSteps = 5;
  work.add_each(kSteps, [&](std::size_t) {
    const auto until = std::chrono::steady_clock::now() + net::TurnWork::kPerTurn;
    while (std::chrono::steady_clock::now() < until) {
    }
  });
  CHECK(stage.until({}, [&] { return work.empty(); }));
  CHECK(turns >= static_cast<int>(kSteps));
}
