#include "lb/cli/reload_command.h"

#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <sstream>
#include <string>
#include <thread>
#include <vector>

#include "lb/cli/admin_client.h"
#include "lb/cli/json_output.h"
#include "proto/units.h"

namespace finishline::cli {
namespace {

using Json = nlohmann::ordered_json;

constexpr Nanos kPatience = 30s;  // for the outcome
constexpr Nanos kLook = 20ms;

constexpr std::int64_t kFirstRevision = 1;

/// How many reloads have ended, and how.
struct Counts {
  std::int64_t revision = 0;
  std::int64_t refused = 0;
};
/// What GET or PUT /reload says (control/reload_service.h).
struct State {
  std::string file;  // that the master reads; "": it does not say
  Counts now;
  std::string problems;
  std::int64_t control = 0;
  std::int64_t asked = 0;
  std::int64_t begun = 0;
  Counts before_begun;
};
Counts counts_in(const Json& object) {
  return {object.value("revision", std::int64_t{0}), object.value("refused", std::int64_t{0})};
}
/// Nothing when there is no such reply.
std::optional<State> state_in(const std::string& body) {
  const Json page = Json::parse(body, nullptr, false);
  if (!page.is_object()) return std::nullopt;
  const Json begun = page.value("begun", Json::object());
  return State{page.value("file", ""),
               counts_in(page),
               page.value("problems", ""),
               page.value("control", std::int64_t{0}),
               page.value("asked", std::int64_t{0}),
               begun.value("asked", std::int64_t{0}),
               counts_in(begun)};
}

/// What was counted before our reload began; nothing while it has not. A control process that we have not
/// asked, or that does not number, cannot say: what came after we asked is taken for ours.
std::optional<Counts> before_ours(const State& asked, const State& now) {
  const std::int64_t revision = std::max(asked.now.revision, kFirstRevision);  // a start gets there unasked
  const Counts then{revision, asked.now.refused};
  if (asked.asked == 0 || now.control != asked.control) return then;
  if (now.begun < asked.asked) return std::nullopt;
  return now.before_begun;
}

std::vector<std::string> lines_of(const std::string& text) {
  std::vector<std::string> lines;
  std::istringstream stream(text);
  for (std::string line; std::getline(stream, line);) lines.push_back(line);
  return lines;
}

/// The exit code of what was told as JSON, which is `code` unless that failed.
int tell_as_json(const Json& outcome, int code) {
  const int printed = print_json(outcome);
  return printed == 0 ? code : printed;
}

int tell_refusal(const State& state, bool json) {
  std::fprintf(stderr, "finishline: the reload was refused and changed nothing:\n%s", state.problems.c_str());
  if (!json) return kNotRunning;
  return tell_as_json(
      {{"outcome", "refused"}, {"revision", state.now.revision}, {"problems", lines_of(state.problems)}},
      kNotRunning);
}

int tell_success(const State& state, bool json) {
  if (json)
    return tell_as_json({{"outcome", "in force"}, {"revision", state.now.revision}, {"file", state.file}}, 0);
  const std::string from = state.file.empty() ? "" : ", read from " + state.file;
  std::printf("revision %lld is in force%s\n", static_cast<long long>(state.now.revision), from.c_str());
  return 0;
}

/// The master reads the file that it was started with, whichever one is named here.
void warn_of_other_file(const std::string& named, const std::string& read) {
  std::error_code failed;
  if (named.empty() || read.empty() || std::filesystem::equivalent(named, read, failed)) return;
  std::fprintf(stderr, "finishline: warning: the proxy reads %s, which it was started with, not %s\n",
               read.c_str(), named.c_str());
}

/// Asks again and again: the control process that answers may be replaced on the way.
int await(const AdminCommand& command, const State& asked, bool json) {
  std::optional<Counts> before;
  const auto end = std::chrono::steady_clock::now() + kPatience;
  while (std::chrono::steady_clock::now() < end) {
    const auto body = command.try_get("/reload");
    const auto state = body ? state_in(*body) : std::nullopt;
    if (state && !before) before = before_ours(asked, *state);
    if (before && state && state->now.refused > before->refused) return tell_refusal(*state, json);
    if (before && state && state->now.revision > before->revision) return tell_success(*state, json);
    std::this_thread::sleep_for(kLook);
  }
  std::fprintf(stderr, "finishline: the reload is still under way; the log tells how it ends\n");
  return json ? tell_as_json({{"outcome", "under way"}}, kNotRunning) : kNotRunning;
}

}  // namespace

int run_reload_command(int argc, char** argv) {
  AdminCommand command("The running proxy reads its configuration file again; a bad one changes nothing",
                       "finishline reload");
  bool json = false;
  command.add_token_flag();
  command.add_json_flag(json);
  command.add_examples({"finishline reload -c finishline.toml",
                        "finishline reload --admin 127.0.0.1:9900 --token-file token"});
  if (const auto code = command.parse(argc, argv)) return *code;
  if (!command.send_token()) return kBadUse;
  const auto body = command.put("/reload", "", "text/plain", 202);
  const auto asked = body ? state_in(*body) : std::nullopt;
  if (!asked) return kNotRunning;
  warn_of_other_file(command.config_file(), asked->file);
  return await(command, *asked, json);
}

}  // namespace finishline::cli
