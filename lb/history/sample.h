// One moment of all series: names and values. Plain values.
//
// Names are paths: "requests", "server.video-1.busy", "pool.media.ratio". Units stand in
// lb/history/series_names.h.
#pragma once

#include <string>
#include <utility>
#include <vector>

namespace finishline::history {

struct SeriesSample {
  std::int64_t time = 0;  // Unix seconds
  std::vector<std::pair<std::string, double>> values{};

  void add(std::string name, double value) { values.emplace_back(std::move(name), value); }
};

/// Equally spaced values of one series; a value that is not known is NaN.
struct Points {
  std::int64_t from = 0;  // Unix seconds of the first
  std::int64_t step = 1;  // seconds
  std::vector<float> values{};
};

}  // namespace finishline::history
