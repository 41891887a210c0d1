#include "proto/server_vitals.h"

#include <cmath>
#include <nlohmann/json.hpp>

namespace finishline::proto {
namespace {

using Json = nlohmann::ordered_json;

/// False when what stands there is no number that `most` allows; none is as good as 0.
template <class Number>
bool take(const Json& from, const char* name, Number& to, double most) {
  const auto found = from.find(name);
  if (found == from.end()) return true;
  if (!found->is_number()) return false;
  const double value = found->template get<double>();
  if (!std::isfinite(value) || value < 0 || value > most) return false;
  to = static_cast<Number>(value);
  return true;
}

}  // namespace

std::string to_json(const ServerVitals& vitals) {
  Json object = {{"cpu_percent", std::round(vitals.cpu_percent * 10) / 10},
                 {"memory_bytes", vitals.memory_bytes},
                 {"slots", vitals.slots},
                 {"backlog_us", vitals.backlog_us}};
  if (vitals.cancel) object["cancel"] = true;
  return object.dump();
}

std::optional<ServerVitals> parse_vitals(std::string_view body) {
  if (body.empty() || body.size() > kMaxVitalsBytes) return std::nullopt;
  const Json object = Json::parse(body, nullptr, false);
  if (!object.is_object()) return std::nullopt;
  ServerVitals vitals{.slots = 0};
  const bool good = take(object, "cpu_percent", vitals.cpu_percent, 1e6) &&
                    take(object, "memory_bytes", vitals.memory_bytes, 1e18) &&
                    take(object, "slots", vitals.slots, 1e9) &&
                    take(object, "backlog_us", vitals.backlog_us, 1e18);
  if (const auto cancel = object.find("cancel"); cancel != object.end())
    vitals.cancel = cancel->is_boolean() && cancel->get<bool>();
  return good ? std::optional(vitals) : std::nullopt;
}

}  // namespace finishline::proto
