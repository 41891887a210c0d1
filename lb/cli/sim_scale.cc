#include "lb/cli/sim_scale.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdio>
#include <nlohmann/json.hpp>
#include <utility>
#include <variant>
#include <vector>

#include "lb/cli/scale_plot.h"
#include "lb/cli/series_text.h"
#include "lb/model/usage.h"
#include "lb/sim/recorded_day.h"
#include "lb/sim/scale_connections.h"
#include "lb/sim/scale_day.h"
#include "proto/quantity.h"

namespace finishline::cli {
namespace {

using ScaleJson = nlohmann::ordered_json;

sim::ScaleScenario made_day(const SimOptions& options) {
  sim::ScaleScenario scenario = sim::slow_servers(options.seed);
  model::Usage usage{.step_s = sim::kRecordedStep,
                     .days = options.days,
                     .rate = options.rate,
                     .types = {},
                     .seed = options.seed};
  usage.spikes_per_week = options.spikes;
  for (const auto& type : scenario.cost.request_types()) usage.types.push_back({type.name, 1});
  scenario.begin_s = usage.begin_s;
  scenario.load = model::usage_of(usage);
  sim::play_last_day(scenario);
  return scenario;
}

std::variant<std::string, sim::ScaleScenario> day_in_file(const SimOptions& options) {
  const auto read = samples_in(options.scale, ", or day or connections");
  if (const auto* problem = std::get_if<std::string>(&read)) return *problem;
  const forecast::Series series = forecast::regular(std::get<std::vector<forecast::LoadSample>>(read),
                                                    {.step_s = sim::kRecordedStep, .most_steps = 30 * 288});
  auto day = sim::recorded_day(series, options.rate, options.seed);
  if (day) return std::move(*day);
  return options.scale + ": a day on which something comes and a past of one day at least are needed, in " +
         "steps of 5 minutes or finer";
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
  if (options.scale == "connections") return {connections_text(options), {}, {}};
  if (options.days < 2 || options.days > 3660)
    return {{}, "--days: from 2 to 3660, of which the last is played", {}};
  if (!(options.rate > 0 && options.rate <= 1000))
    return {{}, "--rate: requests per second from above 0 to 1000 are needed", {}};
  std::variant<std::string, sim::ScaleScenario> made = std::string();
  if (options.scale == "day")
    made = made_day(options);
  else
    made = day_in_file(options);
  if (const auto* problem = std::get_if<std::string>(&made)) return {{}, *problem, {}};
  const auto& scenario = std::get<sim::ScaleScenario>(made);
  std::vector<sim::ScaleOutcome> outcomes;
  for (const auto provision : {sim::Provision::peak, sim::Provision::reactive, sim::Provision::predictive})
    outcomes.push_back(sim::play_scaling(scenario, provision));
  ScaleText told{
      .text = options.json ? day_json(outcomes) : day_text(scenario, outcomes), .problem = {}, .plot = {}};
  if (options.plot.empty()) return told;
  const ScalePanel panel{.title = options.scale.substr(options.scale.rfind('/') + 1),
                         .scenario = scenario,
                         .outcomes = std::move(outcomes)};
  told.plot = scale_plot({&panel, 1});
  return told;
}

}  // namespace finishline::cli
