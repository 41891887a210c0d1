#include "client/think_time.h"

#include <doctest/doctest.h>

#include <cmath>
#include <cstdlib>

using namespace finishline;
using namespace finishline::client;

namespace {

ThinkTime think(const std::string& text) { return std::get<ThinkTime>(ThinkTime::parse(text)); }

}  // namespace

TEST_CASE("a constant time to think is always the same") {
  std::mt19937_64 generator(1);
  for (int i = 0; i < 10; ++i) CHECK(think("50ms").draw(generator) == 50ms);
  CHECK_FALSE(think("0").any());
  CHECK_FALSE(ThinkTime().any());
}

TEST_CASE("an exponential time to think has the mean that it says, and its spread") {
  std::mt19937_64 generator(1);
  const ThinkTime time = think("exp:50ms");
  constexpr int kDraws = 20000;
  double sum = 0, squares = 0;
  for (int i = 0; i < kDraws; ++i) {
    const double drawn = to_seconds(time.draw(generator)) / 0.05;
    CHECK(drawn >= 0);
    sum += drawn;
    squares += drawn * drawn;
  }
  // Five standard deviations of the means.
  CHECK(std::abs(sum / kDraws - 1) < 5 / std::sqrt(kDraws));
  CHECK(std::abs(squares / kDraws - 2) < 5 * std::sqrt(20.0 / kDraws));
}

TEST_CASE("what is no duration is no time to think") {
  for (const char* text : {"", "50", "exp:", "exp", "-1s", "pareto:1s", "25h", "exp:25h"})
    CHECK_MESSAGE(std::holds_alternative<std::string>(ThinkTime::parse(text)), text);
}
