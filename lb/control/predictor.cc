#include "lb/control/predictor.h"

#include <algorithm>
#include <cmath>
#include <memory>
#include <utility>

#include "lb/forecast/trusted.h"

namespace finishline::control {

/// One series.
class Predictor::Job : public net::Background::Job {
 public:
  Job(Predictor& owner, std::string name, LoadPast past, std::size_t horizon)
      : owner_(owner), name_(std::move(name)), past_(std::move(past)), horizon_(horizon) {}
  void work() override { values_ = forecast::trusted_forecast(past_.series, past_.calendar, horizon_); }
  void done() override {
    Known& known = owner_.known_[name_];
    known.begin_s = past_.utc_of(past_.series.time_of(past_.series.size()));
    known.values = values_.value_or(std::vector<double>());
  }

 private:
  Predictor& owner_;
  const std::string name_;
  const LoadPast past_;
  const std::size_t horizon_;
  std::optional<std::vector<double>> values_;
};

void Predictor::ask(const std::string& series, std::int64_t now_s, std::int64_t ahead) {
  Known& known = known_[series];
  if (known.asked_at != 0 && now_s - known.asked_at < kAnew) return;
  known.asked_at = now_s;
  auto past = past_(series);
  if (!past) return known.values.clear();
  // No farther than it is looked at until the next one: a method is trusted for what it is asked for.
  const auto horizon = static_cast<std::size_t>((ahead + kAnew) / kStep + 1);
  background_.run(std::make_unique<Job>(*this, series, std::move(*past), horizon));
}

std::vector<double> Predictor::expected(const std::vector<std::string>& series, std::int64_t now_s,
                                        std::int64_t ahead) {
  std::vector<double> most;
  for (const std::string& name : series) {
    ask(name, now_s, ahead);
    const Known& known = known_[name];
    double& value = most.emplace_back(0);
    for (std::size_t step = 0; step < known.values.size(); ++step) {
      const std::int64_t begin = known.begin_s + static_cast<std::int64_t>(step) * kStep;
      if (begin + kStep > now_s && begin <= now_s + ahead) value = std::max(value, known.values[step]);
    }
  }
  return most;
}

std::optional<LoadPast> recent_past(const history::Timeline& timeline, const std::string& series,
                                    const forecast::LoadOrigin& place) {
  if (!timeline.on_disk()) return std::nullopt;
  const std::int64_t now = timeline.latest() / Predictor::kStep * Predictor::kStep;
  return load_past(timeline, series, timeline.plan(now - Predictor::kLookBack, now, Predictor::kStep), place);
}

std::string work_series(const std::string& pool, const std::string& request_type) {
  return "pool." + pool + ".work." + request_type;
}

}  // namespace finishline::control
