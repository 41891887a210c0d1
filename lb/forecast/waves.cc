#include "lb/forecast/waves.h"

#include <algorithm>
#include <cmath>
#include <numbers>

#include "lb/forecast/season.h"

namespace finishline::forecast {
namespace {

constexpr std::size_t kBends = 25;
constexpr double kLastBend = 0.95;  // as a share of the series
constexpr double kBendPenalty = 1;
constexpr std::size_t kDayOrder = 10, kWeekOrder = 40, kYearOrder = 10;
constexpr double kWavePenalty = 20;  // times the square of the order
constexpr double kSpecialPenalty = 1;
constexpr double kFree = 1e-6;

}  // namespace

Waves::Waves(const Series& series, const Calendar& calendar)
    : begin_s_(series.begin_s),
      step_s_(series.step_s),
      length_(static_cast<double>(std::max<std::size_t>(series.size(), 1))),
      calendar_(calendar) {
  add_trend();
  const auto day = steps_in(series, kDay), week = steps_in(series, kWeek), year = steps_in(series, kYear);
  const auto steps = static_cast<double>(step_s_);
  if (day > 0) add_season(Part::day, kDay.length_s / steps, kDayOrder, kWavePenalty, 0);
  if (week > 0)
    add_season(Part::week, kWeek.length_s / steps, kWeekOrder, kWavePenalty / 16, day > 0 ? 7 : 0);
  if (year > 0) add_season(Part::year, kYear.length_s / steps, kYearOrder, kWavePenalty, 0);
  if (!calendar_.special_days.empty()) columns_.push_back({Part::special, 0, false, kSpecialPenalty});
}

void Waves::add_trend() {
  columns_.push_back({Part::trend, -2, false, kFree});  // constant
  columns_.push_back({Part::trend, 0, false, kFree});   // slope from the start
  const auto bends = std::min<std::size_t>(kBends, static_cast<std::size_t>(length_) / 4);
  for (std::size_t i = 1; i <= bends; ++i)
    columns_.push_back({Part::trend, kLastBend * static_cast<double>(i) / static_cast<double>(bends + 1),
                        false, kBendPenalty});
}

/// `skip`: orders that are multiples of it belong to a shorter season.
void Waves::add_season(Part part, double period, std::size_t order, double stiffness, std::size_t skip) {
  for (std::size_t k = 1; k <= order && 2 * static_cast<double>(k) <= period; ++k) {
    if (skip > 0 && k % skip == 0) continue;
    const double penalty = stiffness * static_cast<double>(k * k);
    for (const bool cosine : {false, true})
      columns_.push_back({part, period / static_cast<double>(k), cosine, penalty});
  }
}

Eigen::VectorXd Waves::penalty() const {
  Eigen::VectorXd penalty(static_cast<Eigen::Index>(columns_.size()));
  for (std::size_t i = 0; i < columns_.size(); ++i) penalty(i) = columns_[i].penalty;
  return penalty;
}

double Waves::value_of(const Column& column, std::size_t step) const {
  if (column.part == Part::special)
    return calendar_.is_special(begin_s_ + static_cast<std::int64_t>(step) * step_s_);
  if (column.part == Part::trend)
    return column.where < 0 ? 1 : std::max(0.0, static_cast<double>(step) / length_ - column.where);
  // Phases are counted from the clock of the place, not from the first step.
  const double steps = static_cast<double>(begin_s_ / step_s_) + static_cast<double>(step);
  const double angle = 2 * std::numbers::pi * std::fmod(steps, column.where) / column.where;
  return column.cosine ? std::cos(angle) : std::sin(angle);
}

void Waves::write(std::size_t step, Eigen::Ref<Eigen::RowVectorXd> row) const {
  for (std::size_t i = 0; i < columns_.size(); ++i) row(i) = value_of(columns_[i], step);
}

}  // namespace finishline::forecast
