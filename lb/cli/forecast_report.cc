#include "lb/cli/forecast_report.h"

#include <array>
#include <cmath>
#include <cstdio>
#include <nlohmann/json.hpp>

#include "lb/cli/series_text.h"
#include "lb/control/series_file.h"
#include "proto/quantity.h"

namespace finishline::cli {
namespace {

using Json = nlohmann::ordered_json;

std::string utc_text(const ForecastTask& task, std::int64_t place_s) {
  return control::time_text(task.clock.utc_of(place_s));
}

/// Four digits, or all before the point; "-" where there is no number.
std::string figure(double value) {
  if (forecast::is_missing(value)) return "-";
  std::array<char, 40> text{};
  std::snprintf(text.data(), text.size(), std::abs(value) >= 1000 ? "%.0f" : "%.4g", value);
  return text.data();
}

std::string percent(double share) { return forecast::is_missing(share) ? "-" : figure(100 * share) + " %"; }

/// "load.csv: 2,016 steps of 1 h until 2026-11-02T00:00:00Z, 12 missing"
std::string series_text(const ForecastTask& task) {
  std::size_t missing = 0;
  for (const double value : task.series.values) missing += forecast::is_missing(value) ? 1 : 0;
  std::string text = task.source + ": " + human_count(task.series.size()) + " steps of " +
                     step_text(task.series.step_s) + " until " +
                     utc_text(task, task.series.time_of(task.series.size()));
  if (missing > 0) text += ", " + human_count(missing) + " missing";
  if (task.outages > 0)
    text += " (" + human_count(task.outages) + " of zeros that look like an outage: --keep-zeros)";
  return text + "\n";
}

std::string judgement(const forecast::Backtest& check) {
  if (check.origins == 0)
    return "not checked: the history is too short for that, so there are no intervals; two weeks are enough, "
           "two "
           "days better than none\n";
  const forecast::Accuracy& good = check.rows[check.chosen].accuracy;
  const auto naive =
      std::ranges::min(std::span(check.rows).first(3), {}, [](const auto& row) { return row.accuracy.mae; });
  const double margin = 1 - good.mae / naive.accuracy.mae;
  std::string text = "by " + std::string(check.rows[check.chosen].name) + ", checked at " +
                     human_count(check.origins) + " times past: off by " + figure(good.mae) +
                     " on the average; " + std::string(naive.name) + " was off by " +
                     figure(naive.accuracy.mae);
  if (std::isfinite(margin))
    text += margin >= 0 ? ", so this is " + figure(100 * margin) + " % better"
                        : ", so this is " + figure(-100 * margin) + " % worse";
  return text + "\nof the values " + percent(good.coverage[0]) + " lay inside the 80 % interval, " +
         percent(good.coverage[1]) + " inside the 95 % interval\n";
}

/// Without intervals where there are none.
std::string point_text(const ForecastTask& task, const forecast::Point& point, bool checked) {
  std::array<char, 160> line{};
  if (!checked) {
    std::snprintf(line.data(), line.size(), "  %-20s %10s\n", utc_text(task, point.time_s).c_str(),
                  figure(point.value).c_str());
    return line.data();
  }
  std::snprintf(line.data(), line.size(), "  %-20s %10s   %10s %10s   %10s %10s\n",
                utc_text(task, point.time_s).c_str(), figure(point.value).c_str(),
                figure(point.band80.low).c_str(), figure(point.band80.high).c_str(),
                figure(point.band95.low).c_str(), figure(point.band95.high).c_str());
  return line.data();
}

std::string backtest_line(const forecast::BacktestRow& row, bool chosen) {
  const forecast::Accuracy& a = row.accuracy;
  std::array<char, 200> line{};
  std::snprintf(line.data(), line.size(), "%c %-14.*s %11s %11s %8.3f %8s %8s %8s\n", chosen ? '*' : ' ',
                static_cast<int>(row.name.size()), row.name.data(), figure(a.mae).c_str(),
                figure(a.rmse).c_str(), a.mase, figure(a.mape).c_str(), percent(a.coverage[0]).c_str(),
                percent(a.coverage[1]).c_str());
  return line.data();
}

Json point_json(const ForecastTask& task, const forecast::Point& point) {
  return {{"time", utc_text(task, point.time_s)}, {"value", point.value},      {"low80", point.band80.low},
          {"high80", point.band80.high},          {"low95", point.band95.low}, {"high95", point.band95.high}};
}

Json check_json(const forecast::Backtest& check) {
  Json methods = Json::array();
  for (const forecast::BacktestRow& row : check.rows) {
    const forecast::Accuracy& a = row.accuracy;
    methods.push_back({{"name", row.name},
                       {"mae", a.mae},
                       {"rmse", a.rmse},
                       {"mase", a.mase},
                       {"mape", a.mape},
                       {"coverage80", a.coverage[0]},
                       {"coverage95", a.coverage[1]}});
  }
  return {{"horizon", check.horizon},
          {"origins", check.origins},
          {"chosen", check.rows[check.chosen].name},
          {"methods", methods}};
}

}  // namespace

std::string forecast_text(const ForecastTask& task, const ForecastResult& result) {
  std::string text = series_text(task) + judgement(result.forecast.check);
  if (!result.anomalies.empty())
    text += human_count(result.anomalies.size()) +
            (result.anomalies.size() == 1 ? " step of the history is an anomaly, at "
                                          : " steps of the history are anomalies, the last at ") +
            utc_text(task, task.series.time_of(result.anomalies.back().step)) + "\n";
  const bool checked = result.forecast.check.origins > 0;
  text += "\n  time                      value";
  text += checked ? "            80 % interval             95 % interval\n" : "\n";
  for (const forecast::Point& point : result.forecast.points) text += point_text(task, point, checked);
  return text;
}

std::string forecast_json(const ForecastTask& task, const ForecastResult& result) {
  Json points = Json::array(), strange = Json::array(), weights = Json::object();
  for (const forecast::Point& point : result.forecast.points) points.push_back(point_json(task, point));
  for (const forecast::Anomaly& anomaly : result.anomalies)
    strange.push_back({{"time", utc_text(task, task.series.time_of(anomaly.step))},
                       {"value", task.series.values[anomaly.step]},
                       {"expected", anomaly.expected}});
  for (std::size_t i = 0; i < result.forecast.weights.size(); ++i)
    weights[std::string(forecast::methods()[i].name)] = result.forecast.weights[i];
  return Json{{"source", task.source},
              {"step_s", task.series.step_s},
              {"method", result.forecast.method},
              {"weights", weights},
              {"points", points},
              {"anomalies", strange},
              {"backtest", check_json(result.forecast.check)}}
             .dump(2) +
         "\n";
}

std::string backtest_text(const ForecastTask& task, const forecast::Backtest& check) {
  std::string text = series_text(task);
  if (check.origins == 0)
    return text + "nothing to judge by: a history of two seasons and some horizons is needed\n";
  text += human_count(check.origins) + " origins, " + human_count(check.horizon) +
          " steps ahead; * is chosen\n\n" +
          "  method                 MAE        RMSE     MASE   MAPE %  in 80 %  in 95 %\n";
  for (std::size_t i = 0; i < check.rows.size(); ++i) text += backtest_line(check.rows[i], i == check.chosen);
  return text;
}

std::string backtest_json(const ForecastTask& task, const forecast::Backtest& check) {
  Json json = check_json(check);
  json["source"] = task.source;
  json["step_s"] = task.series.step_s;
  return json.dump(2) + "\n";
}

}  // namespace finishline::cli
