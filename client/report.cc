#include "client/report.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdio>
#include <nlohmann/json.hpp>
#include <utility>

#include "client/table.h"
#include "proto/joined.h"
#include "proto/quantity.h"

namespace finishline::client {
namespace {

using Json = nlohmann::ordered_json;

struct Percentile {
  const char* key;    // in JSON
  const char* title;  // in text
  double percent;
};
constexpr std::array<Percentile, 4> kPercentiles{
    {{"p50", "p50", 50}, {"p90", "p90", 90}, {"p99", "p99", 99}, {"p999", "p99.9", 99.9}}};

std::uint64_t failed_requests(const Tally& tally) {
  std::uint64_t failed = tally.lost_requests();
  for (std::size_t i = 1; i < Tally::kStatuses; ++i)
    failed += tally.with_status(static_cast<proto::Status>(i));
  return failed;
}

/// Name and count of each way to fail that occurred.
std::vector<std::pair<std::string, std::uint64_t>> failures_of(const Tally& tally) {
  std::vector<std::pair<std::string, std::uint64_t>> failures;
  for (std::size_t i = 1; i < Tally::kStatuses; ++i) {
    const auto status = static_cast<proto::Status>(i);
    if (tally.with_status(status) > 0)
      failures.emplace_back(proto::name_of(status), tally.with_status(status));
  }
  if (tally.lost_requests() > 0) failures.emplace_back("connection_lost", tally.lost_requests());
  return failures;
}

std::vector<std::pair<Fault, std::uint64_t>> faults_of(const Tally& tally) {
  std::vector<std::pair<Fault, std::uint64_t>> faults;
  for (std::size_t i = 0; i < kFaults; ++i) {
    const auto fault = static_cast<Fault>(i);
    if (tally.wrong_by(fault) > 0) faults.emplace_back(fault, tally.wrong_by(fault));
  }
  return faults;
}

double throughput(const Report& report) {
  const Nanos makespan = report.tally.makespan();
  return makespan > 0ns ? static_cast<double>(report.tally.ok()) / to_seconds(makespan) : 0.0;
}

Nanos mean_of(std::uint64_t micros, std::uint64_t count) {
  return count == 0 ? 0ns : Nanos{static_cast<std::int64_t>(micros * 1000 / count)};
}

/// The part of the run that the server spent working, over all its slots.
double busy_part(const Report& report, const ServerTally& server, std::uint32_t slots) {
  const double time = to_seconds(report.tally.makespan()) * slots;
  return time > 0 ? static_cast<double>(server.service_us) * 1e-6 / time : 0.0;
}

const ServerSpec* server_numbered(const Report& report, std::size_t number) {
  const auto at = std::find_if(report.servers.begin(), report.servers.end(),
                               [number](const ServerSpec& server) { return server.number == number; });
  return at == report.servers.end() ? nullptr : &*at;
}

/// One row per server that is known, or that has done something.
struct ServerRow {
  std::string name, type;
  std::uint32_t slots = 1;
  ServerTally tally;
};

std::vector<ServerRow> server_rows(const Report& report) {
  std::vector<ServerRow> rows;
  const auto& tallies = report.tally.servers();
  for (const ServerSpec& server : report.servers) {
    if (tallies.empty()) break;  // replies did not say who served them
    ServerRow row{server.name, report.cost.server_types()[server.type], server.slots, {}};
    if (server.number < tallies.size()) row.tally = tallies[server.number];
    rows.push_back(std::move(row));
  }
  for (std::size_t number = 0; number < tallies.size(); ++number) {
    if (tallies[number].ok == 0 || server_numbered(report, number) != nullptr) continue;
    rows.push_back({"server " + std::to_string(number), "", 1, tallies[number]});
  }
  return rows;
}

// --- text ------------------------------------------------------------------------------------------------

std::string fixed(double value, int decimals) {
  std::array<char, 48> text{};
  std::snprintf(text.data(), text.size(), "%.*f", decimals, value);
  return text.data();
}

std::string per_cent(double part) { return fixed(part * 100, 1) + " %"; }

std::string time_or_dash(Nanos span) { return span > 0ns ? human(span) : "-"; }

std::string headline(const Report& report) {
  std::string text = report.address + "  " + report.protocol + "  " + report.arrivals + "  " +
                     human_count(report.connections) +
                     (report.connections == 1 ? " connection" : " connections") + "  seed " +
                     std::to_string(report.seed) + "\n";
  if (!report.pool.empty())
    text += "pool " + report.pool + "  policy " + report.policy + "  " +
            std::to_string(report.servers.size()) + (report.servers.size() == 1 ? " server\n" : " servers\n");
  return text;
}

std::string request_line(const Tally& tally) {
  std::string line = human_count(tally.sent()) + " sent, " + human_count(tally.ok()) + " ok";
  if (const auto failed = failed_requests(tally); failed > 0) line += ", " + human_count(failed) + " failed";
  if (const auto wrong = tally.all_wrong(); wrong > 0) line += ", " + human_count(wrong) + " wrong";
  if (const auto left = tally.unanswered_requests(); left > 0)
    line += ", " + human_count(left) + " unanswered";
  return line;
}

std::string list_failures(const Tally& tally) {
  return joined(failures_of(tally), [](const auto& it) { return human_count(it.second) + " " + it.first; });
}

std::string list_faults(const Tally& tally) {
  std::string text;
  for (const auto& [fault, count] : faults_of(tally))
    text += (text.empty() ? "" : "; ") + human_count(count) + " " + std::string(name_of(fault)) + " (" +
            std::string(help_of(fault)) + ")";
  return text;
}

/// The figures of the whole run, one per line; lines about trouble only where there was some.
std::string summary(const Report& report) {
  const Tally& tally = report.tally;
  Table table(2);
  const auto line = [&table](const char* title, const std::string& value) {
    if (!value.empty()) table.add({title, value});
  };
  line("requests", request_line(tally));
  line("failed", list_failures(tally));
  line("wrong", list_faults(tally));
  if (tally.retries() + tally.disconnects() > 0)
    line("retries",
         human_count(tally.retries()) + ", after " + human_count(tally.disconnects()) + " lost connections");
  if (tally.refusals() > 0) line("told to wait", human_count(tally.refusals()) + " times, and came again");
  line("makespan", human(tally.makespan()));
  if (report.lower_bound) line("lower bound", human(*report.lower_bound) + ", which no schedule can beat");
  if (const auto ratio = ratio_of(report)) line("ratio", fixed(*ratio, 3));
  line("throughput", human_rate(throughput(report)) + " requests/s");
  line("most open", human_count(tally.most_open()) + (tally.most_open() == 1 ? " request" : " requests"));
  if (report.open_loop)
    line("sent late", "mean " + human(tally.lateness().mean()) + ", max " + human(tally.lateness().max()));
  return table.text();
}

std::string latency_table(const Report& report) {
  const Histogram& latency = report.tally.latency();
  if (latency.count() == 0) return {};
  Table table(1);
  std::vector<std::string> titles{"latency", "mean"}, values{"", human(latency.mean())};
  for (const Percentile& p : kPercentiles) {
    titles.emplace_back(p.title);
    values.push_back(human(latency.percentile(p.percent)));
  }
  titles.emplace_back("max");
  values.push_back(human(latency.max()));
  table.add(std::move(titles));
  table.add(std::move(values));
  return "\n" + table.text();
}

std::string type_table(const Report& report) {
  Table table(1);
  table.add({"type", "sent", "ok", "work", "mean service", "mean latency", "p99"});
  const auto& types = report.tally.types();
  for (std::size_t i = 0; i < types.size(); ++i) {
    const TypeTally& type = types[i];
    if (type.sent == 0) continue;
    table.add({report.cost.request_types()[i].name, human_count(type.sent), human_count(type.ok),
               human_count(type.work), time_or_dash(mean_of(type.service_us, type.ok)),
               time_or_dash(type.latency.mean()), time_or_dash(type.latency.percentile(99))});
  }
  return "\n" + table.text();
}

/// Only where classes were told apart.
std::string priority_table(const Report& report) {
  const auto& classes = report.tally.priorities();
  if (classes[0].sent == report.tally.sent()) return {};
  Table table(1);
  table.add({"priority", "sent", "ok", "work", "mean service", "mean latency", "p99"});
  for (std::size_t i = 0; i < classes.size(); ++i) {
    const TypeTally& one = classes[i];
    if (one.sent == 0) continue;
    table.add({std::to_string(i), human_count(one.sent), human_count(one.ok), human_count(one.work),
               time_or_dash(mean_of(one.service_us, one.ok)), time_or_dash(one.latency.mean()),
               time_or_dash(one.latency.percentile(99))});
  }
  return "\n" + table.text();
}

std::string server_table(const Report& report) {
  const auto rows = server_rows(report);
  if (rows.empty()) return {};
  Table table(2);
  table.add({"server", "type", "ok", "work", "busy", "mean service", "mean latency"});
  for (const ServerRow& row : rows) {
    const auto latency =
        row.tally.ok == 0 ? 0ns : row.tally.latency / static_cast<std::int64_t>(row.tally.ok);
    table.add({row.name, row.type, human_count(row.tally.ok), human_count(row.tally.work),
               per_cent(busy_part(report, row.tally, row.slots)),
               time_or_dash(mean_of(row.tally.service_us, row.tally.ok)), time_or_dash(latency)});
  }
  return "\n" + table.text();
}

// --- JSON ------------------------------------------------------------------------------------------------

double micros(Nanos span) { return static_cast<double>(span.count()) / 1e3; }
/// By division, which prints 0.7 for 700 ms; multiplying by 1e-9 would not.
double seconds(Nanos span) { return static_cast<double>(span.count()) / 1e9; }

Json latency_json(const Histogram& histogram) {
  Json json{{"mean", micros(histogram.mean())}};
  for (const Percentile& p : kPercentiles) json[p.key] = micros(histogram.percentile(p.percent));
  json["max"] = micros(histogram.max());
  return json;
}

Json types_json(const Report& report) {
  Json list = Json::array();
  const auto& types = report.tally.types();
  for (std::size_t i = 0; i < types.size(); ++i) {
    const TypeTally& type = types[i];
    if (type.sent == 0) continue;
    list.push_back({{"name", report.cost.request_types()[i].name},
                    {"requests", type.sent},
                    {"ok", type.ok},
                    {"work", type.work},
                    {"mean_service_us", micros(mean_of(type.service_us, type.ok))},
                    {"latency_us", latency_json(type.latency)}});
  }
  return list;
}

Json priorities_json(const Tally& tally) {
  Json list = Json::array();
  for (std::size_t i = 0; i < tally.priorities().size(); ++i) {
    const TypeTally& one = tally.priorities()[i];
    if (one.sent == 0) continue;
    list.push_back({{"priority", i},
                    {"requests", one.sent},
                    {"ok", one.ok},
                    {"work", one.work},
                    {"mean_service_us", micros(mean_of(one.service_us, one.ok))},
                    {"latency_us", latency_json(one.latency)}});
  }
  return list;
}

Json servers_json(const Report& report) {
  Json list = Json::array();
  for (const ServerRow& row : server_rows(report)) {
    const ServerTally& server = row.tally;
    const auto latency = server.ok == 0 ? 0ns : server.latency / static_cast<std::int64_t>(server.ok);
    list.push_back({{"name", row.name},
                    {"type", row.type},
                    {"ok", server.ok},
                    {"work", server.work},
                    {"busy", busy_part(report, server, row.slots)},
                    {"service_s", static_cast<double>(server.service_us) / 1e6},
                    {"mean_service_us", micros(mean_of(server.service_us, server.ok))},
                    {"mean_latency_us", micros(latency)}});
  }
  return list;
}

template <class Value>
Json or_null(const std::optional<Value>& value) {
  return value ? Json(*value) : Json(nullptr);
}

const char* name_of(Ending::Kind kind) {
  switch (kind) {
    case Ending::Kind::complete:
      return "complete";
    case Ending::Kind::interrupted:
      return "interrupted";
    case Ending::Kind::gave_up:
      break;
  }
  return "gave_up";
}

Json counts_json(const Tally& tally) {
  Json failed = Json::object(), wrong_by = Json::object();
  for (const auto& [name, count] : failures_of(tally)) failed[name] = count;
  for (const auto& [fault, count] : faults_of(tally)) wrong_by[std::string(name_of(fault))] = count;
  return {{"requests", tally.sent()},
          {"ok", tally.ok()},
          {"failed", failed},
          {"wrong", tally.all_wrong()},
          {"wrong_by", wrong_by},
          {"unanswered", tally.unanswered_requests()},
          {"retries", tally.retries()},
          {"refusals", tally.refusals()},
          {"lost_connections", tally.disconnects()},
          {"most_open", tally.most_open()}};
}

}  // namespace

bool all_good(const Report& report) {
  const Tally& tally = report.tally;
  return report.ending.kind == Ending::Kind::complete && tally.ok() == tally.sent() && tally.all_wrong() == 0;
}

std::optional<double> ratio_of(const Report& report) {
  const Tally& tally = report.tally;
  if (!report.lower_bound || *report.lower_bound <= 0ns || tally.ok() != tally.sent()) return std::nullopt;
  return to_seconds(tally.makespan()) / to_seconds(*report.lower_bound);
}

std::string to_text(const Report& report) {
  std::string text = headline(report) + "\n" + summary(report);
  if (report.tally.sent() > 0)
    text += latency_table(report) + type_table(report) + priority_table(report) + server_table(report);
  if (!report.notes.empty()) text += "\n";
  for (const std::string& note : report.notes) text += "note: " + note + "\n";
  return text;
}

std::string to_json(const Report& report) {
  const Tally& tally = report.tally;
  Json json = counts_json(tally);
  json["makespan_s"] = seconds(tally.makespan());
  json["lower_bound_s"] = report.lower_bound ? Json(seconds(*report.lower_bound)) : Json(nullptr);
  json["ratio"] = or_null(ratio_of(report));
  json["throughput_rps"] = throughput(report);
  json["latency_us"] = latency_json(tally.latency());
  json["late_us"] = latency_json(tally.lateness());
  json["by_type"] = types_json(report);
  json["by_priority"] = priorities_json(tally);
  json["by_server"] = servers_json(report);
  json["seed"] = report.seed;
  json["connect"] = report.address;
  json["protocol"] = report.protocol;
  json["arrivals"] = report.arrivals;
  json["connections"] = report.connections;
  json["pool"] = report.pool;
  json["policy"] = report.policy;
  json["ending"] = name_of(report.ending.kind);
  json["reason"] = report.ending.reason;
  json["client_cpu_s"] = seconds(report.cpu);
  json["notes"] = report.notes;
  return json.dump(2, ' ', false, Json::error_handler_t::replace) + "\n";
}

}  // namespace finishline::client
