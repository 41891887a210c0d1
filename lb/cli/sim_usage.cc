#include "lb/cli/sim_usage.h"

#include <algorithm>
#include <cmath>
#include <vector>

#include "lb/config/config.h"
#include "lb/model/usage.h"
#include "proto/nearest.h"
#include "proto/quantity.h"

namespace finishline::cli {
namespace {

constexpr std::uint32_t kMostDays = 3660;
constexpr std::int64_t kMostSteps = 10000000;

/// All alike, of the configuration or of the seed matrix, where no mix is given.
std::string usage_types(const SimOptions& options, std::vector<model::Share>& types) {
  CostModel cost = CostModel::seed(1ms);
  if (!options.config.empty()) {
    const auto loaded = config::load(options.config);
    if (const auto* problems = std::get_if<std::vector<config::Problem>>(&loaded))
      return config::to_string(problems->front(), options.config);
    cost = std::get<config::Config>(loaded).cost;
  }
  for (const auto& type : cost.request_types()) types.push_back({type.name, options.mix.empty() ? 1.0 : 0.0});
  if (options.mix.empty()) return {};
  const auto shares = model::parse_shares(options.mix);
  if (const auto* problem = std::get_if<std::string>(&shares)) return "--mix: " + *problem;
  for (const auto& share : std::get<std::vector<model::Share>>(shares)) {
    const auto type = std::ranges::find(types, share.name, &model::Share::name);
    if (type == types.end())
      return "--mix: " + no_such("request type", share.name, types, &model::Share::name);
    type->amount = share.amount;
  }
  return {};
}

std::string usage_numbers(const SimOptions& options, model::Usage& usage) {
  const auto step = parse_duration(options.step);
  if (!step) return "--step: " + duration_problem(options.step);
  if (*step < 1s || *step % 1s != 0ns)
    return "--step: '" + options.step + "' is not a time of whole seconds, as in 5m";
  usage.step_s = *step / 1s;
  if (options.days == 0 || options.days > kMostDays || options.days * 86400 / usage.step_s > kMostSteps)
    return "--days: from 1 to 3660, and at most 10,000,000 steps";
  if (!(options.rate > 0 && std::isfinite(options.rate)))
    return "--rate: a number above 0 is needed, as in 100";
  if (!(options.growth > -1 && options.growth <= 10))
    return "--growth: a share per week from above -1 to 10 is needed, as in 0.05";
  if (!(options.usage_noise >= 0 && options.usage_noise <= 2))
    return "--usage-noise: a share from 0 to 2 is needed, as in 0.08";
  if (!(options.spikes >= 0 && options.spikes <= 1000)) return "--spikes: from 0 to 1000 per week";
  usage.days = options.days;
  usage.rate = options.rate;
  usage.growth = options.growth;
  usage.noise = options.usage_noise;
  usage.spikes_per_week = options.spikes;
  usage.seed = options.seed;
  return {};
}

std::string unknown_usage(const std::string& name, const std::vector<model::Share>& types) {
  std::vector<std::string_view> names{"total", "trace"};
  for (const model::Share& type : types) names.push_back(type.name);
  std::string all;
  for (const std::string_view each : names) all += (all.empty() ? "" : ", ") + std::string(each);
  const std::string_view meant = nearest(name, names);
  return "--usage: '" + name + "' is none of " + all +
         (meant.empty() ? "" : "; did you mean " + std::string(meant) + "?");
}

/// Single requests: those of all days, within the time in which they are to come.
UsageText trace_text(const SimOptions& options, const model::Usage& usage) {
  constexpr double kLargestTrace = 5e6;
  const auto lengths = model::LengthLaw::parse(options.length);
  if (const auto* problem = std::get_if<std::string>(&lengths)) return {{}, "--length: " + *problem};
  Nanos step = std::chrono::seconds(usage.step_s);
  if (!options.within.empty()) {
    const auto within = parse_duration(options.within);
    if (!within || *within < 1s) return {{}, "--within: a time of a second or more is needed, as in 60s"};
    step = Nanos(std::llround(static_cast<double>(within->count()) * static_cast<double>(usage.step_s) /
                              (usage.days * 86400.0)));
  }
  const double requests = model::requests_of(usage, step);
  if (requests > kLargestTrace)
    return {{},
            "--usage trace: that are " + human_count(static_cast<std::uint64_t>(requests)) +
                " requests, and 5,000,000 are the most: a lower --rate, fewer --days or --within helps"};
  return {model::usage_trace(usage, std::get<model::LengthLaw>(lengths), step), {}};
}

}  // namespace

UsageText usage_text(const SimOptions& options) {
  model::Usage usage;
  std::string problem = usage_types(options, usage.types);
  if (problem.empty()) problem = usage_numbers(options, usage);
  if (!problem.empty()) return {{}, problem};
  if (options.usage == "trace") return trace_text(options, usage);
  const auto type = std::ranges::find(usage.types, options.usage, &model::Share::name);
  if (type == usage.types.end() && options.usage != "total")
    return {{}, unknown_usage(options.usage, usage.types)};
  return {model::usage_csv(usage, static_cast<std::size_t>(type - usage.types.begin())), {}};
}

}  // namespace finishline::cli
