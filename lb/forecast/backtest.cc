#include "lb/forecast/backtest.h"

#include <algorithm>

#include "lb/forecast/combination.h"
#include "lb/forecast/season.h"

namespace finishline::forecast {
namespace {

constexpr std::size_t kFirstJudged = 8;  // origins before it only give weights and intervals
constexpr double kClearlyLess = 0.93;    // of the combination's error
constexpr std::size_t kNaiveRows = 3;    // the first of methods(): last value, day before, week before

/// The period of the naive forecast that errors are measured by: a day where there is one.
std::size_t scale_period(const Series& series) {
  const std::size_t day = steps_in(series, kDay);
  return day > 0 ? day : main_period(series);
}

class PastWalk {
 public:
  PastWalk(const Series& series, std::size_t horizon)
      : series_(series), horizon_(horizon), counts_(methods().size() + 1) {
    const Intervals none(Transform::of(series), horizon);
    intervals_.assign(counts_.size(), none);
  }

  void pass(std::span<const Origin> rolled) {
    for (std::size_t i = 0; i < rolled.size(); ++i) {
      const Origin& origin = rolled[i];
      Origin all = origin;
      all.forecasts.push_back(combined(origin, weights_at(series_, rolled.first(i), origin.at)));
      learn_until(origin.at);
      const double scale = naive_error(std::span(series_.values).first(origin.at), scale_period(series_));
      if (i >= std::min(kFirstJudged, rolled.size() / 3)) judge_origin(all, scale);
      waiting_.push_back(std::move(all));
    }
    learn_until(series_.size());
  }

  Backtest result() const {
    Backtest result{.horizon = horizon_,
                    .origins = judged_,
                    .rows = {},
                    .chosen = counts_.size() - 1,
                    .intervals = intervals_};
    for (std::size_t i = 0; i < counts_.size(); ++i) {
      const bool last = i == methods().size();
      result.rows.push_back({last ? kCombination : methods()[i].name, counts_[i].result()});
    }
    double least = kClearlyLess * result.rows.back().accuracy.mae;
    for (std::size_t i = 0; i + 1 < result.rows.size(); ++i) {
      if (!(result.rows[i].accuracy.mae < least)) continue;
      least = result.rows[i].accuracy.mae;
      result.chosen = i;
    }
    return result;
  }

 private:
  std::span<const double> actual_of(const Origin& origin) const {
    return std::span(series_.values).subspan(origin.at, horizon_);
  }
  /// Intervals learn of an origin when its horizon is over.
  void learn_until(std::size_t now) {
    while (!waiting_.empty() && waiting_.front().at + horizon_ <= now) {
      const Origin& origin = waiting_.front();
      for (std::size_t i = 0; i < intervals_.size(); ++i)
        intervals_[i].learn(origin.forecasts[i], actual_of(origin));
      waiting_.erase(waiting_.begin());
    }
  }
  void judge_origin(const Origin& origin, double scale) {
    ++judged_;
    for (std::size_t row = 0; row < counts_.size(); ++row)
      for (std::size_t step = 0; step < horizon_; ++step) compare(row, step, origin, scale);
  }
  void compare(std::size_t row, std::size_t step, const Origin& origin, double scale) {
    const double forecast = origin.forecasts[row][step], actual = actual_of(origin)[step];
    if (is_missing(actual)) return;
    counts_[row].add(forecast, actual, scale);
    if (intervals_[row].origins() == 0) return;
    std::array<bool, 2> inside{};
    for (std::size_t i = 0; i < inside.size(); ++i) {
      const Band band = intervals_[row].band(step, forecast, i);
      inside[i] = band.low <= actual && actual <= band.high;
    }
    counts_[row].add_coverage(inside);
  }

  const Series& series_;
  std::size_t horizon_;
  std::vector<AccuracyCount> counts_;
  std::vector<Intervals> intervals_;
  std::vector<Origin> waiting_;
  std::size_t judged_ = 0;
};

}  // namespace

std::size_t best_naive(const Backtest& check) {
  const auto naive = std::span(check.rows).first(std::min(kNaiveRows, check.rows.size()));
  const auto best = std::ranges::min_element(naive, {}, [](const auto& row) { return row.accuracy.mae; });
  return static_cast<std::size_t>(best - naive.begin());
}

Backtest judge(const Series& series, std::span<const Origin> rolled, std::size_t horizon) {
  PastWalk walk(series, horizon);
  walk.pass(rolled);
  return walk.result();
}

Backtest backtest(const Series& series, const Calendar& calendar, const BacktestOptions& options) {
  const std::size_t stride = options.stride > 0 ? options.stride : options.horizon;
  const RollPlan plan{.horizon = options.horizon,
                      .origins = origins_before(series.size(), options.horizon, stride, options.most_origins,
                                                least_history(series)),
                      .refit_every = options.refit_every};
  return judge(series, roll(series, calendar, plan), options.horizon);
}

}  // namespace finishline::forecast
