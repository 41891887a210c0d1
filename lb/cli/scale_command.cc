#include "lb/cli/scale_command.h"

#include <cmath>
#include <cstdio>
#include <nlohmann/json.hpp>
#include <string>

#include "lb/cli/admin_client.h"
#include "lb/cli/json_output.h"

namespace finishline::cli {
namespace {

using ScaleJson = nlohmann::ordered_json;

/// "media: busy 45 % by work, servers are added above 70 %"
void tell_pool(const ScaleJson& pool) {
  const std::string strain = pool.at("strain").is_null()
                                 ? "no server for what comes"
                                 : std::to_string(std::lround(pool.at("strain").get<double>() * 100)) + " %";
  std::printf("%s: %s by %s, servers are added above %ld %%%s\n", pool.at("pool").get<std::string>().c_str(),
              strain.c_str(), pool.at("by").get<std::string>().c_str(),
              std::lround(pool.at("up_over").get<double>() * 100),
              pool.at("rehearse").get<bool>() ? "; a rehearsal: nothing is started or ended" : "");
  if (!pool.at("last").is_null()) std::printf("  last: %s\n", pool.at("last").get<std::string>().c_str());
  std::printf("  %-16s %6s %7s %8s %7s %8s   %s\n", "TYPE", "WANTED", "RUNNING", "STARTING", "LEAVING",
              "GIVEN UP", "MIN..MAX");
  for (const ScaleJson& type : pool.at("types")) {
    const auto number = [&](const char* key) { return type.at(key).get<unsigned>(); };
    std::printf("  %-16s %6u %7u %8u %7u %8u   %u..%u\n", type.at("type").get<std::string>().c_str(),
                number("wanted"), number("running"), number("starting"), number("leaving"),
                number("given_up"), number("min"), number("max"));
  }
}

}  // namespace

int run_scale_command(int argc, char** argv) {
  AdminCommand command("Shows which servers a running proxy starts and ends as the work needs them, and why",
                       "finishline scale");
  bool json = false;
  command.add_json_flag(json);
  command.add_examples({"finishline scale -c finishline.toml", "finishline scale --json"});
  if (const auto code = command.parse(argc, argv)) return *code;
  const auto body = command.get("/api/v1/scale");
  if (!body) return command.failure();
  if (json) return print_reply(command, *body);
  const ScaleJson pools = ScaleJson::parse(*body, nullptr, false);
  if (!pools.is_array() || pools.empty()) {
    std::puts("no pool is scaled: see [pool.NAME.scale]");
    return 0;
  }
  for (const ScaleJson& pool : pools) tell_pool(pool);
  return 0;
}

}  // namespace finishline::cli
