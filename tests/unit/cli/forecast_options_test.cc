#include "lb/cli/forecast_options.h"

#include <doctest/doctest.h>

#include <algorithm>

#include "lb/cli/forecast_plot.h"
#include "lb/cli/forecast_report.h"
#include "lb/cli/pool_past.h"
#include "lb/cli/sim_usage.h"
#include "lb/model/trace.h"
#include "lb/model/usage.h"
#include "tests/support/temp_file.h"

namespace finishline::cli {
namespace {

/// Made-up load of four weeks in steps of an hour.
std::string load_csv(std::uint32_t days = 28) {
  return model::usage_csv({.step_s = 3600, .days = days, .types = {{"video", 1}}}, 0);
}

std::string problem_with(const ForecastOptions& options) {
  const auto task = forecast_task(options);
  const auto* problem = std::get_if<std::string>(&task);
  return problem ? *problem : "";
}

TEST_CASE("a file is read on its own step, or on the one that is asked for") {
  const test::TempFile file(load_csv());
  const auto own = forecast_task({.source = file.path()});
  REQUIRE(std::holds_alternative<ForecastTask>(own));
  CHECK(std::get<ForecastTask>(own).series.step_s == 3600);
  CHECK(std::get<ForecastTask>(own).horizon == 24);
  const auto coarse = forecast_task({.source = file.path(), .horizon = "2d", .step = "6h"});
  REQUIRE(std::holds_alternative<ForecastTask>(coarse));
  CHECK(std::get<ForecastTask>(coarse).series.size() == 4 * 28);
  CHECK(std::get<ForecastTask>(coarse).horizon == 8);
}

TEST_CASE("a name that is no file is refused with what is needed") {
  const std::string problem = problem_with({.source = "media"});
  CHECK(problem.find("no file is named 'media'") == 0);
  CHECK(problem.find("a CSV file with the columns time,value") != std::string::npos);
  CHECK(problem.find("or a pool of a running proxy") != std::string::npos);
}

TEST_CASE("what a proxy says of a pool's past is forecast like a file") {
  const SeriesCsv csv = csv_of_series(
      R"({"step": 60, "from": 1200, "series": [{"name": "pool.media.rate", "points": [1.5, null, 2, 3, 4]}]})");
  CHECK(csv.values == 4);
  CHECK(csv.text == "time,value\n1200,1.5\n1320,2\n1380,3\n1440,4\n");
  const auto task = forecast_task({.source = "media", .text = csv.text, .horizon = "5m"});
  REQUIRE(std::holds_alternative<ForecastTask>(task));
  CHECK(std::get<ForecastTask>(task).series.step_s == 60);
  CHECK(std::get<ForecastTask>(task).horizon == 5);
  CHECK(csv_of_series("nonsense").values == 0);
}

TEST_CASE("options that make no sense are refused by name, with an example") {
  const test::TempFile file(load_csv(3));
  const std::string path = file.path();
  CHECK(problem_with({.source = path, .step = "often"}) ==
        "--step: 'often' is not a time of whole seconds, as in 5m, 1h or 1d");
  CHECK(problem_with({.source = path, .horizon = "0"}) == "--horizon: '0' has no unit: say 0h or 0d");
  CHECK(problem_with({.source = path, .horizon = "52w", .step = "1h"}).find("5,000 are the most") !=
        std::string::npos);
  CHECK(problem_with({.source = path, .timezone = "Berlin"}).find("is not in /usr/share/zoneinfo") !=
        std::string::npos);
  CHECK(problem_with({.source = path, .special_days = {"Christmas"}}) ==
        "--special: 'Christmas' is not a day, as in 2026-12-24");
  CHECK(problem_with({.source = path, .horizon = "7d", .step = "1d"}).empty());
  CHECK(problem_with({.source = path, .step = "2d"}).find("are too few to go by") != std::string::npos);
}

TEST_CASE("a problem in the file comes with its name and line") {
  const test::TempFile file("time,value\nsoon,1\n");
  CHECK(problem_with({.source = file.path()}).find(file.path() + ": line 2: column time: 'soon'") == 0);
}

TEST_CASE("report, JSON and picture tell the same forecast") {
  const test::TempFile file(load_csv());
  const ForecastTask task = std::get<ForecastTask>(forecast_task({.source = file.path(), .horizon = "6h"}));
  const ForecastResult result{forecast::forecast(task.series, task.calendar, task.horizon),
                              forecast::anomalies(task.series)};
  const std::string text = forecast_text(task, result), json = forecast_json(task, result);
  for (const char* time : {"2026-02-02T00:00:00Z", "2026-02-02T05:00:00Z"}) {
    CHECK(text.find(time) != std::string::npos);
    CHECK(json.find(time) != std::string::npos);
  }
  CHECK(text.find("inside the 80 % interval") != std::string::npos);
  for (const char* key :
       {"\"points\"", "\"value\"", "\"low80\"", "\"high80\"", "\"low95\"", "\"high95\"", "\"chosen\""})
    CHECK(json.find(key) != std::string::npos);
  const std::string svg = forecast_plot(task, result);
  CHECK(svg.starts_with("<svg "));
  CHECK(svg.find(" viewBox=\"0 0 ") != std::string::npos);
  CHECK(svg.ends_with("</svg>\n"));
  CHECK(svg.find("nan") == std::string::npos);
  for (const char* words : {"history", "forecast", "80 % interval", "95 % interval", "Trend", "Mon", "06:00"})
    CHECK(svg.find(words) != std::string::npos);
}

TEST_CASE("a series that is too short says so in the report and in the picture") {
  const test::TempFile file("time,value\n0,5\n60,6\n120,7\n180,5\n");
  const ForecastTask task = std::get<ForecastTask>(forecast_task({.source = file.path(), .horizon = "4m"}));
  const ForecastResult result{forecast::forecast(task.series, task.calendar, task.horizon), {}};
  const std::string text = forecast_text(task, result);
  CHECK(text.find("not checked: the history is too short for that, so there are no intervals") !=
        std::string::npos);
  CHECK(text.find("80 % interval") == std::string::npos);  // no columns without content
  CHECK(text.find("1970-01-01T00:04:00Z") != std::string::npos);
  CHECK(forecast_plot(task, result).find("no data: two of each are needed") != std::string::npos);
}

SimOptions usage(const char* what, std::uint32_t days = 2) {
  SimOptions options;
  options.usage = what;
  options.days = days;
  return options;
}

TEST_CASE("made-up usage is printed in total or by type, and a wrong name is refused") {
  const UsageText total = usage_text(usage("total"));
  CHECK(total.csv.starts_with("time,value\n1767571200,"));
  CHECK(std::ranges::count(total.csv, '\n') == 1 + 2 * 288);
  CHECK(usage_text(usage("video")).problem.empty());
  CHECK(usage_text(usage("vidoe")).problem ==
        "--usage: 'vidoe' is none of total, trace, video, picture, music; did you mean video?");
  CHECK(usage_text(usage("total", 0)).problem.find("--days") == 0);
  SimOptions fine = usage("total");
  fine.step = "1ms";
  CHECK(usage_text(fine).problem.find("--step") == 0);
}

TEST_CASE("made-up usage is printed as a trace of single requests, too") {
  SimOptions options = usage("trace", 1);
  options.rate = 50;
  options.within = "60s";
  options.length = "2..3";
  const UsageText text = usage_text(options);
  CHECK(text.problem.empty());
  const auto rows = std::get<std::vector<model::TraceRow>>(model::parse_trace(text.csv));
  CHECK(rows.size() > 2000);
  CHECK(rows.size() < 6000);
  CHECK(rows.back().at < 60s);
  CHECK(std::ranges::all_of(rows, [](const auto& row) { return row.length == 2 || row.length == 3; }));
  options.within.clear();
  options.rate = 100;
  CHECK(usage_text(options).problem.find("--usage trace: that are ") == 0);
  options.length = "few";
  CHECK(usage_text(options).problem.find("--length: ") == 0);
  options.length = "1";
  options.within = "soon";
  CHECK(usage_text(options).problem.find("--within: ") == 0);
}

}  // namespace

TEST_CASE("a short past is looked ahead of by a quarter, and who asks for too much hears what there is") {
  const auto text_of = [](int samples) {
    std::string text = "time,value\n";
    for (int i = 0; i < samples; ++i) text += std::to_string(i * 10) + ",7\n";
    return text;
  };
  const auto seconds = forecast_task({.source = "media", .text = text_of(5)});
  REQUIRE(std::holds_alternative<ForecastTask>(seconds));
  CHECK(std::get<ForecastTask>(seconds).series.step_s == 10);
  CHECK(std::get<ForecastTask>(seconds).horizon == 1);
  const auto minutes = forecast_task({.source = "media", .text = text_of(50)});
  REQUIRE(std::holds_alternative<ForecastTask>(minutes));
  CHECK(std::get<ForecastTask>(minutes).series.step_s == 10);
  CHECK(std::get<ForecastTask>(minutes).horizon == 12);
  CHECK(forecast::forecast(std::get<ForecastTask>(minutes).series, {}, 12).check.origins > 0);
  const auto far = forecast_task({.source = "media", .text = text_of(5), .horizon = "7d"});
  REQUIRE(std::holds_alternative<std::string>(far));
  CHECK(std::get<std::string>(far).find("--horizon 13 h 53 min or less may be asked") != std::string::npos);
}

}  // namespace finishline::cli
