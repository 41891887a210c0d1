#include "lb/cli/calibration_report.h"

#include <array>
#include <cmath>
#include <cstdio>
#include <nlohmann/json.hpp>

#include "proto/quantity.h"

namespace finishline::cli {
namespace {

template <class... Values>
std::string shown(const char* pattern, Values... values) {
  std::array<char, 400> text{};
  std::snprintf(text.data(), text.size(), pattern, values...);
  return text.data();
}

/// By how much more than declared it is: 0.2 is 20 %.
double wrong_by(const CalibratedCost& cost) { return cost.fitted() / cost.declared - 1; }

/// Whether the learner, which follows changes, has left what the trace shows as a whole.
bool has_moved(const CalibratedCost& cost) {
  if (!cost.fit || cost.learned <= 0) return false;
  const double away = std::abs(std::log(cost.learned / cost.fitted()));
  return away > 0.1 && away > 3 * (cost.fit->error + cost.fit->spread * 0.1);
}

std::string cost_line(const CalibratedCost& cost, double confidence) {
  const std::string names =
      shown("# %-16.64s %-12.64s %9.4g", cost.server_type.c_str(), cost.request_type.c_str(), cost.declared);
  if (!cost.fit) return names + "          -   too few samples: as declared\n";
  const model::Interval within = cost.fit->factor_within(confidence);
  return names + shown(" %9.4g  %9.4g %9.4g  %+8.1f %% %9s%s\n", cost.fitted(), cost.declared * within.low,
                       cost.declared * within.high, 100 * wrong_by(cost),
                       human_count(cost.fit->samples).c_str(),
                       has_moved(cost) ? shown("  but %.4g at the end", cost.learned).c_str() : "");
}

std::string heading(const Calibration& calibration, const std::string& source, double confidence) {
  std::string text = "# " + human_count(calibration.used) + " replies of " + source +
                     (calibration.without_time > 0
                          ? "; " + human_count(calibration.without_time) + " rows tell of no service"
                          : "") +
                     "\n";
  for (const auto& [what, rows] : calibration.unknown)
    text += "# " + counted(rows, "row") + " passed over: the configuration has no " + what + "\n";
  return text + "#\n" +
         shown("# %-16s %-12s %9s %9s  %9s %9s  %10s %9s\n", "SERVER TYPE", "REQUEST", "DECLARED", "SHOWN",
               shown("%g %% FROM", confidence * 100).c_str(), "TO", "WRONG BY", "SAMPLES");
}

std::string unlike_lines(const Calibration& calibration) {
  std::string text;
  for (const UnlikeServer& server : calibration.unlike)
    text += shown("# %s is unlike its type in all it does: speed = %.3g instead of %.3g\n",
                  server.server.c_str(), server.shown_speed, server.declared_speed);
  return text;
}

/// A name as a TOML key.
std::string key(const std::string& name) {
  const bool bare =
      name.find_first_not_of("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-") ==
      std::string::npos;
  return bare ? name : "\"" + name + "\"";
}

nlohmann::ordered_json cost_json(const CalibratedCost& cost, double confidence) {
  nlohmann::ordered_json json{{"server_type", cost.server_type},
                              {"request_type", cost.request_type},
                              {"declared", cost.declared},
                              {"shown", nullptr},
                              {"low", nullptr},
                              {"high", nullptr},
                              {"wrong_by", nullptr},
                              {"spread", nullptr},
                              {"at_the_end", nullptr},
                              {"samples", cost.fit ? cost.fit->samples : 0}};
  if (!cost.fit) return json;
  const model::Interval within = cost.fit->factor_within(confidence);
  json.update({{"shown", cost.fitted()},
               {"low", cost.declared * within.low},
               {"high", cost.declared * within.high},
               {"wrong_by", wrong_by(cost)},
               {"spread", cost.fit->spread},
               {"at_the_end", cost.learned}});
  return json;
}

}  // namespace

std::string calibration_toml(const Calibration& calibration, const std::string& source, double confidence) {
  std::string text = heading(calibration, source, confidence), section;
  for (const CalibratedCost& cost : calibration.costs) text += cost_line(cost, confidence);
  text += unlike_lines(calibration);
  for (const CalibratedCost& cost : calibration.costs) {
    if (cost.server_type != section) text += "\n[cost." + key(cost.server_type) + "]\n";
    section = cost.server_type;
    text += key(cost.request_type) + " = " + shown("%.4g", cost.fitted()) + "\n";
  }
  return text;
}

nlohmann::ordered_json calibration_json(const Calibration& calibration, double confidence) {
  using Json = nlohmann::ordered_json;
  Json costs = Json::array(), unlike = Json::array(), unknown = Json::array();
  for (const CalibratedCost& cost : calibration.costs) costs.push_back(cost_json(cost, confidence));
  for (const UnlikeServer& server : calibration.unlike)
    unlike.push_back({{"server", server.server},
                      {"declared_speed", server.declared_speed},
                      {"shown_speed", server.shown_speed},
                      {"samples", server.samples}});
  for (const auto& [what, rows] : calibration.unknown) unknown.push_back({{"what", what}, {"rows", rows}});
  return {{"confidence", confidence},
          {"replies", calibration.used},
          {"rows_without_service", calibration.without_time},
          {"costs", costs},
          {"unlike_servers", unlike},
          {"not_in_the_configuration", unknown}};
}

}  // namespace finishline::cli
