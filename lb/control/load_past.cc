#include "lb/control/load_past.h"

#include <algorithm>
#include <utility>
#include <vector>

namespace finishline::control {
namespace {

constexpr std::int64_t kAhead = 1000;  // steps: no forecast goes farther

}  // namespace

std::optional<LoadPast> load_past(const history::Timeline& timeline, const std::string& series,
                                  const history::Timeline::Plan& plan, const forecast::LoadOrigin& place,
                                  std::size_t least) {
  const history::Points points = timeline.read(series, plan);
  std::vector<forecast::LoadSample> samples;
  for (std::size_t i = 0; i < points.values.size(); ++i)
    if (const double value = points.values[i]; !forecast::is_missing(value))
      samples.push_back({static_cast<double>(plan.from + static_cast<std::int64_t>(i) * plan.step), value});
  if (samples.empty() || samples.size() < least) return std::nullopt;
  LoadPast past = load_past(samples, {.step_s = plan.step}, place);
  const auto known_to = plan.from + static_cast<std::int64_t>(points.values.size()) * plan.step;
  const auto steps = (known_to + past.clock.ahead_at(known_to) - past.series.begin_s) / plan.step;
  std::vector<double>& values = past.series.values;  // what is not known at the end is missing
  values.resize(std::max(values.size(), static_cast<std::size_t>(steps)), forecast::kMissing);
  return past;
}

LoadPast load_past(const std::vector<forecast::LoadSample>& samples, forecast::Grid grid,
                   const forecast::LoadOrigin& place) {
  const auto [first, last] = std::ranges::minmax(samples, {}, &forecast::LoadSample::time_s);
  LoadPast past{.series = {},
                .clock = forecast::PlaceClock(place.zone, static_cast<std::int64_t>(first.time_s),
                                              static_cast<std::int64_t>(last.time_s) + kAhead * grid.step_s),
                .calendar = place.calendar};
  grid.clock_offset = [&](std::int64_t utc_s) { return past.clock.ahead_at(utc_s); };
  past.series = forecast::regular(samples, grid);
  return past;
}

forecast::LoadOrigin place_of(const config::Proxy& proxy) {
  forecast::LoadOrigin place{.zone = proxy.timezone, .calendar = {}};
  for (const std::string& text : proxy.special_days)
    if (const auto day = forecast::day_of(text)) place.calendar.special_days.push_back(*day);
  std::ranges::sort(place.calendar.special_days);
  return place;
}

}  // namespace finishline::control
