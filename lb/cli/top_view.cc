#include "lb/cli/top_view.h"

#include <algorithm>
#include <cctype>
#include <cstdio>
#include <ctime>
#include <functional>
#include <nlohmann/json.hpp>
#include <sstream>
#include <utility>

#include "proto/quantity.h"

namespace finishline::cli {
namespace {

using Live = nlohmann::ordered_json;

constexpr const char* kNothing = "-";

std::size_t columns_of(std::string_view text) {
  return static_cast<std::size_t>(
      std::ranges::count_if(text, [](char c) { return (static_cast<unsigned char>(c) & 0xc0) != 0x80; }));
}

/// The first so many columns.
std::string cut(std::string_view text, std::size_t columns) {
  std::size_t end = 0;
  for (std::size_t shown = 0; end < text.size(); ++end) {
    if ((static_cast<unsigned char>(text[end]) & 0xc0) != 0x80 && shown++ == columns) break;
  }
  return std::string(text.substr(0, end));
}

/// With spaces behind it, or before it.
std::string padded(const std::string& text, std::size_t columns, bool to_the_right = false) {
  const std::string shown = cut(text, columns);
  const std::string space(columns - columns_of(shown), ' ');
  return to_the_right ? space + shown : shown + space;
}

double number(const Live& of, const char* key) {
  const auto found = of.find(key);
  return found == of.end() || !found->is_number() ? -1 : found->get<double>();
}

std::string text(const Live& of, const char* key) {
  const auto found = of.find(key);
  return found == of.end() || !found->is_string() ? "" : found->get<std::string>();
}

const Live& list(const Live& of, const char* key) {
  static const Live kEmpty = Live::array();
  const auto found = of.find(key);
  return found == of.end() || !found->is_array() ? kEmpty : *found;
}

const Live& object(const Live& of, const char* key) {
  static const Live kEmpty = Live::object();
  const auto found = of.find(key);
  return found == of.end() || !found->is_object() ? kEmpty : *found;
}

std::string span_text(double seconds) {
  return seconds < 0 ? kNothing : human(Nanos(static_cast<std::int64_t>(seconds * 1e9)));
}

std::string figure(const char* pattern, double value) {
  char text[48];
  std::snprintf(text, sizeof text, pattern, value);
  return text;
}

/// "0", "3.2", "512", "12.3k"
std::string rate_text(double rate) {
  if (rate < 0) return kNothing;
  if (rate < 0.05) return "0";
  if (rate < 100) return figure("%.1f", rate);
  return rate < 10000 ? figure("%.0f", rate) : figure("%.1fk", rate / 1000);
}

std::string percent_text(double share) { return share < 0 ? kNothing : figure("%.0f%%", share * 100); }

std::string bytes_text(double bytes) { return bytes < 0 ? kNothing : human_bytes(bytes); }

// --- servers -----------------------------------------------------------------------------------------

int rank_of(const std::string& state) {
  constexpr std::string_view kOrder[] = {"down",       "ejected", "draining", "half_open",
                                         "slow_start", "untried", "absent",   "up"};
  return static_cast<int>(std::ranges::find(kOrder, state) - std::begin(kOrder));
}

TopStyle style_of_state(const std::string& state) {
  if (state == "up") return TopStyle::good;
  return state == "down" || state == "ejected" ? TopStyle::bad : TopStyle::warning;
}

bool fits(const Live& server, const std::string& filter) {
  std::string all;
  for (const char* const key : {"name", "type", "pool", "state", "address"}) all += text(server, key) + '\n';
  std::istringstream words(filter);
  for (std::string word; words >> word;)
    if (all.find(word) == std::string::npos) return false;
  return true;
}

double value_of(const Live& server, TopOrder order) {
  switch (order) {
    case TopOrder::state:
      return -rank_of(text(server, "state"));
    case TopOrder::finish:
      return number(server, "finish_s");
    case TopOrder::rate:
      return number(server, "rate");
    case TopOrder::errors:
      return number(server, "errors_rate");
    case TopOrder::p99:
      return number(object(server, "latency"), "p99");
    case TopOrder::busy:
      return number(server, "busy");
    case TopOrder::name:
      break;
  }
  return 0;
}

/// Numbers with the largest first, names from a to z.
std::vector<const Live*> in_order(const Live& live, const TopChoice& choice) {
  std::vector<const Live*> servers;
  for (const Live& server : list(live, "servers"))
    if (fits(server, choice.filter)) servers.push_back(&server);
  std::ranges::stable_sort(servers, [&](const Live* a, const Live* b) {
    const double x = value_of(*a, choice.order), y = value_of(*b, choice.order);
    return x != y ? x > y : text(*a, "name") < text(*b, "name");
  });
  if (choice.reversed) std::ranges::reverse(servers);
  return servers;
}

struct TopColumn {
  const char* title;
  std::size_t width;  // 0: the rest goes to names and bars
  bool numeric;
  std::size_t from;  // shown on screens of so many columns
  std::string (*show)(const Live& server);
};

std::string finish_text(const Live& server) {
  const double finish = number(server, "finish_s");
  return finish > 0 ? span_text(finish) : kNothing;
}

/// Streams that are open, or requests.
std::string held_text(const Live& server) {
  const double streams = number(server, "streams_open");
  return figure("%.0f", streams >= 0 ? streams : number(server, "in_flight"));
}

std::string latency_text(const Live& server, const char* which) {
  return span_text(number(object(server, "latency"), which));
}

const std::vector<TopColumn>& top_columns() {
  static const std::vector<TopColumn> kTopColumns = {
      {"STATE", 10, false, 30, [](const Live& s) { return text(s, "state"); }},
      {"TYPE", 10, false, 120, [](const Live& s) { return text(s, "type"); }},
      {"POOL", 12, false, 140, [](const Live& s) { return text(s, "pool"); }},
      {"DONE IN", 9, true, 0, [](const Live& s) { return finish_text(s); }},
      {nullptr, 0, false, 0, nullptr},
      {"HAS", 5, true, 64, [](const Live& s) { return held_text(s); }},
      {"RATE/s", 7, true, 56, [](const Live& s) { return rate_text(number(s, "rate")); }},
      {"ERR/s", 6, true, 100, [](const Live& s) { return rate_text(number(s, "errors_rate")); }},
      {"P50", 9, true, 76, [](const Live& s) { return latency_text(s, "p50"); }},
      {"P95", 9, true, 120, [](const Live& s) { return latency_text(s, "p95"); }},
      {"P99", 9, true, 66, [](const Live& s) { return latency_text(s, "p99"); }},
      {"BUSY", 5, true, 100, [](const Live& s) { return percent_text(number(s, "busy")); }},
      {"CPU", 5, true, 140, [](const Live& s) { return percent_text(number(s, "cpu")); }},
      {"MEMORY", 10, true, 150, [](const Live& s) { return bytes_text(number(s, "memory_bytes")); }},
      {"WEIGHT", 7, true, 150, [](const Live& s) { return figure("%g", number(s, "weight")); }},
  };
  return kTopColumns;
}

constexpr std::size_t kLeastBar = 6, kLeastName = 8;  // names come first: two that are cut look alike

struct TopWidths {
  std::size_t name = 0, bar = 0;
};

TopWidths widths_for(const Live& live, std::size_t width) {
  std::size_t used = 0, longest = 6;
  for (const TopColumn& column : top_columns())
    if (width >= column.from && column.width > 0) used += column.width + 1;
  for (const Live& server : list(live, "servers")) longest = std::max(longest, text(server, "name").size());
  const std::size_t left = width > used + 2 ? width - used - 2 : 0;
  const std::size_t name =
      std::min(longest, left > kLeastBar + kLeastName ? left - kLeastBar : left / 2 + left % 2);
  return {.name = name, .bar = left - name};
}

double longest_finish(const Live& live) {
  double most = 0;
  for (const Live& server : list(live, "servers")) most = std::max(most, number(server, "finish_s"));
  return most;
}

std::string bar_of(double share, std::size_t width, bool blocks) {
  const auto full = static_cast<std::size_t>(std::clamp(share, 0.0, 1.0) * static_cast<double>(width) + 0.5);
  std::string bar;
  for (std::size_t i = 0; i < full; ++i) bar += blocks ? "\u2588" : "#";
  return bar + std::string(width - full, ' ');
}

TopLine head_line(const TopChoice& choice, const TopWidths& widths) {
  std::string line = padded("SERVER", widths.name);
  for (const TopColumn& column : top_columns()) {
    if (choice.width < column.from) continue;
    line += ' ' + (column.width == 0 ? std::string(widths.bar, ' ')
                                     : padded(column.title, column.width, column.numeric));
  }
  return {{padded(line, choice.width), TopStyle::head}};
}

TopLine server_line(const Live& server, const TopChoice& choice, const TopWidths& widths, double longest) {
  const bool chosen = text(server, "name") == choice.server;
  const auto styled = [&](TopStyle style) { return chosen ? TopStyle::chosen : style; };
  TopLine line{{padded(text(server, "name"), widths.name) + ' ', styled(TopStyle::strong)}};
  std::size_t used = widths.name + 1;
  for (const TopColumn& column : top_columns()) {
    if (choice.width < column.from) continue;
    const bool is_bar = column.width == 0;
    const double share = longest > 0 ? std::max(0.0, number(server, "finish_s")) / longest : 0;
    std::string cell = is_bar ? bar_of(share, widths.bar, choice.blocks)
                              : padded(column.show(server), column.width, column.numeric);
    const bool is_state = column.title != nullptr && std::string_view(column.title) == "STATE";
    used += columns_of(cell) + 1;
    line.push_back({std::move(cell), styled(is_bar     ? TopStyle::bar
                                            : is_state ? style_of_state(text(server, "state"))
                                                       : TopStyle::plain)});
    line.push_back({" ", styled(TopStyle::plain)});
  }
  if (used > choice.width) line.pop_back();
  return line;
}

// --- what stands above -------------------------------------------------------------------------------

std::string clock_text(double unix) {
  const auto seconds = static_cast<std::time_t>(unix);
  std::tm parts{};
  ::localtime_r(&seconds, &parts);
  char text[16];
  std::strftime(text, sizeof text, "%H:%M:%S", &parts);
  return text;
}

TopLine title_line(const Live& live, std::size_t width) {
  const std::string left = "finishline " + text(live, "version") + "  up " +
                           span_text(number(live, "uptime_s")) + "  revision " +
                           figure("%.0f", number(live, "revision"));
  const std::string right = clock_text(number(live, "time"));
  const std::size_t room = width > columns_of(right) + 1 ? width - columns_of(right) : 0;
  return {{padded(left, room), TopStyle::strong}, {right, TopStyle::quiet}};
}

std::string traffic_text(const Live& live) {
  const Live& requests = object(live, "requests");
  const Live& total = object(object(live, "latency"), "total");
  return rate_text(number(requests, "rate")) + " requests/s, " + rate_text(number(requests, "errors_rate")) +
         " errors/s, " + figure("%.0f", number(requests, "waiting")) + " waiting; p50 " +
         span_text(number(total, "p50")) + ", p95 " + span_text(number(total, "p95")) + ", p99 " +
         span_text(number(total, "p99"));
}

std::string pool_text(const Live& pool) {
  const double ratio = number(object(pool, "ratio"), "window");
  return "pool " + text(pool, "name") + ": " + text(pool, "policy") + ", " + rate_text(number(pool, "rate")) +
         "/s, p95 " + span_text(number(object(pool, "latency"), "p95")) + ", " +
         figure("%.0f", number(object(pool, "waiting"), "count")) + " wait" +
         (ratio > 0 ? figure(", %.2f x the possible best", ratio) : "");
}

/// "512 requests/s, "; of streams the bytes that go through them.
std::string listener_traffic(const Live& listener) {
  if (text(listener, "mode") != "stream")
    return rate_text(number(listener, "requests_rate")) + " requests/s, ";
  const double bytes =
      std::max(0.0, number(listener, "bytes_in_rate")) + std::max(0.0, number(listener, "bytes_out_rate"));
  return human_bytes(bytes) + "/s, ";
}

bool is_lost(const Live& listener) { return text(listener, "state") == "lost"; }

std::string listener_text(const Live& listener) {
  if (is_lost(listener))
    return "listener " + text(listener, "name") + " is lost: the file of its Unix socket is gone";
  const double open = number(listener, "open");
  return "listener " + text(listener, "name") + ": " + (open < 0 ? kNothing : figure("%.0f", open)) +
         " open, " + listener_traffic(listener) + rate_text(number(listener, "rate")) + " accepted/s, " +
         rate_text(number(listener, "refused_rate")) + " refused/s";
}

void add_alerts(const Live& live, const TopChoice& choice, std::size_t most, std::vector<TopLine>& lines) {
  const Live& alerts = list(live, "alerts");
  for (std::size_t i = 0; i < std::min(alerts.size(), most); ++i) {
    const bool critical = text(alerts[i], "severity") == "critical";
    const bool more = i + 1 == most && alerts.size() > most;
    const std::string words =
        more ? "and " + std::to_string(alerts.size() - i) + " more alerts" : text(alerts[i], "reason");
    const std::string state = text(alerts[i], "state") == "pending" ? " (pending)" : "";
    lines.push_back({{cut("! " + words + (more ? "" : state), choice.width),
                      critical ? TopStyle::bad : TopStyle::warning}});
  }
}

std::vector<TopLine> lines_above(const Live& live, const TopChoice& choice) {
  std::vector<TopLine> lines{title_line(live, choice.width)};
  lines.push_back({{cut(text(live, "sentence"), choice.width), TopStyle::plain}});
  lines.push_back({{cut(traffic_text(live), choice.width), TopStyle::plain}});
  const std::size_t room = choice.height / 6;
  const Live& listeners = list(live, "listeners");
  for (std::size_t i = 0; i < std::min(listeners.size(), room / 2); ++i)
    lines.push_back({{cut(listener_text(listeners[i]), choice.width),
                      is_lost(listeners[i]) ? TopStyle::bad : TopStyle::quiet}});
  const Live& pools = list(live, "pools");
  for (std::size_t i = 0; i < std::min(pools.size(), room); ++i)
    lines.push_back({{cut(pool_text(pools[i]), choice.width), TopStyle::quiet}});
  add_alerts(live, choice, std::max<std::size_t>(room, 1), lines);
  lines.push_back({});
  return lines;
}

/// Of so many rows, which are shown: those around the chosen one.
std::size_t first_shown(const std::vector<const Live*>& servers, const TopChoice& choice, std::size_t room) {
  const auto chosen = std::ranges::find_if(
      servers, [&](const Live* server) { return text(*server, "name") == choice.server; });
  const auto at = chosen == servers.end() ? 0 : static_cast<std::size_t>(chosen - servers.begin());
  return at < room ? 0 : at - room + 1;
}

}  // namespace

std::string_view name_of(TopOrder order) {
  constexpr std::string_view kNames[] = {"name", "state", "done in", "rate", "errors", "p99", "busy"};
  return kNames[static_cast<std::size_t>(order)];
}

std::vector<std::string> servers_in_order(const Live& live, const TopChoice& choice) {
  std::vector<std::string> names;
  for (const Live* server : in_order(live, choice)) names.push_back(text(*server, "name"));
  return names;
}

std::vector<TopLine> top_lines(const Live& live, const TopChoice& choice) {
  std::vector<TopLine> lines = lines_above(live, choice);
  const TopWidths widths = widths_for(live, choice.width);
  lines.push_back(head_line(choice, widths));
  const auto servers = in_order(live, choice);
  const std::size_t room = choice.height > lines.size() + 1 ? choice.height - 1 - lines.size() : 0;
  const double longest = longest_finish(live);
  const std::size_t first = first_shown(servers, choice, room);
  for (std::size_t i = first; i < std::min(servers.size(), first + room); ++i)
    lines.push_back(server_line(*servers[i], choice, widths, longest));
  if (servers.empty() && room > 0)
    lines.push_back({{choice.filter.empty() ? "no server is configured" : "no server matches the filter",
                      TopStyle::quiet}});
  lines.resize(std::min(lines.size(), choice.height - 1));
  return lines;
}

std::string plain_top(const Live& live) {
  std::string all =
      clock_text(number(live, "time")) + "  " + traffic_text(live) + "; " + text(live, "sentence") + '\n';
  for (const Live& listener : list(live, "listeners")) all += "  " + listener_text(listener) + '\n';
  for (const Live& server : list(live, "servers"))
    all += "  " + text(server, "name") + "  " + text(server, "state") + "  done in " + finish_text(server) +
           "  has " + held_text(server) + "  " + rate_text(number(server, "rate")) + "/s  p99 " +
           latency_text(server, "p99") + '\n';
  for (const Live& alert : list(live, "alerts"))
    all += "  ! " + text(alert, "severity") + ": " + text(alert, "reason") + '\n';
  return all;
}

std::string text_of(const TopLine& line) {
  std::string all;
  for (const TopSpan& span : line) all += span.text;
  return all;
}

}  // namespace finishline::cli
