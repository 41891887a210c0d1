// The columns of the additive model: what may move a load, as numbers for each step. Pure.
#pragma once

#include <cstdint>
#include <eigen3/Eigen/Dense>
#include <vector>

#include "lb/forecast/calendar.h"
#include "lb/forecast/series.h"

namespace finishline::forecast {

class Waves {
 public:
  enum class Part : std::uint8_t { trend, day, week, year, special };

  /// Columns for a series that begins as this one and has its length; later steps go on with the last trend.
  Waves(const Series& series, const Calendar& calendar);

  std::size_t columns() const { return columns_.size(); }
  Part part_of(std::size_t column) const { return columns_[column].part; }
  /// How strongly each coefficient is held to 0.
  Eigen::VectorXd penalty() const;
  /// Writes one row; row.size() == columns().
  void write(std::size_t step, Eigen::Ref<Eigen::RowVectorXd> row) const;

 private:
  struct Column {
    Part part;
    double where;  // of a bend: when, as a share of the series; of a wave: its period in steps
    bool cosine;   // of a wave
    double penalty;
  };
  void add_trend();
  void add_season(Part part, double period, std::size_t order, double stiffness, std::size_t skip);
  double value_of(const Column& column, std::size_t step) const;

  std::int64_t begin_s_, step_s_;
  double length_;  // steps of the fit
  Calendar calendar_;
  std::vector<Column> columns_;
};

}  // namespace finishline::forecast
