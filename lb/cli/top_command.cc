#include "lb/cli/top_command.h"

#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <thread>

#include "lb/cli/admin_client.h"
#include "lb/cli/top_session.h"

namespace finishline::cli {
namespace {

using LiveJson = nlohmann::ordered_json;

/// The words of a reply of the API that refuses.
std::string why_refused(const std::string& reply) {
  const std::string words = refusal_in(reply);
  return words.empty() ? "what answers is not a finishline of this version" : words;
}

/// What is now; or why it is not known.
std::optional<LiveJson> ask(const AdminCommand& command, std::string& why) {
  const auto body = command.try_get("/api/v1/live");
  if (!body) return why = "no answer; the figures are the last ones", std::nullopt;
  LiveJson live = LiveJson::parse(*body, nullptr, false);
  if (live.is_object() && live.contains("servers")) return why.clear(), live;
  return why = why_refused(*body), std::nullopt;
}

std::string set_state(AdminCommand& command, const std::string& server, bool drain) {
  const std::string order = LiveJson{{"state", drain ? "drain" : "ready"}}.dump();
  const auto body = command.try_put("/api/v1/servers/" + server + "/state", order);
  if (!body) return "no answer";
  const LiveJson reply = LiveJson::parse(*body, nullptr, false);
  if (!reply.is_object() || !reply.contains("state")) {
    command.use_token("");  // it may have been the wrong one
    return why_refused(*body);
  }
  return server + " is " + reply.value("state", "") + ", " + std::to_string(reply.value("in_flight", 0)) +
         " in flight";
}

TopSession::Proxy proxy_of(AdminCommand& command) {
  return {.has_token = [&] { return command.has_token(); },
          .take_token = [&](std::string token) { command.use_token(std::move(token)); },
          .drain = [&](const std::string& server, bool drain) { return set_state(command, server, drain); }};
}

/// On a terminal, until the user leaves.
int run_screen(AdminCommand& command, LiveJson live, double seconds) {
  TopScreen screen;
  TopSession session(proxy_of(command));
  std::string why;
  auto next = std::chrono::steady_clock::now();
  for (TopInput input; session.take(input, live);) {
    TopChoice& choice = session.choice();
    choice.width = std::max<std::size_t>(screen.width(), 20);
    choice.height = std::max<std::size_t>(screen.height(), 5);
    choice.blocks = screen.unicode();
    screen.draw(top_lines(live, choice), why.empty() ? session.bottom() : why);
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(next - std::chrono::steady_clock::now());
    input = left.count() > 0 ? screen.wait(static_cast<int>(left.count())) : screen.wait(0);
    if (std::chrono::steady_clock::now() < next) continue;
    if (auto fresh = ask(command, why)) live = std::move(*fresh);
    next = std::chrono::steady_clock::now() +
           std::chrono::duration_cast<std::chrono::nanoseconds>(std::chrono::duration<double>(seconds));
  }
  return 0;
}

/// What is now on one line each time, until nobody reads any more; why it is not known, on standard error.
int run_json_lines(const AdminCommand& command, const LiveJson& first, double seconds) {
  std::string why;
  for (std::optional<LiveJson> live = first;; live = ask(command, why)) {
    if (live)
      std::fputs((live->dump(-1, ' ', false, LiveJson::error_handler_t::replace) + "\n").c_str(), stdout);
    else
      std::fprintf(stderr, "finishline top: %s\n", why.c_str());
    if (std::fflush(stdout) != 0) return kNotRunning;
    std::this_thread::sleep_for(std::chrono::duration<double>(seconds));
  }
}

/// To who is no terminal, until nobody reads any more.
int run_lines(const AdminCommand& command, const LiveJson& first, double seconds) {
  std::string why;
  for (std::optional<LiveJson> live = first;; live = ask(command, why)) {
    std::fputs(live ? plain_top(*live).c_str() : (why + '\n').c_str(), stdout);
    if (std::fflush(stdout) != 0) return kNotRunning;
    std::this_thread::sleep_for(std::chrono::duration<double>(seconds));
  }
}

}  // namespace

int run_top_command(int argc, char** argv) {
  AdminCommand command(
      "Shows what a running proxy does, live: servers with when they will be done, rates, latencies, alerts. "
      "Keys sort, filter and drain; ? tells them. Without a terminal: lines, once a second",
      "finishline top");
  double seconds = 1;
  bool json = false;
  command.add_json_flag(json);
  command.add_positive("--interval", seconds, 86400, "seconds between two looks");
  command.add_examples({"finishline top -c finishline.toml",
                        "finishline top --admin 127.0.0.1:9900 --interval 0.5",
                        "finishline top -c finishline.toml --json | jq .servers"});
  if (const auto code = command.parse(argc, argv)) return *code;
  command.send_token_if_any();  // who may not read it may look
  std::string why;
  const auto live = ask(command, why);
  if (!live) {
    if (command.get("/api/v1/live")) std::fprintf(stderr, "finishline top: %s\n", why.c_str());
    return command.failure();
  }
  if (json) return run_json_lines(command, *live, seconds);
  const bool terminal = ::isatty(STDIN_FILENO) != 0 && ::isatty(STDOUT_FILENO) != 0;
  return terminal ? run_screen(command, *live, seconds) : run_lines(command, *live, seconds);
}

}  // namespace finishline::cli
