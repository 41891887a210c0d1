#include "lb/control/server_command.h"

#include <CLI/CLI.hpp>
#include <cstdio>
#include <nlohmann/json.hpp>
#include <string>

#include "lb/control/admin_client.h"
#include "lb/control/httplib.h"
#include "lb/ledger/ledger.h"

namespace finishline::control {
namespace {

using Json = nlohmann::ordered_json;

struct Order {
  std::string server;
  ledger::AdminState state = ledger::AdminState::drain;
  std::string token_file;
};

/// "video-1 is draining, 3 requests in flight"
void tell(const std::string& body) {
  const Json now = Json::parse(body, nullptr, false);
  if (!now.is_object()) return;
  std::printf("%s is %s, %lld requests in flight\n", now.value("server", "").c_str(),
              now.value("state", "").c_str(), now.value("in_flight", 0LL));
}

int give(const Order& order, const AdminPlace& admin, const std::string& token) {
  httplib::Client client = client_of(admin);
  client.set_bearer_token_auth(token);
  const Json body = {{"state", ledger::name_of(order.state)}};
  const httplib::Result reply =
      client.Put("/servers/" + order.server + "/state", body.dump(), "application/json");
  if (!reply) {
    complain_of_silence(admin);
    return kNotRunning;
  }
  if (reply->status != 200) {
    std::fprintf(stderr, "finishline: refused: %s", reply->body.c_str());
    return kNotRunning;
  }
  tell(reply->body);
  return 0;
}

}  // namespace

int run_server_command(int argc, char** argv) {
  const bool drain = std::string_view(argv[0]) == "drain";
  CLI::App app{drain ? "Gives a server no new requests; its open ones are finished"
                     : "Gives a drained server work again",
               drain ? "finishline drain" : "finishline undrain"};
  Order order{
      .server = {}, .state = drain ? ledger::AdminState::drain : ledger::AdminState::ready, .token_file = {}};
  AdminFlags flags;
  app.add_option("NAME", order.server, "the server's name in the configuration")->required();
  add_token_flag(app, order.token_file);
  add_admin_flags(app, flags);
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? 0 : kBadUse;
  }
  const auto admin = find_admin(flags);
  if (!admin) return kBadUse;
  const auto token = token_of(order.token_file, *admin);
  return token ? give(order, *admin, *token) : kBadUse;
}

}  // namespace finishline::control
