#include "lb/cli/status_command.h"

#include <unistd.h>

#include <chrono>
#include <cmath>
#include <cstdio>
#include <nlohmann/json.hpp>
#include <optional>
#include <thread>
#include <utility>
#include <vector>

#include "lb/cli/admin_client.h"
#include "lb/cli/json_output.h"
#include "proto/quantity.h"

namespace finishline::cli {
namespace {

using Json = nlohmann::ordered_json;

// --- the table -----------------------------------------------------------------------------------------

std::string format(const char* pattern, double value) {
  char text[64];
  std::snprintf(text, sizeof text, pattern, value);
  return text;
}

/// "12.3 ms", "4.56 s", "3 min 20 s", "2 h 5 min", "3 d 4 h"; "-" for nothing.
std::string human_span(double ms) {
  if (ms <= 0) return "-";
  if (ms < 1000) return format("%.1f ms", ms);
  if (ms < 60'000) return format("%.2f s", ms / 1000);
  const auto seconds = static_cast<long long>(ms / 1000);
  if (seconds < 3600) return std::to_string(seconds / 60) + " min " + std::to_string(seconds % 60) + " s";
  if (seconds < 86'400)
    return std::to_string(seconds / 3600) + " h " + std::to_string(seconds / 60 % 60) + " min";
  return std::to_string(seconds / 86'400) + " d " + std::to_string(seconds / 3600 % 24) + " h";
}

std::string cell(const Json& value) { return value.is_string() ? value.get<std::string>() : value.dump(); }

/// "video 12, music 3"; "-" when there is nothing to count.
std::string counts(const Json& object) {
  std::string text;
  for (const auto& [name, count] : object.items())
    if (count != 0) text += (text.empty() ? "" : ", ") + name + " " + count.dump();
  return text.empty() ? "-" : text;
}

using TextRow = std::vector<std::string>;

/// Columns as wide as their widest cell, the first ones to the left and numbers to the right.
std::string align(const std::vector<TextRow>& rows, std::size_t left_columns) {
  std::vector<std::size_t> widths(rows.front().size());
  for (const TextRow& row : rows)
    for (std::size_t i = 0; i < row.size(); ++i) widths[i] = std::max(widths[i], row[i].size());
  std::string text;
  for (const TextRow& row : rows) {
    for (std::size_t i = 0; i < row.size(); ++i) {
      const std::string padding(widths[i] - row[i].size(), ' ');
      const bool last = i + 1 == row.size();
      text += i < left_columns || last ? row[i] + (last ? "" : padding) : padding + row[i];
      text += last ? "\n" : "  ";
    }
  }
  return text;
}

/// "-" where nothing has been seen.
std::string quantile(const Json& of, const char* which) {
  return of.at(which).is_null() ? "-" : human_span(of.at(which));
}

/// A server, or a pool.
bool carries_streams(const Json& it) { return it.contains("streams_open"); }

/// "up", "down, backup".
std::string state_of(const Json& server) {
  return cell(server.at("state")) + (server.value("backup", false) ? ", backup" : "");
}

std::string server_rows(const Json& servers) {
  std::vector<TextRow> rows{{"SERVER", "TYPE", "STATE", "LINKS", "IN FLIGHT", "BACKLOG", "FINISHES IN", "P50",
                             "P99", "FAILED", "DONE"}};
  for (const Json& s : servers)
    if (!carries_streams(s))
      rows.push_back({cell(s.at("name")), cell(s.at("type")), state_of(s), cell(s.at("links_up")),
                      cell(s.at("in_flight")), human_span(s.at("backlog_ms")), human_span(s.at("finish_ms")),
                      quantile(s.at("response"), "p50_ms"), quantile(s.at("response"), "p99_ms"),
                      counts(s.at("failed")), counts(s.at("done"))});
  return rows.size() > 1 ? align(rows, 3) + "\n" : "";
}

/// Servers of streams, then the loads of their pools; "" where there is none. IN is from clients and OUT to
/// them, in all tables.
std::string stream_rows(const Json& servers, const Json& pools) {
  std::vector<TextRow> rows{{"SERVER", "STATE", "STREAMS", "LOAD", "OPENED", "NOT OPENED", "IN", "OUT"}};
  for (const Json& s : servers)
    if (carries_streams(s))
      rows.push_back({cell(s.at("name")), state_of(s), cell(s.at("streams_open")),
                      format("%.1f %%", s.at("load_percent")), cell(s.at("connections")),
                      cell(s.at("connect_failures")), human_bytes(s.at("stream_bytes_in")),
                      human_bytes(s.at("stream_bytes_out"))});
  if (rows.size() == 1) return "";
  std::vector<TextRow> loads{{"POOL", "SERVERS IN SERVICE", "STREAMS", "LOAD"}};
  for (const Json& pool : pools)
    if (carries_streams(pool))
      loads.push_back({cell(pool.at("name")), cell(pool.at("servers_in_service")),
                       cell(pool.at("streams_open")), format("%.1f %%", pool.at("load_percent"))});
  return align(rows, 2) + "\n" + align(loads, 1) + "\n";
}

/// "video-1 at 127.0.0.1:9001 is down: connection refused", a line each; "" where all is well.
std::string complaints(const Json& servers) {
  std::string lines;
  for (const Json& s : servers)
    if (s.at("reason") != "")
      lines += cell(s.at("name")) + " at " + cell(s.at("address")) + " is " + cell(s.at("state")) + ": " +
               cell(s.at("reason")) + "\n";
  return lines.empty() ? "" : lines + "\n";
}

/// How long requests took, by pool and type; "" where there are none.
std::string latency_rows(const Json& pools) {
  std::vector<TextRow> rows{{"POOL", "TYPE", "REQUESTS", "P50", "P95", "P99", "WAITING P95", "SERVICE P95"}};
  for (const Json& pool : pools) {
    if (carries_streams(pool)) continue;
    for (const auto& [type, it] : pool.at("latencies").items()) {
      const Json& duration = it.at("duration");
      rows.push_back({cell(pool.at("name")), type, cell(duration.at("count")), quantile(duration, "p50_ms"),
                      quantile(duration, "p95_ms"), quantile(duration, "p99_ms"),
                      quantile(it.at("waiting"), "p95_ms"), quantile(it.at("service"), "p95_ms")});
    }
  }
  return rows.size() > 1 ? align(rows, 2) + "\n" : "";
}

std::string pool_rows(const Json& pools) {
  std::vector<TextRow> rows{{"POOL", "POLICY", "CHOSEN", "IN THE FILE", "CHANGES"}};
  for (const Json& p : pools)
    rows.push_back({cell(p.at("name")), cell(p.at("policy")), cell(p.at("chosen")), cell(p.at("file")),
                    cell(p.at("policy_changes"))});
  return align(rows, 4);
}

std::string listener_rows(const Json& listeners) {
  std::vector<TextRow> rows{
      {"LISTENER", "STATE", "OPEN", "ACCEPTED", "REFUSED", "REQUESTS", "STREAMS IN", "STREAMS OUT"}};
  for (const Json& l : listeners)
    rows.push_back({cell(l.at("name")), cell(l.at("state")), cell(l.at("open")), cell(l.at("accepted")),
                    cell(l.at("refused")), cell(l.at("requests")), human_bytes(l.at("bytes_in")),
                    human_bytes(l.at("bytes_out"))});
  std::string lost;
  for (const Json& l : listeners)
    if (l.at("state") == "lost")
      lost += "nobody can connect to " + cell(l.at("name")) +
              ": the file of its Unix socket was removed or replaced; finishline reload makes it anew\n";
  return rows.size() > 1 ? align(rows, 2) + lost + "\n" : "";
}

std::string worker_rows(const Json& workers) {
  std::vector<TextRow> rows{
      {"WORKER", "STATE", "PID", "STARTS", "CONNECTIONS", "OPEN REQUESTS", "REQUESTS", "IN", "OUT"}};
  for (const Json& w : workers)
    rows.push_back({cell(w.at("worker")), cell(w.at("state")), cell(w.at("pid")), cell(w.at("starts")),
                    cell(w.at("connections_open")), cell(w.at("requests_open")), cell(w.at("requests")),
                    human_bytes(w.at("client_bytes_in")), human_bytes(w.at("client_bytes_out"))});
  return align(rows, 2);
}

std::string totals(const Json& stats) {
  const Json& connections = stats.at("connections");
  const Json& requests = stats.at("requests");
  Json answered = Json::object();
  for (const auto& [type, it] : requests.at("by_type").items())
    for (const auto& [status, count] : it.at("answered").items())
      answered[status] = answered.value(status, 0LL) + count.get<long long>();
  return align({{"connections", cell(connections.at("open")) + " open, " + cell(connections.at("accepted")) +
                                    " accepted; closed: " + counts(connections.at("closed"))},
                {"requests", cell(requests.at("open")) + " open, " + cell(requests.at("received")) +
                                 " received; answered: " + counts(answered)},
                {"rejected", counts(requests.at("rejected"))}},
               1);
}

}  // namespace

std::string status_table(std::string_view stats) {
  try {
    const Json page = Json::parse(stats);
    return "finishline " + cell(page.at("version")) + ", up " +
           human_span(page.at("uptime_s").get<double>() * 1000) + "\n\n" + server_rows(page.at("servers")) +
           stream_rows(page.at("servers"), page.at("pools")) + complaints(page.at("servers")) +
           latency_rows(page.at("pools")) + pool_rows(page.at("pools")) + "\n" +
           listener_rows(page.at("listeners")) + worker_rows(page.at("workers")) + "\n" + totals(page);
  } catch (const Json::exception&) {
    return {};
  }
}

namespace {

/// The page and the table that it makes; nothing after a complaint.
struct Status {
  std::string page, table;
};
std::optional<Status> status_of(const AdminCommand& command) {
  const auto stats = command.get("/stats");
  if (!stats) return std::nullopt;
  Status status{*stats, status_table(*stats)};
  if (!status.table.empty()) return status;
  command.complain_of_stranger();
  return std::nullopt;
}

/// On one line, so that what is printed again and again can be read line by line.
std::string json_line(const std::string& page) { return Json::parse(page).dump() + "\n"; }

/// In the place of what was shown before, on a terminal.
void show(const std::string& text) {
  if (::isatty(STDOUT_FILENO) != 0) std::fputs("\033[H\033[2J", stdout);
  std::fputs(text.c_str(), stdout);
  std::fflush(stdout);
}

/// Until it is stopped; who does not answer for once may be on its way back.
int watch(const AdminCommand& command, bool as_json) {
  for (;;) {
    const auto status = status_of(command);
    if (as_json)
      std::fputs(status ? json_line(status->page).c_str() : "", stdout), std::fflush(stdout);
    else
      show(status ? status->table : "");
    if (std::ferror(stdout) != 0) return kNotRunning;
    std::this_thread::sleep_for(std::chrono::seconds(1));
  }
}

}  // namespace

int run_status_command(int argc, char** argv) {
  AdminCommand command("Shows what a running proxy does: servers, workers, totals", "finishline status");
  bool as_json = false, again = false;
  command.add_json_flag(as_json);
  command.add_flag("--watch", again, "once a second, until it is stopped");
  command.add_examples({"finishline status", "finishline status -c finishline.toml --watch",
                        "finishline status --admin 127.0.0.1:9900 --json"});
  if (const auto code = command.parse(argc, argv)) return *code;
  if (again) return watch(command, as_json);
  const auto status = status_of(command);
  if (!status) return command.failure();
  if (as_json) return print_reply(command, status->page);
  std::fputs(status->table.c_str(), stdout);
  return 0;
}

}  // namespace finishline::cli
