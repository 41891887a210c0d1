#include "lb/cli/forecast_options.h"

#include <algorithm>
#include <array>
#include <cmath>

#include "lb/cli/series_text.h"
#include "lb/forecast/enough.h"
#include "proto/quantity.h"

namespace finishline::cli {
namespace {

constexpr std::size_t kLongestHorizon = 5000;  // steps
constexpr std::int64_t kDay = 86400;
// What a step is rounded up to when the file's own is too fine.
constexpr std::array<std::int64_t, 10> kUsualSteps{1, 10, 60, 300, 600, 900, 1800, 3600, 21600, 86400};

std::string named_text(std::string_view text) { return "'" + std::string(text) + "'"; }

/// Whole seconds, with d for days and w for weeks, too.
std::optional<std::int64_t> parse_span(std::string_view text) {
  constexpr std::array<Unit, 2> kLong{Unit{"d", 86400}, Unit{"w", 604800}};
  if (const auto seconds = parse_in_units(text, kLong)) return seconds;
  const auto span = parse_duration(text);
  if (!span || span->count() % 1000000000 != 0) return std::nullopt;
  return span->count() / 1000000000;
}

/// What is wrong with a text that is no span; `units` are those to say instead, as "hd".
std::string span_problem(const std::string& text, std::string_view units, const char* example) {
  if (!text.empty() && text.find_first_not_of("0123456789.") == std::string::npos)
    return named_text(text) + " has no unit: say " + text + units[0] + " or " + text + units[1];
  return named_text(text) + " is not a time of whole seconds, as in " + example;
}

/// From the first sample to the last.
double span_of(const std::vector<forecast::LoadSample>& samples) {
  const auto [first, last] = std::ranges::minmax(samples, {}, &forecast::LoadSample::time_s);
  return last.time_s - first.time_s;
}

/// The file's own step, or the next usual one with which the samples fit into a series and the horizon, in
/// seconds, into a forecast.
std::int64_t step_for(const std::vector<forecast::LoadSample>& samples, std::size_t most,
                      std::int64_t horizon) {
  const std::int64_t own = forecast::usual_step(samples);
  const auto fits = [&](std::int64_t step) {
    return span_of(samples) / static_cast<double>(step) <= static_cast<double>(most) &&
           horizon / step < static_cast<std::int64_t>(kLongestHorizon);
  };
  if (fits(own)) return own;
  for (const std::int64_t step : kUsualSteps)
    if (step >= own && fits(step)) return step;
  return kUsualSteps.back();
}

/// As asked for. Where nothing is: a day, or as far as the past is good for.
std::int64_t horizon_for(const ForecastOptions& options, const std::vector<forecast::LoadSample>& samples) {
  if (!options.horizon.empty()) return parse_span(options.horizon).value_or(1);
  const auto known = static_cast<std::size_t>(span_of(samples));
  return std::min(kDay, static_cast<std::int64_t>(forecast::sensible_horizon(known)));
}

Nanos as_span(double span) { return Nanos(std::llround(span * 1e9)); }

/// Of a past that is too short for the step.
std::string what_may_be_asked(const ForecastOptions& options,
                              const std::vector<forecast::LoadSample>& samples) {
  const std::int64_t own = forecast::usual_step(samples);
  if (span_of(samples) / static_cast<double>(own) < 3) return ": come back later";
  if (!options.step.empty()) return ": a --step of " + step_text(own) + " fits";
  return ": --horizon " + human(as_span(static_cast<double>(own) * kLongestHorizon)) +
         " or less may be asked by now";
}

std::string set_zone(const std::string& name, const std::vector<forecast::LoadSample>& samples,
                     forecast::PlaceClock& clock) {
  constexpr std::int64_t kAhead = 366 * 86400;  // the horizon is hardly longer
  if (name.empty()) return {};
  if (!forecast::is_zone(name))
    return "--timezone: " + named_text(name) +
           " is not in /usr/share/zoneinfo; a name is like Europe/Berlin or UTC";
  const auto [first, last] = std::ranges::minmax(samples, {}, &forecast::LoadSample::time_s);
  clock = forecast::PlaceClock(name, static_cast<std::int64_t>(first.time_s),
                               static_cast<std::int64_t>(last.time_s) + kAhead);
  return {};
}

std::string read_days(const std::vector<std::string>& days, forecast::Calendar& calendar) {
  for (const std::string& text : days) {
    const auto day = forecast::day_of(text);
    if (!day) return "--special: " + named_text(text) + " is not a day, as in 2026-12-24";
    calendar.special_days.push_back(*day);
  }
  std::ranges::sort(calendar.special_days);
  return {};
}

std::string read_step(const ForecastOptions& options, const std::vector<forecast::LoadSample>& samples,
                      forecast::Grid& grid) {
  if (options.step.empty()) {
    grid.step_s = step_for(samples, grid.most_steps, horizon_for(options, samples));
    return {};
  }
  const auto step = parse_span(options.step);
  if (!step || *step < 1) return "--step: " + span_problem(options.step, "mh", "5m, 1h or 1d");
  grid.step_s = *step;
  return {};
}

std::string read_horizon(const ForecastOptions& options, ForecastTask& task) {
  const std::int64_t sensible =
      task.series.step_s * static_cast<std::int64_t>(forecast::sensible_horizon(task.series.size()));
  const auto horizon =
      options.horizon.empty() ? std::optional(std::min(kDay, sensible)) : parse_span(options.horizon);
  if (!horizon || *horizon < 1) return "--horizon: " + span_problem(options.horizon, "hd", "6h or 7d");
  const std::int64_t step = task.series.step_s, steps = (*horizon + step - 1) / step;
  if (steps > static_cast<std::int64_t>(kLongestHorizon))
    return "--horizon: " + named_text(options.horizon) + " is " +
           human_count(static_cast<std::uint64_t>(steps)) + " steps of " + std::to_string(step) +
           " s, and 5,000 are the most: a longer --step helps";
  task.horizon = static_cast<std::size_t>(steps);
  return {};
}

std::string read_samples(const ForecastOptions& options, ForecastTask& task) {
  const auto parsed = options.text.empty() ? samples_in(options.source, ", or a pool of a running proxy")
                                           : samples_of(options.text, options.source);
  if (const auto* problem = std::get_if<std::string>(&parsed)) return *problem;
  const auto& samples = std::get<std::vector<forecast::LoadSample>>(parsed);
  forecast::Grid grid;
  grid.kind = options.counter ? forecast::SampleKind::counter : forecast::SampleKind::gauge;
  if (const std::string problem = set_zone(options.timezone, samples, task.clock); !problem.empty())
    return problem;
  grid.clock_offset = [&](std::int64_t utc_s) { return task.clock.ahead_at(utc_s); };
  if (const std::string problem = read_step(options, samples, grid); !problem.empty()) return problem;
  task.samples = samples.size();
  task.series = forecast::regular(samples, grid);
  if (task.series.size() < 3)
    return options.source + ": " + std::to_string(task.series.size()) + " steps of " +
           std::to_string(grid.step_s) +
           " s are too few to go by: 3 are the least, two days or weeks are better; " +
           human(as_span(span_of(samples))) + " are known" + what_may_be_asked(options, samples);
  if (!options.keep_zeros) task.outages = forecast::mark_outages(task.series);
  return {};
}

}  // namespace

std::variant<ForecastTask, std::string> forecast_task(const ForecastOptions& options) {
  ForecastTask task;
  task.source = options.source;
  std::string problem = read_days(options.special_days, task.calendar);
  if (problem.empty()) problem = read_samples(options, task);
  if (problem.empty()) problem = read_horizon(options, task);
  if (!problem.empty()) return problem;
  return task;
}

}  // namespace finishline::cli
