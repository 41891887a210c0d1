#include "lb/cli/explain_command.h"

#include <chrono>
#include <cmath>
#include <cstdio>
#include <nlohmann/json.hpp>
#include <thread>

#include "lb/cli/admin_client.h"
#include "lb/cli/json_output.h"
#include "proto/quantity.h"

namespace finishline::cli {
namespace {

using Told = nlohmann::ordered_json;

constexpr double kLongestWatch = 86400;  // seconds

Nanos micros_in(const Told& value) { return std::chrono::microseconds(value.get<std::int64_t>()); }

std::string decisions_text(const Told& decisions) {
  std::string text;
  for (const Told& decision : decisions) {
    char at[32];
    std::snprintf(at, sizeof at, "%.6f s  ", decision.at("at_s").get<double>());
    text += at + decision.at("words").get<std::string>() + "\n";
  }
  return text.empty() ? "nothing was decided meanwhile\n" : text;
}

std::string prospect_text(const Told& answer) {
  std::string text = answer.at("words").get<std::string>() + "\n";
  for (const Told& server : answer.at("servers")) {
    const Nanos free = micros_in(server.at("free_in_us")), service = micros_in(server.at("service_us"));
    text += "  " + server.at("server").get<std::string>() + ": free in " + human(free) + ", needs " +
            human(service) + ", by itself done in " + human(free + service) + "\n";
  }
  return text;
}

/// The first question only turns it on.
std::optional<std::string> ask_for_decisions(const AdminCommand& command, const std::string& path,
                                             double seconds) {
  if (!command.get(path)) return std::nullopt;
  std::optional<std::string> answer;
  for (double left = seconds; left > 0; left -= 1) {  // more often than the lease ends
    std::this_thread::sleep_for(std::chrono::duration<double>(left < 1 ? left : 1));
    if (!(answer = command.get(path))) return answer;
  }
  return answer;
}

}  // namespace

std::string explain_text(std::string_view answer) {
  try {
    const Told told = Told::parse(answer);
    return told.contains("decisions") ? decisions_text(told.at("decisions")) : prospect_text(told);
  } catch (const Told::exception&) {
    return {};
  }
}

int run_explain_command(int argc, char** argv) {
  AdminCommand command(
      "Tells why requests go where they go: what is decided in the next second, or what would "
      "be for one of --type",
      "finishline explain");
  std::string pool, type;
  double length = 1, seconds = 1;
  bool json = false;
  command.add_word("POOL", pool, AdminCommand::Presence::required, "the pool's name in the configuration");
  command.add_text("--type", type, "what would become of a request of this type now; needs no token");
  command.add_positive("--length", length, 0xffffffffU, "its length, in units");
  command.add_positive("--seconds", seconds, kLongestWatch,
                       "for how long decisions are watched; the last 100 are told");
  command.add_json_flag(json);
  command.add_examples(
      {"finishline explain media -c finishline.toml", "finishline explain media --type video --length 5"});
  if (const auto code = command.parse(argc, argv)) return *code;
  if (length != std::floor(length))
    return std::fputs("finishline explain: --length is a whole number of units\n", stderr), kBadUse;
  const std::string path = "/pools/" + pool + "/explain";
  if (type.empty() && !command.send_token()) return kBadUse;
  const auto answer = type.empty()
                          ? ask_for_decisions(command, path, seconds)
                          : command.get(path + "?type=" + type +
                                        "&length=" + std::to_string(static_cast<std::uint32_t>(length)));
  if (!answer) return command.failure();
  if (json) return print_reply(command, *answer);
  const std::string text = explain_text(*answer);
  if (text.empty()) return command.complain_of_stranger(), kNotRunning;
  std::fputs(text.c_str(), stdout);
  return 0;
}

}  // namespace finishline::cli
