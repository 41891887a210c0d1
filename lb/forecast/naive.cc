#include "lb/forecast/naive.h"

#include <algorithm>

#include "lb/forecast/season.h"

namespace finishline::forecast {
namespace {

/// One season of the latest values by phase.
class SeasonalNaive : public Model {
 public:
  SeasonalNaive(const Series& series, std::size_t period)
      : latest_(std::max<std::size_t>(period, 1), kMissing) {
    append(series.values);
  }

  std::vector<double> forecast(std::size_t horizon) const override {
    std::vector<double> ahead(horizon);
    for (std::size_t i = 0; i < horizon; ++i) {
      const double value = latest_[(next_ + i) % latest_.size()];
      ahead[i] = is_missing(value) ? last_ : value;
    }
    return ahead;
  }

  void append(std::span<const double> values) override {
    for (const double value : values) {
      if (!is_missing(value)) latest_[next_] = last_ = value;
      next_ = (next_ + 1) % latest_.size();
    }
  }

 private:
  std::vector<double> latest_;
  std::size_t next_ = 0;
  double last_ = 0;
};

}  // namespace

std::unique_ptr<Model> fit_naive(const Series& series, const Calendar&) {
  return std::make_unique<SeasonalNaive>(series, 1);
}

std::unique_ptr<Model> fit_naive_day(const Series& series, const Calendar&) {
  const std::size_t day = steps_in(series, kDay);
  return std::make_unique<SeasonalNaive>(series, day > 0 ? day : main_period(series));
}

std::unique_ptr<Model> fit_naive_week(const Series& series, const Calendar&) {
  return std::make_unique<SeasonalNaive>(series, main_period(series));
}

}  // namespace finishline::forecast
