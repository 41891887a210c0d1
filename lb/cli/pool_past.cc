#include "lb/cli/pool_past.h"

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdio>
#include <functional>
#include <nlohmann/json.hpp>
#include <optional>
#include <vector>

#include "lb/cli/admin_client.h"
#include "lb/control/forecast_api.h"
#include "lb/forecast/enough.h"
#include "proto/nearest.h"
#include "proto/quantity.h"

namespace finishline::cli {
namespace {

constexpr std::int64_t kMostAsked = 2000;  // points of one reply
constexpr std::array<std::int64_t, 3> kSteps{900, 60, 10};

std::int64_t unix_now() {
  return std::chrono::duration_cast<std::chrono::seconds>(std::chrono::system_clock::now().time_since_epoch())
      .count();
}

/// Has read the flags; nothing after a complaint.
std::optional<int> read_flags(AdminCommand& command, const PoolPastOptions& options) {
  std::vector<std::string> words{"finishline forecast"};
  if (!options.admin.empty()) words.insert(words.end(), {"--admin", options.admin});
  if (!options.config.empty()) words.insert(words.end(), {"--config", options.config});
  std::vector<char*> arguments;
  for (std::string& word : words) arguments.push_back(word.data());
  return command.parse(static_cast<int>(arguments.size()), arguments.data());
}

std::string past_path(const PoolPastOptions& of, std::int64_t step) {
  const std::int64_t now = unix_now() / step * step;
  return "/api/v1/series?names=pool." + of.pool + '.' + of.series +
         "&from=" + std::to_string(now - (kMostAsked - 1) * step) + "&to=" + std::to_string(now) +
         "&step=" + std::to_string(step);
}

/// How much is known and needed, as the page says it; and what to ask for by now, if anything.
std::string known_words(const AdminCommand& command, const PoolPastOptions& of) {
  std::int64_t longest = 0, fits = 0;
  for (const std::int64_t step : kSteps) {
    const auto reply = command.try_get(past_path(of, step));
    const std::size_t values = reply ? csv_of_series(*reply).values : 0;
    longest = std::max(longest, step * static_cast<std::int64_t>(values));
    if (values >= forecast::kEnoughValues) fits = step;
  }
  const auto least = static_cast<std::int64_t>(forecast::kEnoughValues);
  const std::int64_t asked = of.step.empty() ? kSteps.back() : parse_duration(of.step).value_or(1s) / 1s;
  return control::too_little_past("pool." + of.pool + "." + of.series, longest, least * asked) +
         (fits > 0 ? " Leave out --step, or say --step " + std::to_string(fits) + "s." : "");
}

/// That it is no pool, or that too little is known of it.
void complain_of_pool(const AdminCommand& command, const PoolPastOptions& of) {
  const std::string& pool = of.pool;
  const auto stats = command.try_get("/stats");
  const auto page = stats ? nlohmann::json::parse(*stats, nullptr, false) : nlohmann::json();
  std::vector<std::string> names;
  if (page.is_object())
    for (const auto& it : page.value("pools", nlohmann::json::array())) names.push_back(it.value("name", ""));
  const bool known = names.empty() || std::ranges::find(names, pool) != names.end();
  const std::string words =
      known ? known_words(command, of)
            : "'" + pool + "' is no CSV file, and " + no_such("pool", pool, names, std::identity());
  std::fprintf(stderr, "finishline forecast: %s\n", words.c_str());
}

}  // namespace

SeriesCsv csv_of_series(const std::string& reply) {
  const auto page = nlohmann::json::parse(reply, nullptr, false);
  SeriesCsv csv{"time,value\n", 0};
  if (!page.is_object() || !page.contains("series") || page["series"].empty()) return csv;
  std::int64_t time = page.value("from", std::int64_t{0});
  for (const auto& point : page["series"][0].value("points", nlohmann::json::array())) {
    if (point.is_number()) {
      csv.text += std::to_string(time) + ',' + point.dump() + '\n';
      ++csv.values;
    }
    time += page.value("step", std::int64_t{1});
  }
  return csv;
}

std::string pool_past(const PoolPastOptions& options) {
  AdminCommand command("", "finishline forecast");
  if (read_flags(command, options)) return {};
  std::vector<std::int64_t> steps(kSteps.begin(), kSteps.end());
  if (const auto wanted = parse_duration(options.step); wanted && *wanted >= 1s)
    steps = {*wanted / std::chrono::seconds(1)};
  for (const std::int64_t step : steps) {
    const auto reply = command.try_get(past_path(options, step));  // 404 of a pool that is none
    if (!reply && !command.get("/stats")) return {};
    const SeriesCsv csv = csv_of_series(reply.value_or(""));
    if (csv.values >= forecast::kEnoughValues) return csv.text;
    if (step == steps.back()) complain_of_pool(command, options);
  }
  return {};
}

}  // namespace finishline::cli
