#include "client/compare_command.h"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cstdio>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "client/comparison_report.h"
#include "client/run.h"
#include "client/saved_report.h"
#include "lb/flags/command_line.h"
#include "lb/flags/help.h"
#include "proto/nearest.h"
#include "proto/quantity.h"

namespace finishline::client {
namespace {

struct CompareOptions {
  std::string before, after;
  std::optional<double> fail_above;
  std::vector<std::string> judged;
  double confidence = 0.99;
  bool json = false;
};

/// "5%" as 0.05.
double share_in(const std::string& flag, const std::string& text) {
  const std::size_t digits = text.find_last_not_of(" %") + 1;
  const auto number = parse_number(std::string_view(text).substr(0, digits));
  if (!number || *number < 0) throw CLI::ValidationError(flag, "'" + text + "' is no share, as 5% is");
  if (!text.ends_with('%')) throw CLI::ValidationError(flag, "'" + text + "' has no unit: say " + text + "%");
  return *number / 100;
}

void declare_compare(CLI::App& app, CompareOptions& o) {
  app.add_option("BEFORE", o.before, "the JSON report of a run, as --json FILE writes it")->required();
  app.add_option("AFTER", o.after, "that of another one")->required();
  app.add_option_function<std::string>(
         "--fail-above", [&o](const std::string& text) { o.fail_above = share_in("--fail-above", text); },
         "exit code 1 when a measure is shown to be worse by more than this, or more requests to fail")
      ->type_name("SHARE");
  app.add_option("--judge", o.judged,
                 "with --fail-above: these measures only, as p99,throughput; default: all that are known")
      ->delimiter(',')
      ->allow_extra_args(false)
      ->needs("--fail-above")
      ->type_name("NAME,...");
  app.add_option_function<std::string>(
         "--confidence",
         [&o](const std::string& text) {
           o.confidence = share_in("--confidence", text);
           if (o.confidence < 0.5 || o.confidence > 0.9999)
             throw CLI::ValidationError("--confidence", "'" + text + "' is not from 50% to 99.99%");
         },
         "of the intervals; default 99%")
      ->type_name("SHARE");
  app.add_flag("--json", o.json, "print JSON");
  flags::add_heading(app, "Limits", {"--fail-above", "--judge"});
  flags::add_examples(app, {"finishline-client compare before.json after.json",
                            "finishline-client compare before.json after.json --fail-above 5% --judge p99",
                            "finishline-client compare before.json after.json --confidence 95% --json"});
}

int refuse_compare(const std::string& problem) {
  std::fprintf(stderr, "finishline-client compare: %s\n", problem.c_str());
  return kExitUsage;
}

/// Why these measures cannot be judged; "" when they can.
std::string unknown_measure(const Comparison& comparison, const std::vector<std::string>& judged) {
  std::vector<std::string_view> names;
  for (const Difference& it : comparison.measures)
    if (it.within) names.push_back(it.name);
  for (const std::string& name : judged)
    if (std::ranges::find(names, name) == names.end())
      return "--judge: " + no_such("measure that can be judged", name, names);
  return {};
}

int tell_comparison(const Comparison& comparison, const CompareOptions& options) {
  const auto passed = options.fail_above ? beyond(comparison, *options.fail_above, options.judged)
                                         : std::vector<std::string>();
  std::fputs((options.json ? to_json(comparison, passed) : to_text(comparison)).c_str(), stdout);
  if (std::fflush(stdout) != 0) return refuse_compare("cannot write to standard output");
  for (const std::string& name : passed)
    std::fprintf(stderr, "finishline-client compare: %s is worse by more than --fail-above allows\n",
                 name.c_str());
  return passed.empty() ? kExitGood : kExitFailed;
}

}  // namespace

int run_compare_command(int argc, char** argv) {
  CLI::App app(
      "Compares two reports: what is better or worse, and how sure that is.\nExit code: 0, 1 a difference is "
      "beyond --fail-above, 2 bad usage, or a file is no report.",
      "finishline-client compare");
  CompareOptions options;
  declare_compare(app, options);
  if (const auto code = flags::parse(app, argc, argv)) return *code;
  const auto before = read_report(options.before), after = read_report(options.after);
  for (const auto* read : {&before, &after})
    if (const auto* problem = std::get_if<std::string>(read)) return refuse_compare(*problem);
  const Comparison comparison =
      compare(std::get<SavedReport>(before), std::get<SavedReport>(after), options.confidence);
  const std::string problem = unknown_measure(comparison, options.judged);
  return problem.empty() ? tell_comparison(comparison, options) : refuse_compare(problem);
}

}  // namespace finishline::client
