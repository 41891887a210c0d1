#include "lb/history/block.h"

#include <doctest/doctest.h>
#include <rapidcheck.h>

#include <cmath>

using namespace finishline::history;

namespace {

bool same(const ValueBlock& a, const ValueBlock& b) {
  return std::ranges::equal(a, b,
                            [](float x, float y) { return x == y || (std::isnan(x) && std::isnan(y)); });
}

}  // namespace

TEST_CASE("values come back as they were, what is not known as not known") {
  ValueBlock block(6, NAN);
  block[1] = 0.5F;
  block[3] = -1e9F;
  const std::string bytes = encode(block);
  CHECK(bytes.size() == 16);
  CHECK(same(decode_values(bytes, 6), block));
  CHECK(same(decode_values("", 6), ValueBlock(6, NAN)));
}

TEST_CASE("histograms come back as they were") {
  HistogramBlock block(300);
  block[0].counts = {{0, 1}, {5, 70000}, {1000, 3}};
  block[299].counts = {{7, 4000000000U}};
  CHECK(decode_histograms(encode(block), 300) == block);
}

TEST_CASE("no bytes break a block") {
  CHECK(rc::check("any bytes", [](const std::string& bytes) {
    RC_ASSERT(decode_values(bytes, 10).size() == 10U);
    RC_ASSERT(decode_histograms(bytes, 10).size() == 10U);
  }));
}

TEST_CASE("counts of histograms add up") {
  BucketCounts sum{{{1, 2}, {5, 1}}};
  add_to(sum, BucketCounts{{{0, 1}, {5, 3}, {9, 1}}});
  CHECK(sum == BucketCounts{{{0, 1}, {1, 2}, {5, 4}, {9, 1}}});
}

TEST_CASE("the name of a percentile tells of which histogram") {
  CHECK(percentile_in("type.video.p95")->of == "type.video");
  CHECK(percentile_in("latency.p99")->part == 0.99);
  CHECK_FALSE(percentile_in("requests"));
  CHECK_FALSE(percentile_in(".p50"));
}
