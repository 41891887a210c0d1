// A regularised additive model of the kind of Prophet (Taylor and Letham 2018), on logarithms: a trend that
// may bend at 25 places, waves of the day, the week and the year, an effect of special days; and an
// autoregression on what that leaves. Fitted by reweighted ridge regression. Pure.
//
// It is read from the parts: components.h shows trend, day and week as series of their own.
#pragma once

#include <memory>

#include "lb/forecast/autoregression.h"
#include "lb/forecast/method.h"
#include "lb/forecast/transform.h"
#include "lb/forecast/waves.h"

namespace finishline::forecast {

class AdditiveModel : public Model {
 public:
  AdditiveModel(const Series& series, const Calendar& calendar);

  std::vector<double> forecast(std::size_t horizon) const override;
  void append(std::span<const double> values) override;

  /// The sum of the parts, without the autoregression, at any step from the first one fitted: on the scale of
  /// `transform`.
  double sum_at(std::size_t step) const;
  /// One part of that sum.
  double part_at(Waves::Part part, std::size_t step) const;
  const Transform& transform() const { return scaled_.transform; }

 private:
  Scaled scaled_;
  Waves waves_;
  std::vector<double> coefficients_;
  std::unique_ptr<Autoregression> rest_;
  std::size_t next_ = 0;  // step that comes next
};

std::unique_ptr<Model> fit_additive(const Series& series, const Calendar& calendar);

}  // namespace finishline::forecast
