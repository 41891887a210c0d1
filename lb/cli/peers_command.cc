#include "lb/cli/peers_command.h"

#include <cstdio>
#include <nlohmann/json.hpp>

#include "lb/cli/admin_client.h"
#include "lb/cli/json_output.h"
#include "proto/quantity.h"

namespace finishline::cli {
namespace {

using PeersJson = nlohmann::ordered_json;

std::string span_of(const PeersJson& ms) {
  return ms.is_number() ? human(Nanos(static_cast<std::int64_t>(ms.get<double>() * 1e6))) : "-";
}

std::string row_of(const PeersJson& node) {
  char text[256];
  std::snprintf(text, sizeof text, "%-20.64s  %-6s  %10s  %9u  %10s  %8llu  %6lld  %8lld\n",
                node.at("name").get<std::string>().c_str(), node.at("state").get<std::string>().c_str(),
                span_of(node.at("age_ms")).c_str(), node.at("in_flight").get<unsigned>(),
                span_of(node.at("owed_ms")).c_str(), node.at("waiting").get<unsigned long long>(),
                node.at("gaps").get<long long>(), node.at("silences").get<long long>());
  return text;
}

/// One line on the engine, and by whose books requests go.
std::string sentence_of(const PeersJson& page) {
  const PeersJson& engine = page.at("engine");
  const std::string state = engine.at("state");
  if (state == "off") return "this proxy shares with nobody: set name and redis in [peers]\n";
  std::string words = "redis is " + state;
  if (engine.at("for_ms").is_number()) words += " for " + span_of(engine.at("for_ms"));
  if (state == "connected") words += ", " + span_of(engine.at("lag_ms")) + " there and back";
  if (const std::string reason = engine.at("reason"); !reason.empty()) words += ": " + reason;
  const std::string sharing = page.at("sharing");
  if (sharing == "lost") return words + "\nrequests go by this proxy's own books and what servers say\n";
  if (sharing == "alone") return words + "\nno other proxy is heard of\n";
  return words + "\nrequests go by the books of " + std::to_string(page.at("sharers").get<unsigned>()) +
         " proxies\n";
}

/// Who decides in the pools in which one does.
std::string seats_of(const PeersJson& page) {
  std::string words;
  for (const PeersJson& seat : page.value("seats", PeersJson::array())) {
    const std::string pool = seat.at("pool"), span = span_of(seat.at("for_ms"));
    if (seat.at("holder").is_null())
      words += "pool " + pool + ": nobody is in the seat, each proxy decides by the books\n";
    else
      words += "pool " + pool + ": " +
               (seat.at("own").get<bool>() ? "this proxy" : seat.at("holder").get<std::string>()) +
               " has decided for all of them for " + span + "\n";
  }
  return words;
}

/// What has become of orders of operators, where anything has.
std::string orders_of(const PeersJson& page) {
  const PeersJson orders = page.value("orders", PeersJson::object());
  const auto count = [&](const char* news) { return orders.value(news, std::int64_t{0}); };
  const std::int64_t left_out = count("left_out"), not_kept = count("not_kept");
  const std::int64_t taken = count("adopted") + count("conflict");
  if (taken + left_out + not_kept == 0) return "";
  return "orders of operators at other proxies: " + std::to_string(taken) + " taken, " +
         std::to_string(count("conflict")) + " of them over one given here, " + std::to_string(left_out) +
         " left out; redis has refused " + std::to_string(not_kept) + "\n";
}

}  // namespace

std::string peers_table(std::string_view text) {
  try {
    const PeersJson page = PeersJson::parse(text);
    std::string table = sentence_of(page) + seats_of(page) + orders_of(page);
    if (page.at("nodes").empty()) return table;
    char head[256];
    std::snprintf(head, sizeof head, "\n%-20s  %-6s  %10s  %9s  %10s  %8s  %6s  %8s\n", "PROXY", "STATE",
                  "AGE", "IN FLIGHT", "OWED", "WAITING", "GAPS", "SILENCES");
    table += head;
    for (const PeersJson& node : page.at("nodes")) table += row_of(node);
    return table;
  } catch (const PeersJson::exception&) {
    return {};
  }
}

int run_peers_command(int argc, char** argv) {
  AdminCommand command(
      "Shows the other proxies that share this one's servers, and how old what is known of them is",
      "finishline peers");
  bool json = false;
  command.add_json_flag(json);
  command.add_examples({"finishline peers -c finishline.toml", "finishline peers --json"});
  if (const auto code = command.parse(argc, argv)) return *code;
  const auto page = command.get("/api/v1/peers");
  if (!page) return command.failure();
  const std::string table = peers_table(*page);
  if (table.empty()) {
    command.complain_of_stranger();
    return kNotRunning;
  }
  if (json) return print_reply(command, *page);
  std::fputs(table.c_str(), stdout);
  return 0;
}

}  // namespace finishline::cli
