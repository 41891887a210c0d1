// One moment of all series: names and values. Plain values.
//
// Names are paths: "requests", "server.video-1.busy", "pool.media.ratio". Units stand in
// lb/history/series_names.h.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "lb/model/latency_histogram.h"

namespace finishline::history {

/// Of a histogram: those of its buckets (model::LatencyBuckets) in which something is.
struct BucketCounts {
  std::vector<std::pair<std::uint16_t, std::uint32_t>> counts{};  // by bucket, rising
  bool operator==(const BucketCounts&) const = default;
};
BucketCounts counts_of(const model::LatencyHistogram& histogram);
void add_to(model::LatencyHistogram& histogram, const BucketCounts& counts);
void add_to(BucketCounts& to, const BucketCounts& counts);

/// "type.video.p95" is the histogram "type.video" at 0.95; nothing where the name is no percentile's.
struct Percentile {
  std::string_view of;
  double part = 0;
};
std::optional<Percentile> percentile_in(std::string_view name);

struct SeriesSample {
  std::int64_t time = 0;  // Unix seconds
  std::vector<std::pair<std::string, double>> values{};
  std::vector<std::pair<std::string, BucketCounts>> histograms{};  // what came since the sample before

  void add(std::string name, double value) { values.emplace_back(std::move(name), value); }
};

/// Equally spaced values of one series; a value that is not known is NaN.
struct Points {
  std::int64_t from = 0;  // Unix seconds of the first
  std::int64_t step = 1;  // seconds
  std::vector<float> values{};
};

}  // namespace finishline::history
