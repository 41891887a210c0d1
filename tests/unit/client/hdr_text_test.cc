#include "client/hdr_text.h"

#include <doctest/doctest.h>

#include <cmath>
#include <cstdlib>
#include <sstream>
#include <string>
#include <vector>

using namespace finishline;
using namespace finishline::client;

namespace {

struct Row {
  double value, percentile;
  std::uint64_t count;
  double inverse;
};

/// The lines that are no title and no footer.
std::vector<Row> rows_of(const std::string& text) {
  std::vector<Row> rows;
  std::istringstream lines(text);
  for (std::string line; std::getline(lines, line);) {
    std::istringstream words(line);
    Row row{};
    std::string inverse;
    if (words >> row.value >> row.percentile >> row.count >> inverse) {
      row.inverse = std::stod(inverse);
      rows.push_back(row);
    }
  }
  return rows;
}

}  // namespace

TEST_CASE("the percentiles rise to 100 %, each with as many requests as are within its value") {
  Histogram histogram;
  for (int i = 1; i <= 10000; ++i) histogram.record(i * 10us);
  const auto rows = rows_of(hdr_text(histogram));
  REQUIRE(rows.size() > 40);
  CHECK(rows.front().percentile == 0);
  CHECK(rows.back().percentile == 1);
  CHECK(rows.back().count == 10000);
  CHECK(rows.back().value == 100);
  CHECK(std::isinf(rows.back().inverse));
  for (std::size_t i = 0; i + 1 < rows.size(); ++i) {
    const Row& row = rows[i];
    CHECK(static_cast<double>(row.count) >= row.percentile * 10000 - 1e-6);
    CHECK(row.value >= row.percentile * 100 * 0.999);
    CHECK(row.value <= row.percentile * 100 * (1 + 2 * Histogram::kRelativeError) + 0.011);
    CHECK(row.inverse == doctest::Approx(1 / (1 - row.percentile)).epsilon(0.01));
    CHECK(rows[i + 1].percentile > row.percentile);
    CHECK(rows[i + 1].value >= row.value);
  }
  CHECK(rows[rows.size() - 2].inverse <= 10000);
}

TEST_CASE("mean, deviation, maximum and counts stand at the end, as its plotters read them") {
  Histogram histogram;
  for (int i = 0; i < 100; ++i) histogram.record(i % 2 == 0 ? 1ms : 3ms);
  const std::string text = hdr_text(histogram);
  CHECK(text.find("       Value     Percentile TotalCount 1/(1-Percentile)\n\n") == 0);
  CHECK(text.find("#[Mean    =        2.000, StdDeviation   =        ") != std::string::npos);
  const double deviation = std::stod(text.substr(text.find("StdDeviation   =") + 16));
  CHECK(std::abs(deviation - 1) < 0.03);
  CHECK(text.find("#[Max     =        3.000, Total count    =          100]") != std::string::npos);
  CHECK(text.find("#[Buckets =           56, SubBuckets     =          128]") != std::string::npos);
}

TEST_CASE("a single latency, and none at all") {
  Histogram histogram;
  CHECK(rows_of(hdr_text(histogram)).empty());
  CHECK(hdr_text(histogram).find("Total count    =            0]") != std::string::npos);
  histogram.record(5ms);
  const auto rows = rows_of(hdr_text(histogram));
  REQUIRE(rows.size() == 2);
  CHECK(rows[0].percentile == 0);
  CHECK(rows[1].count == 1);
}
