// The latest samples of every series, one a second, in memory of a fixed size: 4 bytes for each series and
// second. Pure: time comes in as an argument.
//
//   second % size ->  0    1    2    3 ...
//   requests        [512, 498, NaN, 505 ...      NaN: nobody looked in that second
//   server.a.busy   [.93, .91, NaN, .95 ...
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "lb/history/sample.h"

namespace finishline::history {

class Ring {
 public:
  /// Keeps `seconds` of at most `most_series` series; further ones are not kept.
  explicit Ring(std::size_t seconds = 900, std::size_t most_series = 20000);

  /// A sample not older than the latest. Seconds between both are lost ones. Series that have had no value
  /// for the whole ring are forgotten.
  void add(const SeriesSample& sample);

  /// Means of `step` seconds each, from `from` (rounded down to a step) to below `to`. Seconds that are not
  /// known do not count; a step without any is NaN. A series that is not known is all NaN.
  Points read(std::string_view name, std::int64_t from, std::int64_t to, std::int64_t step) const;

  /// What came from `from` to below `to` of a histogram; empty when nothing did.
  model::LatencyHistogram histogram(std::string_view name, std::int64_t from, std::int64_t to) const;
  /// The percentile of each step, as read().
  Points read(const Percentile& percentile, std::int64_t from, std::int64_t to, std::int64_t step) const;

  std::vector<std::string> names() const;
  std::int64_t earliest() const { return first_; }  // 0: none
  std::int64_t latest() const { return last_; }

 private:
  std::size_t at(std::int64_t second) const { return static_cast<std::size_t>(second) % size_; }
  void skip_to(std::int64_t second);
  void forget_silent();

  std::size_t size_, most_;
  std::int64_t first_ = 0, last_ = 0;
  struct Column {
    std::vector<float> values;
    std::int64_t written = 0;  // when last
  };
  std::map<std::string, Column, std::less<>> columns_;
  std::map<std::string, std::map<std::int64_t, BucketCounts>, std::less<>> histograms_;  // by second
};

}  // namespace finishline::history
