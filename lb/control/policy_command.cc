#include "lb/control/policy_command.h"

#include <CLI/CLI.hpp>
#include <cstdio>
#include <nlohmann/json.hpp>
#include <string>

#include "lb/control/admin_client.h"
#include "lb/control/httplib.h"

namespace finishline::control {
namespace {

using Json = nlohmann::ordered_json;

struct Question {
  std::string pool;
  std::string policy;  // "": only asked
};

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
            ", which holds after a restart, or when a reload finds another policy there";
  std::puts(text.c_str());
}

/// Returns the exit code.
int finish(const httplib::Result& reply, const AdminPlace& admin, bool changed) {
  if (!reply) {
    complain_of_silence(admin);
    return kNotRunning;
  }
  if (reply->status != 200) {
    std::fprintf(stderr, "finishline: refused: %s", reply->body.c_str());
    return kNotRunning;
  }
  tell(reply->body, changed);
  return 0;
}

}  // namespace

int run_policy_command(int argc, char** argv) {
  CLI::App app{"Shows which policy a pool follows, or has it follow another: from the next request on, in every "
               "worker, with no connection touched",
               "finishline policy"};
  Question question;
  std::string token_file;
  AdminFlags flags;
  app.add_option("POOL", question.pool, "the pool's name in the configuration")->required();
  app.add_option("NAME", question.policy, "the policy to follow from now on: see 'finishline policies'");
  add_token_flag(app, token_file);
  add_admin_flags(app, flags);
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? 0 : kBadUse;
  }
  const auto admin = find_admin(flags);
  if (!admin) return kBadUse;
  httplib::Client client = client_of(*admin);
  const std::string path = "/pools/" + question.pool + "/policy";
  if (question.policy.empty()) return finish(client.Get(path), *admin, false);
  const auto token = token_of(token_file, *admin);
  if (!token) return kBadUse;
  client.set_bearer_token_auth(*token);
  const Json order = {{"policy", question.policy}};
  return finish(client.Put(path, order.dump(), "application/json"), *admin, true);
}

}  // namespace finishline::control
