#include "tests/support/stats.h"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <numeric>
#include <stdexcept>

namespace finishline::test {
namespace {

using Json = nlohmann::json;

std::int64_t sum(const Stats::Counts& counts) {
  return std::accumulate(counts.begin(), counts.end(), std::int64_t{0},
                         [](std::int64_t total, const auto& count) { return total + count.second; });
}

Stats::Server server_from(const Json& row) {
  return {.name = row.at("name"),
          .finish_ms = row.at("finish_ms"),
          .backlog_ms = row.at("backlog_ms"),
          .in_flight = row.at("in_flight"),
          .sent = row.at("sent"),
          .done = sum(row.at("done").get<Stats::Counts>()),
          .failed = sum(row.at("failed").get<Stats::Counts>()),
          .abandoned = row.at("abandoned"),
          .links_up = row.at("links_up"),
          .unasked_replies = row.at("unasked_replies")};
}

Stats::Worker worker_from(const Json& row) {
  return {.state = row.at("state"),
          .pid = row.at("pid"),
          .starts = row.at("starts"),
          .requests = row.at("requests"),
          .connections_open = row.at("connections_open")};
}

Stats::Counts answers_from(const Json& by_type) {
  Stats::Counts answers;
  for (const auto& type : by_type) {
    for (const auto& [status, count] : type.at("answered").get<Stats::Counts>()) answers[status] += count;
  }
  return answers;
}

std::map<std::string, Stats::TypeCounts> types_from(const Json& by_type) {
  std::map<std::string, Stats::TypeCounts> types;
  for (const auto& [name, type] : by_type.items())
    types[name] = {type.at("received"), sum(type.at("answered").get<Stats::Counts>()), type.at("abandoned")};
  return types;
}

Stats stats_from(const Json& page) {
  const Json& connections = page.at("connections");
  const Json& requests = page.at("requests");
  Stats stats{.accepted = connections.at("accepted"),
              .connections_open = connections.at("open"),
              .closed = connections.at("closed"),
              .received = requests.at("received"),
              .answered = requests.at("answered"),
              .open = requests.at("open"),
              .abandoned = requests.at("abandoned"),
              .answers = answers_from(requests.at("by_type")),
              .by_type = types_from(requests.at("by_type")),
              .rejected = requests.at("rejected"),
              .servers = {},
              .workers = {},
              .listeners = {}};
  for (const Json& row : page.at("listeners"))
    stats.listeners[row.at("name")] = {row.at("accepted"), row.at("refused"), row.at("open")};
  for (const Json& row : page.at("servers")) stats.servers.push_back(server_from(row));
  for (const Json& row : page.at("workers")) stats.workers.push_back(worker_from(row));
  return stats;
}

std::string unequal(const std::string& what, std::int64_t left, std::int64_t right) {
  return left == right ? "" : what + ": " + std::to_string(left) + " against " + std::to_string(right) + "; ";
}

/// A worker that a sanitizer stops is replaced like any other that dies: its last words must not be missed.
std::string sanitizer_report(const ProxyUnderTest& proxy) {
  const bool silent = proxy.logged("Sanitizer") + proxy.logged("runtime error:") == 0;
  return silent ? "" : "a sanitizer complains:\n" + proxy.log();
}

}  // namespace

const Stats::Server& Stats::server(const std::string& name) const {
  const auto found =
      std::find_if(servers.begin(), servers.end(), [&](const Server& it) { return it.name == name; });
  if (found == servers.end()) throw std::runtime_error("/stats has no server " + name);
  return *found;
}

std::int64_t Stats::closed_in_all() const { return sum(closed); }

/// Asks again where the control process was being replaced.
Stats stats_of(const ProxyUnderTest& proxy) {
  HttpReply reply;
  wait_until([&] { return (reply = proxy.get("/stats")).status != 0; });
  return stats_from(Json::parse(reply.body));
}

std::string discrepancy(const Stats& stats) {
  std::string text =
      unequal("accepted = closed + open", stats.accepted, stats.closed_in_all() + stats.connections_open) +
      unequal("received = answered + open + abandoned", stats.received,
              stats.answered + stats.open + stats.abandoned);
  for (const auto& [type, counts] : stats.by_type)  // what is open is not told by type
    if (stats.open == 0)
      text += unequal(type + ": received = answered + abandoned", counts.received,
                      counts.answered + counts.abandoned);
  for (const Stats::Server& server : stats.servers) {
    text += unequal(server.name + ": sent = done + failed + abandoned + in flight", server.sent,
                    server.done + server.failed + server.abandoned + server.in_flight);
  }
  return text;
}

std::string unrest(const Stats& stats) {
  std::string text = unequal("open requests", stats.open, 0);
  for (const Stats::Server& server : stats.servers) {
    text += unequal(server.name + " in flight", server.in_flight, 0);
    if (server.finish_ms > 0)
      text += server.name + " is busy for " + std::to_string(server.finish_ms) + " ms; ";
    if (server.backlog_ms != 0)
      text += server.name + " is owed " + std::to_string(server.backlog_ms) + " ms; ";
  }
  return text;
}

std::string unrest_at_the_end(const ProxyUnderTest& proxy, Nanos at_most) {
  std::string text;
  wait_until(
      [&] {
        const Stats stats = stats_of(proxy);
        text = unrest(stats) + discrepancy(stats);
        return text.empty();
      },
      at_most);
  return text + sanitizer_report(proxy);
}

}  // namespace finishline::test
