// How right forecasts and anomalies are, as tables: forecast_tables [DIRECTORY [M4_EVERY]].
//
// DIRECTORY holds public series, those that are there are used:
//   web/worldcup98_1min.csv, web/nasa_http_1s.tbz2   requests to web sites, from 1998 and 1995
//   m4/Hourly-train.csv, m4/Hourly-test.csv          the hourly series of the M4 competition; every
//   M4_EVERY-th prophet/example_wp_log_peyton_manning.csv, ..._R.csv   page views per day, logarithms
//   prophet/example_pedestrians_multivariate.csv     pedestrians per hour
//   nab/realAWSCloudwatch/*.csv, nab/combined_windows.json   metrics of servers with labelled anomalies
// No parameter was chosen for one of them by name. Without DIRECTORY: made-up loads.
#include <algorithm>
#include <array>
#include <chrono>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <functional>
#include <map>
#include <memory>
#include <nlohmann/json.hpp>
#include <sstream>
#include <string>
#include <vector>

#include "lb/control/series_file.h"
#include "lb/forecast/anomalies.h"
#include "lb/forecast/backtest.h"
#include "lb/forecast/forecast.h"
#include "lb/forecast/season.h"
#include "lb/model/usage.h"
#include "proto/quantity.h"
#include "tests/bench/recorded_series.h"

namespace {

using namespace finishline;
using namespace finishline::forecast;
using namespace finishline::bench;
namespace fs = std::filesystem;

double seconds_of(const std::function<void()>& work) {
  const auto begin = std::chrono::steady_clock::now();
  work();
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
}

Series series_of(const std::vector<LoadSample>& samples, std::int64_t step_s) {
  Series series = regular(samples, {.step_s = step_s});
  mark_outages(series);
  return series;
}

void print_table(const std::string& title, const Backtest& check) {
  std::printf("\n%s, %zu steps ahead, %zu origins\n", title.c_str(), check.horizon, check.origins);
  std::puts("  method               MAE      MASE    MAPE %   in 80 %   in 95 %");
  for (std::size_t i = 0; i < check.rows.size(); ++i) {
    const Accuracy& a = check.rows[i].accuracy;
    std::printf("%c %-13s %10.4g  %8.3f  %8.2f   %7.1f   %7.1f\n", i == check.chosen ? '*' : ' ',
                std::string(check.rows[i].name).c_str(), a.mae, a.mase, a.mape, 100 * a.coverage[0],
                100 * a.coverage[1]);
  }
  std::fflush(stdout);
}

struct Question {
  const char* file;
  const char* title;
  std::int64_t step_s;
  BacktestOptions options;
};
// Strides that are no whole number of days, so that origins fall on all hours.
constexpr std::array kQuestions{
    Question{"web/worldcup98_1min.csv", "World Cup 98, hourly", 3600, {24, 25, 90, 1}},
    Question{"web/worldcup98_1min.csv", "World Cup 98, 10 minutes", 600, {6, 61, 150, 4}},
    Question{"web/nasa_http_1s.tbz2", "NASA, hourly", 3600, {24, 25, 60, 1}},
    Question{"prophet/example_wp_log_peyton_manning.csv", "Peyton Manning, daily", 86400, {30, 30, 60, 1}},
    Question{"prophet/example_wp_log_R.csv", "R, daily (kept aside)", 86400, {30, 30, 60, 1}},
    Question{"prophet/example_pedestrians_multivariate.csv",
             "Pedestrians, hourly (kept aside)",
             3600,
             {24, 25, 60, 1}},
    Question{"nab/realAWSCloudwatch/elb_request_count_8c0756.csv",
             "ELB requests, 5 minutes (kept aside)",
             300,
             {12, 31, 60, 2}},
};

void ask(const fs::path& directory) {
  for (const Question& question : kQuestions) {
    const fs::path file = directory / question.file;
    if (!fs::exists(file)) {
      std::printf("\n%s is not there\n", question.file);
      continue;
    }
    const auto samples = samples_of(file);
    const Series series = series_of(samples, question.step_s);
    print_table(question.title, backtest(series, {}, question.options));
  }
}

std::vector<std::vector<double>> rows_of(const fs::path& file) {
  std::vector<std::vector<double>> rows;
  std::ifstream stream(file);
  std::string line;
  std::getline(stream, line);
  while (std::getline(stream, line)) {
    rows.emplace_back();
    for (const std::string& field : fields_of_line(line))
      if (const auto value = parse_number(field)) rows.back().push_back(*value);
  }
  return rows;
}

/// The competition's own split: one origin per series, so coverage is over series.
void ask_m4(const fs::path& directory, std::size_t every) {
  const auto train = rows_of(directory / "m4/Hourly-train.csv"),
             test = rows_of(directory / "m4/Hourly-test.csv");
  double mase = 0, naive = 0, series_count = 0, inside80 = 0, inside95 = 0, points = 0;
  for (std::size_t i = 0; i < std::min(train.size(), test.size()); i += every) {
    const Series series{0, 3600, train[i]};
    const double scale = naive_error(series.values, 24);
    const Forecast ahead = forecast::forecast(series, {}, test[i].size());
    const auto naive_ahead = find_method("naive-day")->fit(series, {})->forecast(test[i].size());
    for (std::size_t k = 0; k < test[i].size(); ++k) {
      const double actual = test[i][k], share = 1 / scale / static_cast<double>(test[i].size());
      const Point& point = ahead.points[k];
      mase += share * std::abs(point.value - actual);
      naive += share * std::abs(naive_ahead[k] - actual);
      inside80 += point.band80.low <= actual && actual <= point.band80.high ? 1 : 0;
      inside95 += point.band95.low <= actual && actual <= point.band95.high ? 1 : 0;
      ++points;
    }
    ++series_count;
  }
  if (points == 0) return void(std::puts("\nm4/Hourly-train.csv is not there"));
  std::printf(
      "\nM4 hourly, 48 steps ahead, %.0f series: MASE %.3f (naive-day %.3f), in 80 %%: %.1f, in 95 %%: "
      "%.1f\n",
      series_count, mase / series_count, naive / series_count, 100 * inside80 / points,
      100 * inside95 / points);
}

/// How labelled windows were found.
struct Found {
  double right = 0, flagged = 0, windows = 0, hit = 0;

