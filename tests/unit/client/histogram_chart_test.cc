#include "client/histogram_chart.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <string>

using namespace finishline;
using namespace finishline::client;

namespace {

bool has(const std::string& text, const std::string& part) { return text.find(part) != std::string::npos; }

}  // namespace

TEST_CASE("each latency is in one line of the chart, and the fullest line has the longest bar") {
  Histogram histogram;
  for (int i = 0; i < 30; ++i) histogram.record(900us);
  for (int i = 0; i < 10; ++i) histogram.record(1900us);
  const std::string chart = histogram_chart(histogram);
  CHECK(has(chart, "1.000 ms        30  75.0 %  ########################################\n"));
  CHECK(has(chart, "2.000 ms        10  25.0 %  ##############\n"));
}

TEST_CASE("a chart stays short, however far apart the latencies are") {
  Histogram histogram;
  histogram.record(1us);
  histogram.record(100s);
  const std::string chart = histogram_chart(histogram);
  const auto lines = std::ranges::count(chart, '\n');
  CHECK(lines > 10);
  CHECK(lines < 30);
  CHECK(has(chart, "50.0 %"));
}

TEST_CASE("latencies of 0 and a single one have a chart, none has not") {
  Histogram histogram;
  CHECK(histogram_chart(histogram).empty());
  histogram.record(0ns);
  CHECK(has(histogram_chart(histogram), "100.0 %"));
}
