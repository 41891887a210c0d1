#include <nlohmann/json.hpp>

#include "client/report.h"
#include "client/report_facts.h"

namespace finishline::client {
namespace {

using Json = nlohmann::ordered_json;

double micros(Nanos span) { return static_cast<double>(span.count()) / 1e3; }
/// By division, which prints 0.7 for 700 ms; multiplying by 1e-9 would not.
double seconds(Nanos span) { return static_cast<double>(span.count()) / 1e9; }

Json latency_json(const Histogram& histogram) {
  Json json{{"mean", micros(histogram.mean())}};
  for (const Percentile& p : kPercentiles) json[p.key] = micros(histogram.percentile(p.percent));
  json["max"] = micros(histogram.max());
  return json;
}

/// The whole distribution: counts[i] latencies are at most at_most_us[i] and above the one before.
Json histogram_json(const Histogram& histogram) {
  Json at_most = Json::array(), counts = Json::array();
  for (const Histogram::Bucket& bucket : histogram.buckets()) {
    at_most.push_back(micros(bucket.at_most));
    counts.push_back(bucket.count);
  }
  return {{"at_most_us", at_most}, {"counts", counts}};
}

Json slices_json(const TimeSlices& slices) {
  Json ok = Json::array(), latency = Json::array();
  for (const TimeSlices::Slice& slice : slices.ended()) {
    ok.push_back(slice.ok);
    latency.push_back(micros(slice.latency));
  }
  return {{"length_s", seconds(slices.length())}, {"ok", ok}, {"latency_us", latency}};
}

Json steps_json(const Report& report) {
  Json list = Json::array();
  for (const StepRow& row : step_rows(report))
    list.push_back({{"from_s", seconds(row.begin)},
                    {"to_s", seconds(row.end)},
                    {"rate_from", row.from},
                    {"rate_to", row.to},
                    {"requests", row.tally->sent},
                    {"ok", row.tally->ok},
                    {"throughput_rps", row.answered},
                    {"latency_us", latency_json(row.tally->latency)}});
  return list;
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
                    {"busy", busy_part(report, row)},
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
  for (const auto& [status, count] : failures_of(tally)) failed[std::string(proto::name_of(status))] = count;
  if (tally.lost_requests() > 0) failed["connection_lost"] = tally.lost_requests();
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

/// Indented, but each of the lists that are long on a line of its own.
std::string print(const Json& report) {
  std::string text;
  for (const auto& [key, value] : report.items()) {
    const bool is_long = key == "latency_histogram" || key == "slices";
    std::string printed = value.dump(is_long ? -1 : 2, ' ', false, Json::error_handler_t::replace);
    for (std::size_t at = 0; (at = printed.find('\n', at)) != std::string::npos; at += 3)
      printed.insert(at + 1, "  ");
    text += (text.empty() ? "{\n  \"" : ",\n  \"") + key + "\": " + printed;
  }
  return text + "\n}\n";
}

}  // namespace

std::string to_json(const Report& report) {
  const Tally& tally = report.tally;
  Json json = counts_json(tally);
  const auto bound = bound_of(report);
  json["makespan_s"] = tally.ok() > 0 ? Json(seconds(tally.makespan())) : Json(nullptr);
  json["lower_bound_s"] = bound ? Json(seconds(*bound)) : Json(nullptr);
  json["ratio"] = or_null(ratio_of(report));
  json["faster_than_declared"] = faster_than_declared(report);
  json["throughput_rps"] = throughput(report);
  json["latency_us"] = latency_json(tally.latency());
  json["late_us"] = latency_json(tally.lateness());
  json["latency_histogram"] = histogram_json(tally.latency());
  json["slices"] = slices_json(tally.slices());
  json["steps"] = steps_json(report);
  json["by_type"] = types_json(report);
  json["by_priority"] = priorities_json(tally);
  json["by_server"] = servers_json(report);
  if (report.warm_up != nullptr && report.warm_up->sent() > 0) json["warm_up"] = counts_json(*report.warm_up);
  json["seed"] = report.seed;
  json["connect"] = report.address;
  json["protocol"] = report.protocol;
  json["arrivals"] = report.arrivals;
  json["connections"] = report.connections;
  json["pool"] = report.pool;
  json["policy"] = report.policy;
  json["ending"] = name_of(report.ending.kind);
  json["reason"] = report.ending.reason;
  json["client_cpu_s"] = seconds(report.own.cpu);
  json["threads"] = report.threads;
  json["client_busy"] = busy_part(report);
  json["notes"] = report.notes;
  return print(json);
}

}  // namespace finishline::client
