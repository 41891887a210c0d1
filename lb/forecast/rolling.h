// Forecasts made as if the future were not known: at one origin after the other, each from what came before.
// Pure.
#pragma once

#include <span>
#include <vector>

#include "lb/forecast/method.h"

namespace finishline::forecast {

/// What each of methods() said when the first `at` steps were known.
struct Origin {
  std::size_t at = 0;
  std::vector<std::vector<double>> forecasts;  // by method, a horizon long
};

struct RollPlan {
  std::size_t horizon = 1;
  std::vector<std::size_t> origins;  // rising, each at most series.size()
  std::size_t refit_every = 1;       // origins; between fits models only read what came
};

std::vector<Origin> roll(const Series& series, const Calendar& calendar, const RollPlan& plan);

/// `count` origins at most, `stride` apart, the last such that its whole horizon is known; none before
/// `least` steps.
std::vector<std::size_t> origins_before(std::size_t size, std::size_t horizon, std::size_t stride,
                                        std::size_t count, std::size_t least);

/// How long a history is needed before forecasts are judged: two of its longest season, or a third of all.
std::size_t least_history(const Series& series);

}  // namespace finishline::forecast
