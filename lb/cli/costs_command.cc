#include "lb/cli/costs_command.h"

#include <cstdio>
#include <nlohmann/json.hpp>

#include "lb/cli/admin_client.h"
#include "lb/cli/json_output.h"
#include "proto/quantity.h"

namespace finishline::cli {
namespace {

using Json = nlohmann::ordered_json;

constexpr double kWide = 0.3;  // sd above this: as good as nothing known

std::string age(const Json& cost) {
  if (!cost.contains("age_ms")) return "-";
  return human(Nanos(static_cast<std::int64_t>(cost.at("age_ms").get<double>() * 1e6)));
}

std::string remark(const Json& cost) {
  if (cost.at("doubted").get<bool>()) return "doubted";
  return cost.at("samples") == 0 || cost.at("sd").get<double>() > kWide ? "little known" : "";
}

std::string line(const std::string& server, const std::string& learn, const std::string& type,
                 const Json& cost) {
  char text[512];
  std::snprintf(
      text, sizeof text, "%-20.128s  %-5s  %-12.64s  %11.4g ms  %11.4g ms  %6.2f  %5.2f  %8llu  %9s  %s",
      server.c_str(), learn.c_str(), type.c_str(), cost.at("declared_ms").get<double>(),
      cost.at("learned_ms").get<double>(), cost.at("ratio").get<double>(), cost.at("sd").get<double>(),
      cost.at("samples").get<unsigned long long>(), age(cost).c_str(), remark(cost).c_str());
  std::string trimmed = text;
  trimmed.erase(trimmed.find_last_not_of(' ') + 1);
  return trimmed + "\n";
}

}  // namespace

std::string costs_table(std::string_view stats) {
  try {
    char head[256];
    std::snprintf(head, sizeof head, "%-20s  %-5s  %-12s  %14s  %14s  %6s  %5s  %8s  %9s\n", "SERVER",
                  "LEARN", "REQUEST", "DECLARED", "LEARNED", "RATIO", "SD", "SAMPLES", "AGE");
    std::string rows;
    const Json page = Json::parse(stats);
    for (const Json& server : page.at("servers")) {
      const Json costs = server.value("costs", Json::object());
      for (const auto& [type, cost] : costs.items())
        rows += line(server.at("name"), server.at("learn"), type, cost);
    }
    return rows.empty() ? "no pool learns its costs: set learn = \"watch\" or \"on\" in [pool.NAME]\n"
                        : head + rows;
  } catch (const Json::exception&) {
    return {};
  }
}

Json costs_json(std::string_view stats) {
  try {
    Json servers = Json::array();
    const Json page = Json::parse(stats);
    for (const Json& server : page.at("servers"))
      if (server.contains("costs"))
        servers.push_back(
            {{"server", server.at("name")}, {"learn", server.at("learn")}, {"costs", server.at("costs")}});
    return servers;
  } catch (const Json::exception&) {
    return nullptr;
  }
}

int run_costs_command(int argc, char** argv) {
  AdminCommand command(
      "Shows what a unit of length of each type of request costs each server: as declared, and as learned "
      "from the service times in replies",
      "finishline costs");
  bool json = false;
  command.add_json_flag(json);
  command.add_examples({"finishline costs -c finishline.toml", "finishline costs --json"});
  if (const auto code = command.parse(argc, argv)) return *code;
  const auto stats = command.get("/stats");
  if (!stats) return command.failure();
  const std::string table = costs_table(*stats);
  if (table.empty()) {
    command.complain_of_stranger();
    return kNotRunning;
  }
  if (json) return print_json(costs_json(*stats));
  std::fputs(table.c_str(), stdout);
  return 0;
}

}  // namespace finishline::cli
