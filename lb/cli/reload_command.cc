#include "lb/cli/reload_command.h"

#include <algorithm>
#include <cstdio>
#include <nlohmann/json.hpp>
#include <string>
#include <thread>

#include "lb/cli/admin_client.h"
#include "proto/units.h"

namespace finishline::cli {
namespace {

using Json = nlohmann::ordered_json;

constexpr Nanos kPatience = 30s;  // for the outcome
constexpr Nanos kLook = 20ms;

constexpr std::int64_t kFirstRevision = 1;

/// What GET or PUT /reload says; nothing when there is no such reply.
struct State {
  std::int64_t revision = 0;
  std::int64_t refused = 0;
  std::string problems;
};
std::optional<State> state_in(const std::string& body) {
  const Json page = Json::parse(body, nullptr, false);
  if (!page.is_object()) return std::nullopt;
  return State{page.value("revision", std::int64_t{0}), page.value("refused", std::int64_t{0}),
               page.value("problems", "")};
}

/// Asks again and again: the control process that answers is replaced on the way.
int await(const AdminCommand& command, State before) {
  before.revision =
      std::max(before.revision, kFirstRevision);  // a proxy that still starts gets there unasked
  const auto end = std::chrono::steady_clock::now() + kPatience;
  while (std::chrono::steady_clock::now() < end) {
    const auto body = command.try_get("/reload");
    const auto state = body ? state_in(*body) : std::nullopt;
    if (state && state->refused > before.refused) {
      std::fprintf(stderr, "finishline: the reload was refused and changed nothing:\n%s",
                   state->problems.c_str());
      return kNotRunning;
    }
    if (state && state->revision > before.revision) {
      std::printf("revision %lld is in force\n", static_cast<long long>(state->revision));
      return 0;
    }
    std::this_thread::sleep_for(kLook);
  }
  std::fprintf(stderr, "finishline: the reload is still under way; the log tells how it ends\n");
  return kNotRunning;
}

}  // namespace

int run_reload_command(int argc, char** argv) {
  AdminCommand command("The running proxy reads its configuration file again; a bad one changes nothing",
                       "finishline reload");
  command.add_token_flag();
  if (const auto code = command.parse(argc, argv)) return *code;
  if (!command.send_token()) return kBadUse;
  const auto body = command.put("/reload", "", "text/plain", 202);
  const auto before = body ? state_in(*body) : std::nullopt;
  return before ? await(command, *before) : kNotRunning;
}

}  // namespace finishline::cli
