// Steps at which a series is not what it was expected to be. Pure.
#pragma once

#include <vector>

#include "lb/forecast/series.h"

namespace finishline::forecast {

struct Anomaly {
  std::size_t step = 0;
  double expected = 0;  // on the scale of the series
  double score = 0;     // distance from it, signed: 1 is as far as a hundredth of all steps are
};

struct AnomalyOptions {
  double threshold = 1.05;  // of the score
};

/// In order of time. Expected is the median of the quarter of a day before, or of as many steps as a fiftieth
/// of the series, plus what this time of the day, or of the week from four
/// weeks on, usually adds, where days or weeks are alike. Peaks that come again
/// and again are no anomalies: a distance must be larger than nearly all others, and than what the bulk of
/// them makes likely by chance. A missing value is none.
std::vector<Anomaly> anomalies(const Series& series, const AnomalyOptions& options = {});

}  // namespace finishline::forecast
