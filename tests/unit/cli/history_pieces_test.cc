#include "lb/cli/history_pieces.h"

#include <doctest/doctest.h>

#include <algorithm>

using namespace finishline;
using namespace finishline::cli;

namespace {

std::vector<forecast::LoadSample> minutes(std::size_t count) {
  std::vector<forecast::LoadSample> samples;
  for (std::size_t i = 0; i < count; ++i)
    samples.push_back({1'790'000'100.0 + 60 * static_cast<double>(i), static_cast<double>(i)});
  return samples;
}

std::size_t lines_of(const std::string& csv) {
  return static_cast<std::size_t>(std::ranges::count(csv, '\n'));
}

}  // namespace

TEST_CASE("a short series is one piece, without ends") {
  auto samples = minutes(3);
  std::ranges::reverse(samples);
  const auto pieces =
      std::get<std::vector<HistoryPiece>>(history_pieces(samples, {.times = 0.5, .later_by = 7}, 60));
  REQUIRE(pieces.size() == 1);
  CHECK(pieces[0].csv == "time,value\n1790000107,0\n1790000167,0.5\n1790000227,1\n");
  CHECK(pieces[0].from == 0);
  CHECK(pieces[0].to == 0);
}

TEST_CASE(
    "a long one is cut between slots of a quarter of an hour, and each piece knows what holds into it") {
  const auto pieces = std::get<std::vector<HistoryPiece>>(history_pieces(minutes(50'000), {}, 60));
  REQUIRE(pieces.size() == 3);
  std::size_t lines = 0;
  for (std::size_t i = 0; i < pieces.size(); ++i) {
    lines += lines_of(pieces[i].csv) - 1;
    CHECK(pieces[i].from % 900 == 0);
    CHECK(pieces[i].csv.size() < 1'000'000);
    if (i > 0) CHECK(pieces[i].from == pieces[i - 1].to);
  }
  CHECK(pieces[2].to == 0);
  CHECK(lines >= 50'000);
  CHECK(std::holds_alternative<std::string>(
      history_pieces(std::vector<forecast::LoadSample>(30'000, {1'790'000'000, 1}), {}, 1)));
}

TEST_CASE("what is old is moved by whole weeks") {
  constexpr std::int64_t kWeek = 7 * 86400;
  CHECK(weeks_until(10 * kWeek + 5, 3 * kWeek) == 7 * kWeek);
  CHECK(weeks_until(10 * kWeek - 5, 3 * kWeek) == 6 * kWeek);
  CHECK(weeks_until(3 * kWeek, 3 * kWeek + 5) == -kWeek);
}
