#include "lb/cli/sim_modes.h"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <string_view>
#include <vector>

namespace finishline::cli {
namespace {

struct FlagRule {
  bool holds = false;
  const char* because;   // behind "does nothing"
  bool all_but = false;  // all flags but these are passed over; else these are
  std::vector<std::string_view> names;

  bool passes_over(std::string_view name) const {
    return holds && (std::ranges::find(names, name) == names.end()) == all_but;
  }
};

std::vector<FlagRule> rules_for(const SimOptions& o) {
  const bool day = o.scale == "day", connections = o.scale == "connections";
  const bool file = !o.scale.empty() && !day && !connections, plays = o.scale.empty() && o.usage.empty();
  return {
      {day, "with --scale day", true, {"scale", "days", "rate", "spikes", "seed", "json", "plot"}},
      {connections, "with --scale connections", true, {"scale", "seed", "json"}},
      {file, "with --scale FILE", true, {"scale", "rate", "seed", "json", "plot"}},
      {!o.usage.empty(),
       "with --usage, which prints a load as CSV",
       true,
       {"usage", "days", "step", "rate", "growth", "usage-noise", "spikes", "seed", "mix", "config", "length",
        "within"}},
      {!o.usage.empty() && o.usage != "trace", "without --usage trace", false, {"length", "within"}},
      {plays, "without --usage or --scale", false, {"days", "rate", "spikes"}},
      {plays, "without --usage", false, {"step", "within", "growth", "usage-noise"}},
      {!o.trace.empty(), "with --trace", false, {"requests", "mix", "length", "arrivals", "load"}},
      {!o.config.empty(), "with --config, which has its own", false, {"servers", "unit", "slots"}},
      {o.config.empty(), "without --config", false, {"pool"}},
      {o.arrivals == "batch", "with --arrivals batch", false, {"load"}},
      {o.binding == "early",
       "with --binding early",
       false,
       {"order", "aging", "mark", "workers", "wake-up", "wrong", "learn"}},
      {o.binding == "late", "with --binding late", false, {"policies", "gamma"}},
      {!o.order.empty() && o.order != "shortest", "without --order shortest", false, {"aging"}},
  };
}

}  // namespace

std::string passed_over(const CLI::App& flags, const SimOptions& options) {
  const std::vector<FlagRule> rules = rules_for(options);
  for (const CLI::Option* option : flags.get_options()) {
    if (option->count() == 0 || option->get_lnames().empty()) continue;
    const std::string& name = option->get_lnames().front();
    for (const FlagRule& rule : rules)
      if (rule.passes_over(name)) return "--" + name + " does nothing " + rule.because + ": leave it out";
  }
  return {};
}

}  // namespace finishline::cli
