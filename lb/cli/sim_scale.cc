#include "lb/cli/sim_scale.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdio>
#include <nlohmann/json.hpp>
#include <numeric>
#include <variant>
#include <vector>

#include "lb/config/config.h"
#include "lb/control/series_file.h"
#include "lb/model/usage.h"
#include "lb/sim/scale_connections.h"
#include "lb/sim/scale_day.h"
#include "proto/quantity.h"

namespace finishline::cli {
namespace {

using ScaleJson = nlohmann::ordered_json;

constexpr std::int64_t kScaleDay = 86400;
constexpr std::int64_t kScaleStep = 300;

/// A rule for servers that take minutes to start.
sched::ScaleOptions day_rule() {
  return {.by = sched::ScaleBy::work,
          .up_over = 0.8,
          .hysteresis = 0.1,
          .cooldown_up = 30s,
          .cooldown_down = 60s,
          .settle = 600s,
          .min_life = 600s,
          .catch_up = 120s};
}

/// Five seconds of work for a request on the average, so that few requests keep many servers busy; servers of
/// all types that do any of it cost alike.
sim::ScaleScenario bare_scenario(const SimOptions& options) {
  sim::ScaleScenario scenario;
  scenario.cost = CostModel::seed(1s);
  scenario.prices.assign(scenario.cost.server_types().size(), 1);
  scenario.step_s = kScaleStep;
  scenario.target = 5s;
  scenario.rule = day_rule();
  scenario.seed = options.seed;
  return scenario;
}

/// The last day is played.
void play_last_day(sim::ScaleScenario& scenario) {
  const std::size_t day = kScaleDay / kScaleStep, steps = scenario.load.front().size();
  scenario.first_step = steps > day ? steps - day : 0;
}

sim::ScaleScenario made_day(const SimOptions& options) {
  sim::ScaleScenario scenario = bare_scenario(options);
  model::Usage usage{
      .step_s = kScaleStep, .days = options.days, .rate = options.rate, .types = {}, .seed = options.seed};
  usage.spikes_per_week = options.spikes;
  for (const auto& type : scenario.cost.request_types()) usage.types.push_back({type.name, 1});
  scenario.begin_s = usage.begin_s;
  scenario.load = model::usage_of(usage);
  play_last_day(scenario);
  return scenario;
}

std::variant<std::string, std::vector<forecast::LoadSample>> samples_in(const std::string& file) {
  auto text = config::read_text(file);
  if (const auto* problem = std::get_if<config::Problem>(&text)) return config::to_string(*problem, file);
  auto samples = control::parse_series(std::get<std::string>(text));
  if (const auto* problem = std::get_if<std::string>(&samples)) return file + ": " + *problem;
  return std::move(std::get<std::vector<forecast::LoadSample>>(samples));
}

/// All of one type, stretched so that the last day has --rate requests a second on the average.
std::variant<std::string, sim::ScaleScenario> recorded_day(const SimOptions& options) {
  const auto read = samples_in(options.scale);
  if (const auto* problem = std::get_if<std::string>(&read)) return *problem;
  const forecast::Series series = forecast::regular(std::get<std::vector<forecast::LoadSample>>(read),
                                                    {.step_s = kScaleStep, .most_steps = 30 * 288});
  sim::ScaleScenario scenario = bare_scenario(options);
  scenario.begin_s = series.begin_s;
  scenario.load.assign(scenario.cost.request_types().size(), std::vector<double>(series.size()));
  scenario.load.front() = forecast::filled(series);
  if (series.size() < 2 * kScaleDay / kScaleStep)
    return options.scale +
           ": a day and a past of one day at least are needed, in steps of 5 minutes or finer";
  play_last_day(scenario);
  const auto last = scenario.load.front().begin() + static_cast<std::ptrdiff_t>(scenario.first_step);
  const double mean = std::accumulate(last, scenario.load.front().end(), 0.0) /
                      static_cast<double>(scenario.load.front().end() - last);
  if (!(mean > 0)) return options.scale + ": nothing comes on the last day";
  for (double& rate : scenario.load.front()) rate = std::max(0.0, rate * options.rate / mean);
  return scenario;
}

// --- what is told --------------------------------------------------------------------------------------

std::string outcome_line(const sim::ScaleOutcome& it, double peak_seconds) {
  std::array<char, 200> line{};
  const double share =
      it.requests == 0 ? 0 : 100.0 * static_cast<double>(it.late) / static_cast<double>(it.requests);
  const double less = 100 * (1 - it.server_seconds / peak_seconds);
  std::snprintf(line.data(), line.size(), "%-11s %11s %9s %8.3f %% %13.0f %11.1f %% %6u %7u\n",
                std::string(name_of(it.provision)).c_str(), human_count(it.requests).c_str(),
                human_count(it.late).c_str(), share, it.server_seconds / 3600, less, it.most, it.starts);
  return line.data();
}

std::string day_text(const sim::ScaleScenario& scenario, const std::vector<sim::ScaleOutcome>& outcomes) {
  std::string text = "a server takes " + human(scenario.start_time) +
                     " to start; late: waited for more than " + human(scenario.target) +
                     "; servers are added above " + std::to_string(std::lround(scenario.rule.up_over * 100)) +
                     " %\n\n" +
                     "servers        requests      late     share  server-hours  below peak   most  starts\n";
  for (const sim::ScaleOutcome& it : outcomes) text += outcome_line(it, outcomes.front().server_seconds);
  const sim::ScaleOutcome& told = outcomes.back();
  return text + "\nforecasts: " + human_count(told.forecasts) + ", of which " + human_count(told.trusted) +
         " had beaten the naive one and were followed\n";
}

std::string day_json(const std::vector<sim::ScaleOutcome>& outcomes) {
  ScaleJson all = ScaleJson::array();
  for (const sim::ScaleOutcome& it : outcomes)
    all.push_back({{"servers", name_of(it.provision)},
                   {"requests", it.requests},
                   {"late", it.late},
                   {"unserved", it.unserved},
                   {"server_seconds", it.server_seconds},
                   {"most", it.most},
                   {"starts", it.starts},
                   {"forecasts", it.forecasts},
                   {"trusted", it.trusted}});
  return all.dump(2) + "\n";
}

std::string connections_text(const SimOptions& options) {
  const sim::ConnectionScenario scenario{
      .rule = {.by = sched::ScaleBy::connections, .up_over = 0.5, .down_under = 0.2, .cooldown_up = 0s},
      .seed = options.seed};
  const sim::ConnectionOutcome it = sim::play_connections(scenario);
  if (options.json)
    return ScaleJson{{"connections", it.connections},
                     {"mean_load", it.mean_load},
                     {"most_load", it.most_load},
                     {"above", it.above},
                     {"servers", it.servers}}
               .dump(2) +
           "\n";
  std::array<char, 400> text{};
  std::snprintf(
      text.data(), text.size(),
      "%s connections of loads 1 to 10 %%, more and more of them, for 15 min; servers are added above "
      "50 %%\nmean load %.1f %%, at most %.1f %%, above 50 %% for %.1f %% of the time; %u servers at "
      "the end\n",
      human_count(it.connections).c_str(), 100 * it.mean_load, 100 * it.most_load, 100 * it.above,
      it.servers);
  return text.data();
}

}  // namespace

ScaleText scale_text(const SimOptions& options) {
  if (options.scale == "connections") return {connections_text(options), {}};
  if (options.days < 2 || options.days > 3660)
    return {{}, "--days: from 2 to 3660, of which the last is played"};
  if (!(options.rate > 0 && options.rate <= 1000))
    return {{}, "--rate: requests per second from above 0 to 1000 are needed"};
  std::variant<std::string, sim::ScaleScenario> made = std::string();
  if (options.scale == "day")
    made = made_day(options);
  else
    made = recorded_day(options);
  if (const auto* problem = std::get_if<std::string>(&made)) return {{}, *problem};
  const auto& scenario = std::get<sim::ScaleScenario>(made);
  std::vector<sim::ScaleOutcome> outcomes;
  for (const auto provision : {sim::Provision::peak, sim::Provision::reactive, sim::Provision::predictive})
    outcomes.push_back(sim::play_scaling(scenario, provision));
  return {options.json ? day_json(outcomes) : day_text(scenario, outcomes), {}};
}

}  // namespace finishline::cli
