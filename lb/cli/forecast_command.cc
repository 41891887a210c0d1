#include "lb/cli/forecast_command.h"

#include <CLI/CLI.hpp>
#include <cstdio>
#include <filesystem>

#include "lb/cli/flags.h"
#include "lb/cli/forecast_options.h"
#include "lb/cli/forecast_plot.h"
#include "lb/cli/forecast_report.h"
#include "lb/cli/json_output.h"
#include "lb/cli/pool_past.h"
#include "lb/cli/result_file.h"
#include "lb/flags/command_line.h"
#include "lb/flags/help.h"

namespace finishline::cli {
namespace {

constexpr std::size_t kBacktestOrigins = 60;
constexpr std::size_t kLongSeries =
    5000;  // steps, from which on methods are fitted at every fourth origin only

void declare_forecast(CLI::App& app, ForecastOptions& options) {
  app.add_option(
         "source", options.source,
         "a CSV file with the columns time,value, or a pool of a running proxy: its requests per second")
      ->required()
      ->type_name("FILE.csv|POOL");
  app.add_option("--admin", options.admin, "of a pool: HOST:PORT of the admin server, or unix:/PATH");
  app.add_option("-c,--config", options.config, "of a pool: the proxy's configuration file");
  app.add_option("--series", options.series,
                 "of a pool: rate, or work.TYPE, units of length a second of one type of request; rate");
  app.add_option("--horizon", options.horizon,
                 "how far ahead, as 1h, 24h or 7d; 24h, or a quarter of the past where that is less")
      ->type_name("TIME");
  app.add_option("--step", options.step, "of the forecast, as 5m or 1h; that of the file")->type_name("TIME");
  app.add_option("--timezone", options.timezone, "whose days and weeks these are, as Europe/Berlin; UTC")
      ->type_name("ZONE");
  app.add_option("--special", options.special_days,
                 "days not like others, past or to come, as 2026-12-24,2026-12-25")
      ->delimiter(',')
      ->type_name("DAY,...");
  app.add_flag("--counter", options.counter,
               "values only grow, and start again at 0: forecast their growth per second");
  app.add_flag("--keep-zeros", options.keep_zeros, "runs of zeros at busy times are a load, not an outage");
  app.add_option("--plot", options.plot, "write a picture, too: an SVG file")
      ->type_name("FILE.svg")
      ->check(svg_file());
  app.add_flag("--backtest", options.backtest, "instead: how wrong each method would have been in the past");
  add_json_flag(app, options.json);
  flags::add_heading(app, "Of a pool", {"--admin", "--config", "--series"});
  flags::add_heading(app, "The series", {"--step", "--timezone", "--special", "--counter", "--keep-zeros"});
  flags::add_heading(app, "What is told", {"--horizon", "--backtest", "--plot", "--json"});
  flags::add_examples(app, {"finishline forecast load.csv --step 1h --horizon 24h",
                            "finishline forecast media -c finishline.toml --horizon 7d --json",
                            "finishline forecast load.csv --backtest"});
}

int refuse_forecast(const std::string& problem) {
  std::fprintf(stderr, "finishline forecast: %s\n", problem.c_str());
  return 2;
}

/// Names of pools have neither dots nor slashes.
bool is_file(const std::string& source) {
  return source.find_first_of("./") != std::string::npos || std::filesystem::exists(source);
}

/// What of a pool is said of a file, or would be passed over; "" when nothing is.
std::string flag_without_use(const ForecastOptions& options) {
  const bool file = is_file(options.source);
  const auto of_pool = [&](const char* flag) {
    return std::string(flag) + " says where a pool's proxy is, and '" + options.source +
           "' is a file: leave it out";
  };
  if (file && !options.admin.empty()) return of_pool("--admin");
  if (file && !options.config.empty()) return of_pool("--config");
  if (file && !options.series.empty())
    return "--series is one of a pool's, and '" + options.source + "' is a file, which has one: leave it out";
  if (options.backtest && !options.plot.empty())
    return "--plot draws a forecast, and --backtest makes none: leave out one of them";
  return {};
}

int tell_backtest(const ForecastTask& task, bool json) {
  // Not a whole number of days apart, so that the clock differs from origin to origin.
  const forecast::Backtest check =
      forecast::backtest(task.series, task.calendar,
                         {.horizon = task.horizon,
                          .stride = task.horizon + 1,
                          .most_origins = kBacktestOrigins,
                          .refit_every = task.series.size() > kLongSeries ? 4U : 1U});
  std::fputs((json ? backtest_json(task, check) : backtest_text(task, check)).c_str(), stdout);
  return 0;
}

}  // namespace

int run_forecast_command(int argc, char** argv) {
  ForecastOptions options;
  CLI::App app("Forecasts a load, with intervals and a check against its own past.", "finishline forecast");
  declare_forecast(app, options);
  if (const auto code = flags::parse(app, argc, argv)) return *code;
  if (const std::string problem = flag_without_use(options); !problem.empty())
    return refuse_forecast(problem);
  if (!is_file(options.source)) {
    options.text = pool_past({options.source, options.admin, options.config, options.step,
                              options.series.empty() ? "rate" : options.series});
    if (options.text.empty()) return 1;
  }
  const auto read = forecast_task(options);
  if (const auto* problem = std::get_if<std::string>(&read)) return refuse_forecast(*problem);
  const auto& task = std::get<ForecastTask>(read);
  if (options.backtest) return tell_backtest(task, options.json);
  const ForecastResult result{forecast::forecast(task.series, task.calendar, task.horizon),
                              forecast::anomalies(task.series)};
  std::fputs((options.json ? forecast_json(task, result) : forecast_text(task, result)).c_str(), stdout);
  if (options.plot.empty()) return 0;
  const std::string problem = write_output(options.plot, forecast_plot(task, result));
  if (problem.empty()) return 0;
  std::fprintf(stderr, "finishline forecast: %s\n", problem.c_str());
  return 1;
}

}  // namespace finishline::cli
