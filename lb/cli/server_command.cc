#include "lb/cli/server_command.h"

#include <cstdio>
#include <nlohmann/json.hpp>
#include <string>

#include "lb/cli/admin_client.h"
#include "lb/cli/json_output.h"
#include "lb/ledger/server_state.h"
#include "proto/quantity.h"

namespace finishline::cli {
namespace {

using Json = nlohmann::ordered_json;

}  // namespace

std::string server_state_text(const std::string& reply, bool drain) {
  const Json now = Json::parse(reply, nullptr, false);
  if (!now.is_object()) return {};
  const bool streams = now.value("carries", "") == "streams";
  const std::string held = counted(now.value("in_flight", std::uint64_t{0}), streams ? "stream" : "request") +
                           (streams ? " open" : " in flight");
  std::string words = now.value("server", "") + " is " + now.value("state", "") + ", " + held + "\n";
  if (drain && !now.value("survives_restart", true))
    words += "a restart of the proxy gives it work again: the order is not kept, as " +
             now.value("forgotten_because", "the proxy does not say why") + "\n";
  return words;
}

int run_server_command(int argc, char** argv) {
  const bool drain = std::string_view(argv[0]) == "drain";
  AdminCommand command(drain ? "Gives a server no new requests; its open ones are finished"
                             : "Gives a drained server work again",
                       drain ? "finishline drain" : "finishline undrain");
  std::string server;
  bool json = false;
  command.add_word("NAME", server, AdminCommand::Presence::required,
                   "the server's name in the configuration");
  command.add_json_flag(json);
  if (drain)
    command.add_examples({"finishline drain video-1 -c finishline.toml",
                          "finishline drain video-1 --admin 127.0.0.1:9900 --token-file token"});
  else
    command.add_examples({"finishline undrain video-1 -c finishline.toml"});
  if (const auto code = command.parse(argc, argv)) return *code;
  if (!command.send_token()) return kBadUse;
  const Json order = {
      {"state", ledger::name_of(drain ? ledger::AdminState::drain : ledger::AdminState::ready)}};
  const auto body = command.put("/servers/" + server + "/state", order.dump(), "application/json");
  if (!body) return command.failure();
  if (json) return print_reply(command, *body);
  std::fputs(server_state_text(*body, drain).c_str(), stdout);
  return 0;
}

}  // namespace finishline::cli
