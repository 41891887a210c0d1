#include "lb/model/usage.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <numeric>

#include "lb/model/trace.h"

namespace finishline::model {
namespace {

Usage calm() {
  return {.step_s = 3600,
          .days = 7,
          .types = {{"video", 3}, {"music", 1}},
          .growth = 0,
          .noise = 0,
          .spikes_per_week = 0};
}

double mean(const std::vector<double>& values) {
  return std::accumulate(values.begin(), values.end(), 0.0) / static_cast<double>(values.size());
}

TEST_CASE("the same values give the same load, another seed another") {
  Usage usage = calm();
  usage.noise = 0.2;
  CHECK(usage_of(usage) == usage_of(usage));
  Usage other = usage;
  other.seed = 2;
  CHECK(usage_of(usage) != usage_of(other));
}

TEST_CASE("a week has the rate that was asked for, shared among the types") {
  const auto load = usage_of(calm());
  REQUIRE(load.size() == 2);
  CHECK(mean(load[0]) == doctest::Approx(75));
  CHECK(mean(load[1]) == doctest::Approx(25));
}

TEST_CASE("afternoons are busy, nights and weekends are not") {
  const auto video = usage_of(calm())[0];
  CHECK(video[15] > 3 * video[3]);
  CHECK(video[5 * 24 + 15] == doctest::Approx(0.6 * video[15]));
}

TEST_CASE("growth is by the week, noise and spikes are never below nothing") {
  Usage usage = calm();
  usage.days = 14;
  usage.growth = 0.5;
  const auto growing = usage_of(usage)[0];
  CHECK(growing[7 * 24 + 12] == doctest::Approx(1.5 * growing[12]));
  usage.noise = 1;
  usage.spikes_per_week = 20;
  const auto shaken = usage_of(usage)[0];
  for (const double value : shaken) CHECK(value >= 0);
}

TEST_CASE("a trace has single requests, by type and hour as many as there should be, in order") {
  Usage usage = calm();
  usage.days = 1;
  usage.rate = 40;
  const Nanos step = 60s;  // an hour in a minute
  const auto rows = std::get<std::vector<TraceRow>>(parse_trace(usage_trace(usage, LengthLaw(), step)));
  CHECK(static_cast<double>(rows.size()) == doctest::Approx(requests_of(usage, step)).epsilon(0.05));
  const auto count = [&](const char* type, int hour) {
    return static_cast<double>(std::ranges::count_if(rows, [&](const TraceRow& row) {
      return row.type == type && row.at >= hour * step && row.at < (hour + 1) * step;
    }));
  };
  const auto load = usage_of(usage);
  CHECK(count("video", 15) == doctest::Approx(60 * load[0][15]).epsilon(0.15));
  CHECK(count("video", 3) == doctest::Approx(60 * load[0][3]).epsilon(0.25));
  CHECK(count("music", 18) == doctest::Approx(60 * load[1][18]).epsilon(0.25));
  CHECK(std::ranges::is_sorted(rows, {}, &TraceRow::at));
  CHECK(usage_trace(usage, LengthLaw(), step) == usage_trace(usage, LengthLaw(), step));
}

TEST_CASE("as CSV a line per step, of one type or of all") {
  const std::string one = usage_csv(calm(), 0), all = usage_csv(calm(), 2);
  CHECK(one.starts_with("time,value\n1767571200,"));
  CHECK(std::stod(all.substr(22)) > std::stod(one.substr(22)));
}

}  // namespace
}  // namespace finishline::model
