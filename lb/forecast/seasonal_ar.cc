#include "lb/forecast/seasonal_ar.h"

#include "lb/forecast/autoregression.h"
#include "lb/forecast/transform.h"

namespace finishline::forecast {
namespace {

class SeasonalAr : public Model {
 public:
  explicit SeasonalAr(const Series& series)
      : scaled_(series),
        ar_(scaled_.series, Autoregression::usual_lags(series), {.level = true, .ridge = 1}) {
    scaled_.series = {};
  }

  std::vector<double> forecast(std::size_t horizon) const override {
    return scaled_.restore(ar_.forecast(horizon));
  }
  void append(std::span<const double> values) override { ar_.append(scaled_.forward(values)); }

 private:
  Scaled scaled_;
  Autoregression ar_;
};

}  // namespace

std::unique_ptr<Model> fit_seasonal_ar(const Series& series, const Calendar&) {
  return std::make_unique<SeasonalAr>(series);
}

}  // namespace finishline::forecast
