#include "lb/cli/sim_command.h"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cstdio>

#include "lb/cli/flags.h"
#include "lb/cli/gantt.h"
#include "lb/cli/json_output.h"
#include "lb/cli/result_file.h"
#include "lb/cli/sim_modes.h"
#include "lb/cli/sim_options.h"
#include "lb/cli/sim_plot.h"
#include "lb/cli/sim_report.h"
#include "lb/cli/sim_scale.h"
#include "lb/cli/sim_usage.h"
#include "lb/flags/command_line.h"
#include "lb/flags/help.h"

namespace finishline::cli {
namespace {

constexpr std::uint64_t kMostSeeds = 1'000'000, kLargestSeed = std::uint64_t{1} << 53;

void declare_binding(CLI::App& app, SimOptions& options) {
  app.add_option("--binding", options.binding, "early (the policies), late or both")
      ->check(CLI::IsMember({"early", "late", "both"}))
      ->capture_default_str();
  app.add_option("--order", options.order,
                 "of late binding: balanced (the row makespan), shortest or longest (makespan-shortest, "
                 "makespan-longest); all three");
  app.add_option("--aging", options.aging,
                 "of shortest: who may pass comes within so many times the difference")
      ->check(finite_number())
      ->capture_default_str();
  app.add_option("--mark", options.mark, "work left at which a server gets its next request; auto")
      ->capture_default_str();
  app.add_option("--workers", options.workers, "of late binding: that share what waits")
      ->capture_default_str();
  app.add_option("--wake-up", options.wake_up, "how long one worker needs to wake another")
      ->capture_default_str();
  app.add_option("--rtt", options.rtt, "round trip between proxy and servers")->capture_default_str();
  app.add_option("--noise", options.noise, "by which share lengths may be wrong, as in 0.3")
      ->check(finite_number())
      ->capture_default_str();
  app.add_option("--wrong", options.wrong,
                 "late binding is told costs that are wrong by this factor e^x, as in 0.7")
      ->check(finite_number())
      ->capture_default_str();
  app.add_option("--learn", options.learn, "on: late binding learns what costs are from the replies")
      ->check(CLI::IsMember({"off", "on"}))
      ->capture_default_str();
  app.add_option("--slots", options.slots, "without --config: requests that each server works on at once")
      ->capture_default_str();
}

void declare_usage(CLI::App& app, SimOptions& options) {
  app.add_option("--usage", options.usage,
                 "instead: print days of made-up load as CSV, time,value in requests per second, for "
                 "'finishline forecast'; total, or of one request type; or a trace of its single requests, "
                 "to be played by --trace, here or of finishline-client")
      ->type_name("total|TYPE|trace");
  app.add_option("--days", options.days, "of --usage: how many")->capture_default_str();
  app.add_option("--step", options.step, "of --usage: time between values")->capture_default_str();
  app.add_option("--within", options.within,
                 "of --usage trace: all days come within this time, as 60s, at the same rates; as they are")
      ->type_name("TIME");
  app.add_option("--rate", options.rate, "of --usage: requests per second in the first week")
      ->check(finite_number())
      ->capture_default_str();
  app.add_option("--growth", options.growth, "of --usage: per week, as a share")
      ->check(finite_number())
      ->capture_default_str();
  app.add_option("--usage-noise", options.usage_noise, "of --usage: deviation of a value, as a share")
      ->check(finite_number())
      ->capture_default_str();
  app.add_option("--spikes", options.spikes, "of --usage: how many a week, and type")
      ->check(finite_number())
      ->capture_default_str();
}

void declare_scaling(CLI::App& app, SimOptions& options) {
  app.add_option(
         "--scale", options.scale,
         "instead: play the last of --days made-up days, or of a load in a CSV file, time,value, with "
         "servers that are started and ended as the work needs them, beside a forecast and beside "
         "servers for the peak; or connections of random loads")
      ->type_name("day|connections|FILE.csv");
}

int refuse_sim(const std::string& problem) {
  std::fprintf(stderr, "finishline sim: %s\n", problem.c_str());
  return 2;
}

/// Returns the exit code.
int write_plot(const std::string& file, const std::string& svg) {
  const std::string problem = write_output(file, svg);
  if (problem.empty()) return 0;
  std::fprintf(stderr, "finishline sim: %s\n", problem.c_str());
  return 1;
}

int tell_scaling(const SimOptions& options) {
  const ScaleText text = scale_text(options);
  std::fputs(text.text.c_str(), stdout);
  if (!text.problem.empty()) return refuse_sim("--scale: " + text.problem);
  return options.plot.empty() ? 0 : write_plot(options.plot, text.plot);
}

/// Prints the load; returns the exit code.
int tell_usage(const SimOptions& options) {
  const UsageText text = usage_text(options);
  if (text.problem.empty()) {
    std::fputs(text.csv.c_str(), stdout);
    return 0;
  }
  return refuse_sim(text.problem);
}

void declare_pictures(CLI::App& app, SimOptions& options) {
  app.add_option("--plot", options.plot, "write a picture of the results, too: an SVG file")
      ->type_name("FILE.svg")
      ->check(svg_file());
  app.add_option(
         "--gantt", options.gantt,
         "write a picture of when each server works on what, too, of the first run of late binding and "
         "of --policies; three of them, if all are run")
      ->type_name("FILE.svg")
      ->check(svg_file());
}

void declare(CLI::App& app, SimOptions& options) {
  app.add_option("-c,--config", options.config, "take servers, costs and types from this file");
  app.add_option("--pool", options.pool, "with --config: the pool to simulate; the first one");
  app.add_option("--servers", options.servers, "without --config: how many of each type, seed matrix")
      ->capture_default_str();
  app.add_option("--unit", options.unit, "without --config: time of one unit of length")
      ->capture_default_str();
  app.add_option(
         "--policies", options.policies,
         "all, or names with commas between them, bound as requests come: makespan is the row makespan-early")
      ->capture_default_str();
  app.add_option("--requests", options.requests, "per run; 300 in a batch, 1000 under poisson load");
  app.add_option("--mix", options.mix, "shares of the request types, as in video=2,music=1; all alike");
  app.add_option("--length", options.length, "1..9, exp:5, pareto:1.5:1 or const:3")->capture_default_str();
  app.add_option("--arrivals", options.arrivals, "batch, poisson or both")
      ->check(CLI::IsMember({"batch", "poisson", "both"}))
      ->capture_default_str();
  app.add_option("--load", options.load, "poisson: share of what divisible work could sustain")
      ->check(finite_number())
      ->capture_default_str();
  app.add_option("--trace", options.trace,
                 "replay this CSV file instead: time_s,type,length, or an Azure LLM trace");
  app.add_option("--seeds", options.seeds, "how many runs per policy")
      ->check(whole_number(kMostSeeds))
      ->capture_default_str();
  app.add_option("--seed", options.seed, "the first seed")
      ->check(whole_number(kLargestSeed))
      ->capture_default_str();
  app.add_option("--gamma", options.gamma, "of the policy regret")
      ->check(finite_number())
      ->check(CLI::NonNegativeNumber);
  declare_binding(app, options);
  declare_usage(app, options);
  declare_scaling(app, options);
  add_json_flag(app, options.json);
  declare_pictures(app, options);
}

void add_headings(CLI::App& app) {
  flags::add_heading(app, "Servers", {"--config", "--pool", "--servers", "--unit", "--slots", "--rtt"});
  flags::add_heading(app, "Traffic",
                     {"--requests", "--mix", "--length", "--arrivals", "--load", "--trace", "--noise"});
  flags::add_heading(app, "Runs", {"--policies", "--gamma", "--seeds", "--seed"});
  flags::add_heading(
      app, "Late binding",
      {"--binding", "--order", "--aging", "--mark", "--workers", "--wake-up", "--wrong", "--learn"});
  flags::add_heading(
      app, "A made-up load, instead",
      {"--usage", "--days", "--step", "--within", "--rate", "--growth", "--usage-noise", "--spikes"});
  flags::add_heading(app, "Scaling, instead", {"--scale"});
  flags::add_heading(app, "What is printed", {"--json", "--plot", "--gantt"});
  flags::add_examples(app, {"finishline sim -c finishline.toml --load 0.9",
                            "finishline sim --requests 300 --arrivals batch --seeds 5",
                            "finishline sim -c finishline.toml --trace trace.csv --plot trace.svg",
                            "finishline sim --arrivals batch --requests 60 --gantt gantt.svg",
                            "finishline sim --usage total --days 42 >load.csv",
                            "finishline sim --usage trace --days 1 --within 60s --rate 50 >day.csv",
                            "finishline sim --scale load.csv --rate 2"});
}

/// Whose runs are drawn: as many as can be looked at, the best known first.
std::vector<sim::Contender> shown_of(const SimPlan& plan, bool all) {
  std::vector<sim::Contender> shown;
  if (!plan.late.empty()) shown.push_back(plan.late.front());
  for (const sched::PolicyRow* policy : plan.policies)
    if (!all || policy->name == std::string_view("makespan") ||
        policy->name == std::string_view("round-robin"))
      shown.emplace_back(*policy);
  return shown;
}

std::string drawn(const Trial& trial, const SimPlan& plan, const SimOptions& options) {
  std::vector<GanttRun> runs;
  for (const sim::Contender& it : shown_of(plan, options.policies == "all"))
    runs.push_back({it.name, sim::run_one(trial.scenario, it, plan.params, options.seed)});
  return gantt_svg(trial.arrivals + ", seed " + std::to_string(options.seed), trial.scenario, runs);
}

Experiment experiment_of(const Trial& trial, const SimPlan& plan, const SimOptions& options) {
  Experiment experiment{trial.arrivals, trial.description, {}};
  for (const sched::PolicyRow* policy : plan.policies) {
    experiment.rows.push_back(
        sim::run_series(trial.scenario, *policy, plan.params, options.seed, options.seeds));
  }
  for (const sim::Contender& late : plan.late)
    experiment.rows.push_back(
        sim::run_series(trial.scenario, late, plan.params, options.seed, options.seeds));
  return experiment;
}

}  // namespace

int run_sim_command(int argc, char** argv) {
  SimOptions options;
  CLI::App app("Compares the policies under a virtual clock, with the servers' queue and the client's load.",
               "finishline sim");
  declare(app, options);
  add_headings(app);
  if (const auto code = flags::parse(app, argc, argv)) return *code;
  if (const std::string problem = passed_over(app, options); !problem.empty()) return refuse_sim(problem);
  if (!options.scale.empty()) return tell_scaling(options);
  if (!options.usage.empty()) return tell_usage(options);
  const auto planned = plan_of(options);
  if (const auto* problem = std::get_if<std::string>(&planned)) return refuse_sim(*problem);
  const SimPlan& plan = std::get<SimPlan>(planned);
  std::vector<Experiment> experiments;
  for (const Trial& trial : plan.trials) experiments.push_back(experiment_of(trial, plan, options));
  const std::string report =
      options.json ? json_report(experiments, plan.trials.front().scenario) : text_report(experiments);
  std::fputs(report.c_str(), stdout);
  int code = options.plot.empty() ? 0 : write_plot(options.plot, svg_plot(experiments));
  if (!options.gantt.empty())
    code = std::max(code, write_plot(options.gantt, drawn(plan.trials.front(), plan, options)));
  return code;
}

}  // namespace finishline::cli
