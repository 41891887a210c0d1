#include "lb/cli/sim_binding.h"

#include <array>
#include <cmath>
#include <utility>

#include "proto/quantity.h"

namespace finishline::cli {
namespace {

using sched::WaitOrder;

constexpr std::uint32_t kMostWorkers = 64;
constexpr std::array<std::pair<std::string_view, WaitOrder>, 3> kOrders{
    {{"balanced", WaitOrder::balanced}, {"shortest", WaitOrder::shortest}, {"longest", WaitOrder::longest}}};

std::string no_duration(std::string_view flag, std::string_view text) {
  return std::string(flag) + ": " + duration_problem(text);
}

/// The string is the reason why not.
std::variant<sim::LateBindingParams, std::string> late_of(const SimOptions& options) {
  sim::LateBindingParams late;
  late.workers = options.workers;
  late.rule.aging = options.aging;
  late.wrong = options.wrong;
  late.learn = options.learn == "on";
  const auto wake_up = parse_duration(options.wake_up, Bare::zero);
  if (!wake_up) return no_duration("--wake-up", options.wake_up);
  late.wake_up = *wake_up;
  if (options.mark == "auto") return late;
  late.mark = parse_duration(options.mark, Bare::zero);
  if (!late.mark) return "--mark: auto, or a duration: " + duration_problem(options.mark);
  return late;
}

std::string add_late(const SimOptions& options, SimPlan& plan) {
  const auto late = late_of(options);
  if (const auto* problem = std::get_if<std::string>(&late)) return *problem;
  for (const auto& [name, order] : kOrders) {
    if (!options.order.empty() && options.order != name) continue;
    sim::LateBindingParams binding = std::get<sim::LateBindingParams>(late);
    binding.rule.order = order;
    plan.late.emplace_back(binding);
  }
  return plan.late.empty() ? "--order: '" + options.order + "' is not balanced, shortest or longest" : "";
}

}  // namespace

std::string read_binding(const SimOptions& options, sim::Scenario& scenario, SimPlan& plan) {
  if (options.workers == 0 || options.workers > kMostWorkers) return "--workers: from 1 to 64 are possible";
  if (options.slots == 0) return "--slots: at least 1 is needed";
  if (!(options.noise >= 0 && options.noise < 1))
    return "--noise: a share from 0 to below 1 is needed, as in 0.3";
  if (!(options.aging >= 0 && std::isfinite(options.aging)))
    return "--aging: a number from 0 on is needed, as in 3";
  if (!(options.wrong >= 0 && options.wrong <= 2))
    return "--wrong: a number from 0 to 2 is needed, as in 0.7";
  const auto round_trip = parse_duration(options.rtt, Bare::zero);
  if (!round_trip) return no_duration("--rtt", options.rtt);
  scenario.round_trip = *round_trip;
  scenario.noise = options.noise;
  if (options.binding == "late") plan.policies.clear();
  return options.binding == "early" ? "" : add_late(options, plan);
}

}  // namespace finishline::cli