  void add(const Series& series, const std::vector<std::size_t>& steps, const nlohmann::json& labels) {
    flagged += static_cast<double>(steps.size());
    for (const auto& window : labels) {
      const double from = *control::parse_time(window[0].get<std::string>()),
                   to = *control::parse_time(window[1].get<std::string>());
      const auto inside = std::ranges::count_if(steps, [&](std::size_t step) {
        const auto at = static_cast<double>(series.time_of(step));
        return at >= from - static_cast<double>(series.step_s) && at <= to;
      });
      right += static_cast<double>(inside);
      windows += 1;
      hit += inside > 0 ? 1 : 0;
    }
  }
  void print(const char* name) const {
    std::printf("  %-14s precision %.3f, recall %.3f, %.0f steps flagged\n", name, right / flagged,
                hit / windows, flagged);
  }
};

std::vector<std::size_t> three_sigma(const Series& series) {
  double sum = 0, squares = 0, count = 0;
  for (const double value : series.values) {
    if (is_missing(value)) continue;
    sum += value;
    squares += value * value;
    ++count;
  }
  const double mean = sum / count, deviation = std::sqrt(squares / count - mean * mean);
  std::vector<std::size_t> steps;
  for (std::size_t i = 0; i < series.size(); ++i)
    if (std::abs(series.values[i] - mean) > 3 * deviation) steps.push_back(i);
  return steps;
}

void ask_anomalies(const fs::path& directory) {
  const fs::path folder = directory / "nab/realAWSCloudwatch";
  if (!fs::exists(folder)) return void(std::puts("\nnab/realAWSCloudwatch is not there"));
  const auto labels = nlohmann::json::parse(std::ifstream(directory / "nab/combined_windows.json"));
  Found ours, plain;
  for (const auto& entry : fs::directory_iterator(folder)) {
    const std::string key = "realAWSCloudwatch/" + entry.path().filename().string();
    if (!labels.contains(key)) continue;
    const auto samples = samples_of(entry.path());
    const Series series = regular(samples, {.step_s = usual_step(samples)});
    std::vector<std::size_t> steps;
    for (const Anomaly& anomaly : anomalies(series)) steps.push_back(anomaly.step);
    ours.add(series, steps, labels[key]);
    plain.add(series, three_sigma(series), labels[key]);
  }
  std::printf(
      "\nAnomalies, labelled metrics of AWS: share of flagged steps inside a window, share of %.0f windows "
      "found\n",
      ours.windows);
  ours.print("anomalies");
  plain.print("three sigma");
}

Series made_up(std::uint32_t days, std::int64_t step_s, double growth, double noise, double spikes) {
  const model::Usage usage{.step_s = step_s,
                           .days = days,
                           .types = {{"video", 2}, {"music", 1}},
                           .growth = growth,
                           .noise = noise,
                           .spikes_per_week = spikes};
  const auto load = model::usage_of(usage);
  Series series{usage.begin_s, step_s, load[0]};
  for (std::size_t i = 0; i < series.size(); ++i) series.values[i] += load[1][i];
  return series;
}

void ask_made_up() {
  print_table("made up, calm, hourly", backtest(made_up(56, 3600, 0.05, 0.08, 0), {}, {24, 25, 40, 1}));
  print_table("made up, growing, noisy, spikes, hourly",
              backtest(made_up(56, 3600, 0.3, 0.25, 4), {}, {24, 25, 40, 1}));
  print_table("made up, 10 minutes", backtest(made_up(42, 600, 0.1, 0.1, 1), {}, {6, 61, 60, 4}));
}

void ask_speed() {
  const Series series = made_up(70, 600, 0.05, 0.08, 1).part(0, 10000);
  std::puts("\nSpeed, 10,000 steps of 10 minutes: a fit, and six new values with a forecast of a day");
  for (const ForecastMethod& method : methods()) {
    std::unique_ptr<Model> model;
    const double fit = seconds_of([&] { model = method.fit(series, {}); });
    const double update = seconds_of([&] {
      model->append(std::vector<double>(6, 100));
      model->forecast(144);
    });
    std::printf("  %-14s %8.1f ms %8.3f ms\n", std::string(method.name).c_str(), 1000 * fit, 1000 * update);
  }
  const double all = seconds_of([&] { forecast::forecast(series, {}, 144); });
  std::printf("  %-14s %8.1f ms: all methods, the check of the past and the intervals\n", "forecast",
              1000 * all);
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 2 || std::string(argv[1]).empty()) {
    std::puts(
        "Made-up loads; DATA=DIRECTORY takes public series from there (tests/bench/forecast_tables.cc says "
        "which).");
    ask_made_up();
  } else {
    ask(argv[1]);
    ask_m4(argv[1], argc > 2 ? static_cast<std::size_t>(std::max(std::atoi(argv[2]), 1)) : 1);
    ask_anomalies(argv[1]);
  }
  ask_speed();
}
