// A method of forecasting: it is fitted to a series and becomes a model. Pure: no clock, no thread of its
// own.
//
//   Method --fit(series)--> Model --forecast(horizon)--> numbers
//                             ^ append(what came next)
//
// A fit costs up to a second for 10,000 steps; append and forecast cost well under 10 ms, and a model keeps
// at most some weeks of what it has read.
#pragma once

#include <memory>
#include <span>
#include <string_view>
#include <vector>

#include "lb/forecast/calendar.h"
#include "lb/forecast/series.h"

namespace finishline::forecast {

class Model {
 public:
  virtual ~Model() = default;

  /// The values of the next `horizon` steps, on the scale of the series: as likely too low as too high.
  /// Finite.
  virtual std::vector<double> forecast(std::size_t horizon) const = 0;
  /// What the next steps turned out to be; NaN where that is not known. What was learned in the fit stays.
  virtual void append(std::span<const double> values) = 0;
};

struct ForecastMethod {
  std::string_view name;
  std::string_view rule;  // one sentence for people
  /// The series may be short, constant or full of gaps; one without any value is forecast as 0.
  std::unique_ptr<Model> (*fit)(const Series& series, const Calendar& calendar);
};

/// All but the combination, in the order in which reports list them.
std::span<const ForecastMethod> methods();
/// Nothing for an unknown name.
const ForecastMethod* find_method(std::string_view name);

}  // namespace finishline::forecast
