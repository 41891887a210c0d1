#include "lb/cli/config_command.h"

#include <cstdio>
#include <nlohmann/json.hpp>
#include <string>

#include "lb/cli/admin_client.h"
#include "lb/cli/json_output.h"

namespace finishline::cli {
namespace {

/// A line for each server that drains and each policy that is not the file's.
std::string order_lines(const nlohmann::ordered_json& told) {
  using Told = nlohmann::ordered_json;
  const Told orders = told.value("orders", Told::object());
  const Told policies = orders.value("policies", Told::object());
  std::string lines;
  for (const Told& server : orders.value("drained", Told::array()))
    lines += "# server " + server.get<std::string>() + " drains\n";
  for (const auto& [pool, it] : policies.items())
    lines += "# pool " + pool + " follows " + it.value("policy", "") + "; the file says " +
             it.value("file", "") + "\n";
  return lines;
}

int tell_changes(const AdminCommand& command, bool json) {
  const auto body = command.get("/api/v1/changes");
  if (!body) return command.failure();
  const auto told = nlohmann::ordered_json::parse(*body, nullptr, false);
  if (!told.is_object() || !told.contains("toml")) {
    command.complain_of_stranger();
    return kNotRunning;
  }
  if (json) return print_json(told);
  const std::string changes = told.value("toml", ""), orders = order_lines(told);
  if (changes.empty() && orders.empty()) {
    std::puts("nothing: the proxy works by its configuration file as it was read");
    return 0;
  }
  const bool survive = told.value("survives_restart", false);
  const std::string restart =
      survive ? "begins with them"
              : "forgets them, as " + told.value("forgotten_because", "the proxy does not say why");
  std::printf("# over the configuration file; a restart %s\n%s%s", restart.c_str(), orders.c_str(),
              changes.c_str());
  return 0;
}

}  // namespace

int run_config_command(int argc, char** argv) {
  AdminCommand command(
      "Prints the configuration that a running proxy works by, with all that was changed over its file, as a "
      "file that 'finishline check' accepts; or what was changed",
      "finishline config");
  std::string what;
  command.add_word("WHAT", what, AdminCommand::Presence::required, "export or changes");
  bool json = false;
  command.add_json_flag(json);
  command.add_examples({"finishline config changes -c finishline.toml",
                        "finishline config export -c finishline.toml >finishline.new.toml"});
  if (const auto code = command.parse(argc, argv)) return *code;
  if (what == "changes") return tell_changes(command, json);
  if (what != "export") {
    std::fprintf(stderr, "finishline config: say export or changes, not '%s'\n", what.c_str());
    return kBadUse;
  }
  if (!command.send_token()) return kBadUse;
  const auto body = command.get("/api/v1/config");
  if (!body) return command.failure();
  if (json) return print_json({{"toml", *body}});
  std::fputs(body->c_str(), stdout);
  return 0;
}

}  // namespace finishline::cli
