#include "lb/cli/policy_command.h"

#include <cstdio>
#include <nlohmann/json.hpp>
#include <string>

#include "lb/cli/admin_client.h"
#include "lb/cli/json_output.h"

namespace finishline::cli {
namespace {

using Json = nlohmann::ordered_json;

/// "media follows regret; the configuration file says makespan"
void tell(const std::string& body, bool changed) {
  const Json now = Json::parse(body, nullptr, false);
  if (!now.is_object()) return;
  const auto word = [&](const char* key) { return now.value(key, ""); };
  std::string text = word("pool") + " follows " + word("policy");
  if (word("chosen") != word("policy")) text += ", as " + word("chosen") + " has it";
  if (changed) text += word("chosen") != word("policy") ? ", from now on" : " from now on";
  if (word("chosen") != word("file"))
    text += "; the configuration file says " + word("file") +
            ", which holds when a reload finds another policy there, and after a restart without "
            "proxy.state_dir";
  std::puts(text.c_str());
}

}  // namespace

int run_policy_command(int argc, char** argv) {
  AdminCommand command(
      "Shows which policy a pool follows, or has it follow another: from the next request on, in "
      "every worker, with no connection touched",
      "finishline policy");
  std::string pool;
  std::string policy;  // "": only asked
  bool json = false;
  command.add_word("POOL", pool, AdminCommand::Presence::required, "the pool's name in the configuration");
  command.add_word("NAME", policy, AdminCommand::Presence::optional,
                   "the policy to follow from now on: see 'finishline policies'");
  command.add_json_flag(json);
  command.add_examples(
      {"finishline policy media -c finishline.toml", "finishline policy media regret -c finishline.toml"});
  if (const auto code = command.parse(argc, argv)) return *code;
  const bool change = !policy.empty();
  if (change && !command.send_token()) return kBadUse;
  const std::string path = "/pools/" + pool + "/policy";
  const std::string order = Json{{"policy", policy}}.dump();
  const auto body = change ? command.put(path, order, "application/json") : command.get(path);
  if (!body) return command.failure();
  if (json) return print_reply(command, *body);
  tell(*body, change);
  return 0;
}

}  // namespace finishline::cli
