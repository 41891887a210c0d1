#include "lb/cli/sim_report.h"

#include <array>
#include <cstdio>
#include <nlohmann/json.hpp>

#include "proto/quantity.h"

namespace finishline::cli {
namespace {

using Json = nlohmann::ordered_json;

double to_us(Nanos span) { return to_seconds(span) * 1e6; }

std::string row_text(const sim::Summary& row) {
  std::array<char, 160> line{};
  std::snprintf(line.data(), line.size(), "  %-22.*s %7.3f %7.3f %7.3f   %11s %11s",
                static_cast<int>(row.name.size()), row.name.data(), row.ratio_p50, row.ratio_p95,
                row.ratio_max, human(row.latency_mean).c_str(), human(row.latency_p99).c_str());
  std::string text = line.data();
  if (row.refused > 0) text += "   " + human_count(row.refused) + " refused";
  return text + "\n";
}

std::string table_text(const Experiment& experiment) {
  std::string text = experiment.arrivals + ": " + experiment.description + "\n";
  text += "                          makespan / lower bound         latency\n";
  text += "  policy                     p50     p95     max          mean         p99\n";
  for (const sim::Summary& row : experiment.rows) text += row_text(row);
  return text;
}

Json counts_json(const sim::Summary& row, const sim::Scenario& scenario) {
  Json by_server = Json::object();
  for (std::size_t server = 0; server < row.counts.size(); ++server) {
    Json& by_type = by_server[scenario.servers[server].name];
    for (std::size_t type = 0; type < row.counts[server].size(); ++type) {
      by_type[scenario.cost.request_types()[type].name] = row.counts[server][type];
    }
  }
  return by_server;
}

Json row_json(const sim::Summary& row, const sim::Scenario& scenario) {
  return {{"policy", row.name},
          {"seed", row.first_seed},
          {"runs", row.runs},
          {"requests", row.requests},
          {"refused", row.refused},
          {"ratio", {{"p50", row.ratio_p50}, {"p95", row.ratio_p95}, {"max", row.ratio_max}}},
          {"latency_us", {{"mean", to_us(row.latency_mean)}, {"p99", to_us(row.latency_p99)}}},
          {"by_server", counts_json(row, scenario)}};
}

}  // namespace

std::string text_report(std::span<const Experiment> experiments) {
  std::string text;
  for (const Experiment& experiment : experiments)
    text += (text.empty() ? "" : "\n") + table_text(experiment);
  return text;
}

std::string json_report(std::span<const Experiment> experiments, const sim::Scenario& scenario) {
  Json report = Json::object();
  for (const Experiment& experiment : experiments) {
    Json rows = Json::array();
    for (const sim::Summary& row : experiment.rows) rows.push_back(row_json(row, scenario));
    report["experiments"].push_back(
        {{"arrivals", experiment.arrivals}, {"description", experiment.description}, {"policies", rows}});
  }
  return report.dump(2) + "\n";
}

}  // namespace finishline::cli
