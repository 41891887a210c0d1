#include "lb/cli/upgrade_command.h"

#include "lb/cli/admin_client.h"
#include "lb/cli/change_outcome.h"

namespace finishline::cli {
namespace {

constexpr Nanos kUpgradePatience = 60s;  // the new program is tried first

}  // namespace

int run_upgrade_command(int argc, char** argv) {
  AdminCommand command(
      "The program file that the running proxy was started from, by now another one, takes its place: same "
      "process, same sockets, no connection refused. One that cannot run changes nothing",
      "finishline upgrade");
  bool json = false;
  command.add_json_flag(json);
  command.add_examples({"finishline upgrade -c finishline.toml",
                        "finishline upgrade --admin 127.0.0.1:9900 --token-file token"});
  if (const auto code = command.parse(argc, argv)) return *code;
  if (!command.send_token()) return kBadUse;
  const auto body = command.put("/upgrade", "", "text/plain", 202);
  const auto asked = body ? change_state_in(*body) : std::nullopt;
  if (!asked) return command.failure();
  return tell_outcome(command, *asked, &ChangeState::upgrade, "upgrade", kUpgradePatience, json);
}

}  // namespace finishline::cli
