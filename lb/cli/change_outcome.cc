#include "lb/cli/change_outcome.h"

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <nlohmann/json.hpp>
#include <sstream>
#include <thread>
#include <vector>

#include "lb/cli/json_output.h"

namespace finishline::cli {
namespace {

using OutcomeJson = nlohmann::ordered_json;

constexpr Nanos kOutcomeLook = 20ms;
constexpr int kGone = 50;  // looks at which nobody listened: its socket stays open over reloads and upgrades
constexpr std::int64_t kFirstRevision = 1;  // a start gets there unasked

ChangeState::Counts counts_in(const OutcomeJson& object) {
  return {object.value("revision", std::int64_t{0}), object.value("refused", std::int64_t{0})};
}

ChangeState::Asking asking_in(const OutcomeJson& object) {
  const OutcomeJson begun = object.value("begun", OutcomeJson::object());
  const OutcomeJson ended = object.value("ended", OutcomeJson::object());
  return {object.value("asked", std::int64_t{0}),
          begun.value("asked", std::int64_t{0}),
          counts_in(begun),
          ended.value("asked", std::int64_t{0}),
          ended.value("refused", false),
          ended.value("revision", std::int64_t{0}),
          ended.value("problems", std::string())};
}

/// What was counted before our change began; nothing while it has not. A control process that we have not
/// asked, or that does not number, cannot say: what came after we asked is taken for ours.
std::optional<ChangeState::Counts> before_ours(const ChangeState& asked, const ChangeState& now,
                                               ChangeState::Asking ChangeState::*which) {
  if ((asked.*which).asked == 0 || now.control != asked.control)
    return ChangeState::Counts{std::max(asked.now.revision, kFirstRevision), asked.now.refused};
  if ((now.*which).begun < (asked.*which).asked) return std::nullopt;
  return (now.*which).before_begun;
}

std::vector<std::string> lines_of(const std::string& text) {
  std::vector<std::string> lines;
  std::istringstream stream(text);
  for (std::string line; std::getline(stream, line);) lines.push_back(line);
  return lines;
}

/// The exit code of what was told as JSON, which is `code` unless that failed.
int tell_as_json(const OutcomeJson& outcome, int code) {
  const int printed = print_json(outcome);
  return printed == 0 ? code : printed;
}

int tell_refusal(const ChangeState& state, const std::string& noun, bool json) {
  std::fprintf(stderr, "finishline: the %s was refused and changed nothing:\n%s", noun.c_str(),
               state.problems.c_str());
  if (!json) return kNotRunning;
  return tell_as_json(
      {{"outcome", "refused"}, {"revision", state.now.revision}, {"problems", lines_of(state.problems)}},
      kNotRunning);
}

int tell_success(const ChangeState& state, bool json) {
  if (json)
    return tell_as_json({{"outcome", "in force"}, {"revision", state.now.revision}, {"file", state.file}}, 0);
  const std::string from = state.file.empty() ? "" : ", read from " + state.file;
  std::printf("revision %lld is in force%s\n", static_cast<long long>(state.now.revision), from.c_str());
  return 0;
}

/// What came of ours, where another change has begun since and may have been counted, too.
std::optional<int> tell_ended(const ChangeState& asked, const ChangeState& now,
                              ChangeState::Asking ChangeState::*which, const std::string& noun, bool json) {
  const std::int64_t ours = (asked.*which).asked;
  const ChangeState::Asking& its = now.*which;
  if (ours == 0 || now.control != asked.control || its.ended < ours) return std::nullopt;
  ChangeState then = now;
  then.now.revision = its.revision;
  then.problems = its.problems;
  return its.refused ? tell_refusal(then, noun, json) : tell_success(then, json);
}

/// Of one that goes on, or of a proxy that has ended meanwhile.
int tell_unknown(const std::string& noun, const std::string& outcome, bool json) {
  std::fprintf(stderr,
               outcome == "unknown" ? "finishline: nobody answers there any more, and what came of the %s is "
                                      "not known: the proxy has ended, or its proxy.admin is another one; "
                                      "the log tells\n"
                                    : "finishline: the %s is still under way; the log tells how it ends\n",
               noun.c_str());
  return json ? tell_as_json({{"outcome", outcome}}, kNotRunning) : kNotRunning;
}

}  // namespace

std::optional<ChangeState> change_state_in(const std::string& body) {
  const OutcomeJson page = OutcomeJson::parse(body, nullptr, false);
  if (!page.is_object()) return std::nullopt;
  return ChangeState{page.value("file", ""),
                     counts_in(page),
                     page.value("problems", ""),
                     page.value("control", std::int64_t{0}),
                     asking_in(page),
                     asking_in(page.value("upgrade", OutcomeJson::object()))};
}

int tell_outcome(const AdminCommand& command, const ChangeState& asked,
                 ChangeState::Asking ChangeState::*which, const std::string& noun, Nanos patience,
                 bool json) {
  std::optional<ChangeState::Counts> before;
  const auto end = std::chrono::steady_clock::now() + patience;
  int alone = 0;
  while (std::chrono::steady_clock::now() < end) {
    const auto body = command.try_get("/reload");
    const auto state = body ? change_state_in(*body) : std::nullopt;
    if (state)
      if (const auto code = tell_ended(asked, *state, which, noun, json)) return *code;
    if (state && !before) before = before_ours(asked, *state, which);
    if (before && state && state->now.refused > before->refused) return tell_refusal(*state, noun, json);
    if (before && state && state->now.revision > before->revision) return tell_success(*state, json);
    alone = body || !command.nobody_listens() ? 0 : alone + 1;
    if (alone >= kGone) return tell_unknown(noun, "unknown", json);
    std::this_thread::sleep_for(kOutcomeLook);
  }
  return tell_unknown(noun, "under way", json);
}

}  // namespace finishline::cli
