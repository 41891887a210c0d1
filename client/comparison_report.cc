#include "client/comparison_report.h"

#include <array>
#include <cmath>
#include <cstdio>
#include <nlohmann/json.hpp>
#include <utility>

#include "client/table.h"
#include "proto/quantity.h"

namespace finishline::client {
namespace {

std::string printed(const char* pattern, double value) {
  std::array<char, 64> text{};
  std::snprintf(text.data(), text.size(), pattern, value);
  return text.data();
}

std::string value_text(const Difference& it, double value) {
  if (it.as_share) return printed("%.3f %%", value * 100);
  if (it.unit == "1/s") return human_rate(value) + "/s";
  if (it.unit == "us") return human(Nanos(std::llround(value * 1e3)));
  if (it.unit == "s") return human(Nanos(std::llround(value * 1e9)));
  return printed("%.3f", value);
}

/// "+5.3 %", of shares in points: "+0.100".
std::string change_text(const Difference& it, double change) {
  return printed(it.as_share ? "%+.3f" : "%+.1f %%", change * 100);
}

nlohmann::ordered_json measure_json(const Difference& it) {
  nlohmann::ordered_json json{{"name", it.name},     {"unit", it.as_share ? "share" : it.unit},
                              {"before", it.before}, {"after", it.after},
                              {"change", nullptr},   {"low", nullptr},
                              {"high", nullptr},     {"finding", name_of(it.finding)}};
  if (it.change) json["change"] = *it.change;
  if (it.within) json["low"] = it.within->low, json["high"] = it.within->high;
  return json;
}

}  // namespace

std::string to_text(const Comparison& comparison) {
  Table table(1);
  table.add({"", "before", "after", "change", printed("%g %% sure: from", comparison.confidence * 100), "to",
             "what it shows"});
  for (const Difference& it : comparison.measures)
    table.add({it.name, value_text(it, it.before), value_text(it, it.after),
               it.change ? change_text(it, *it.change) : "-",
               it.within ? change_text(it, it.within->low) : "-",
               it.within ? change_text(it, it.within->high) : "-", std::string(name_of(it.finding))});
  std::string text = "  before  " + comparison.before + "\n  after   " + comparison.after + "\n\n" +
                     table.text() + "\n" + verdict(comparison) + "\n";
  for (const std::string& note : comparison.notes) text += "note: " + note + "\n";
  return text;
}

std::string to_json(const Comparison& comparison, const std::vector<std::string>& beyond) {
  nlohmann::ordered_json json{{"before", comparison.before},
                              {"after", comparison.after},
                              {"confidence", comparison.confidence},
                              {"measures", nlohmann::ordered_json::array()},
                              {"verdict", verdict(comparison)},
                              {"beyond_limit", beyond},
                              {"notes", comparison.notes}};
  for (const Difference& it : comparison.measures) json["measures"].push_back(measure_json(it));
  return json.dump(2, ' ', false, nlohmann::ordered_json::error_handler_t::replace) + "\n";
}

}  // namespace finishline::client
