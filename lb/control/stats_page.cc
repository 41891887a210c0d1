#include "lb/control/stats_page.h"

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>
#include <optional>

#include "lb/control/scale_page.h"

namespace finishline::control {
namespace {

using Json = nlohmann::ordered_json;
using ledger::ServerCell;
using ledger::WorkerCell;

double ms(Nanos span) { return static_cast<double>(span.count() / 1000) / 1000; }

Json nonzero(const ByStatus& counts) {
  Json object = Json::object();
  for (std::size_t i = 0; i < counts.size(); ++i)
    if (counts[i] != 0) object[std::string(name_of(static_cast<proto::Status>(i)))] = counts[i];
  return object;
}

Json connections(const Snapshot& all) {
  Json closed = Json::object();
  for (std::size_t i = 0; i < all.closed.size(); ++i)
    if (all.closed[i] != 0) closed[std::string(name_of(static_cast<ledger::CloseReason>(i)))] = all.closed[i];
  return {{"accepted", total(all, WorkerCell::connections_accepted)},
          {"open", total(all, WorkerCell::connections_open)},
          {"closed", std::move(closed)}};
}

Json requests(const Snapshot& all) {
  Json by_type = Json::object();
  std::int64_t received = 0, answered = 0;
  for (std::size_t type = 0; type < all.request_types.size(); ++type) {
    received += all.received[type];
    answered += sum(all.answered[type]);
    by_type[all.request_types[type]] = {{"received", all.received[type]},
                                        {"answered", nonzero(all.answered[type])},
                                        {"abandoned", all.abandoned[type]}};
  }
  return {{"received", received},
          {"answered", answered},
          {"open", total(all, WorkerCell::requests_open)},
          {"abandoned", total(all, WorkerCell::requests_abandoned)},
          {"by_type", std::move(by_type)},
          {"rejected", nonzero(all.rejected)}};
}

Json describe(const ProcessSnapshot& process) {
  return {{"process", process.name},
          {"pid", process.pid},
          {"cpu_s", ms(process.usage.cpu) / 1000},
          {"cpu_percent", std::round(process.cpu_ratio * 1000) / 10},
          {"resident_bytes", process.usage.resident_bytes}};
}

/// As the server says itself; null where it does not.
Json describe(const std::optional<proto::ServerVitals>& vitals) {
  if (!vitals) return nullptr;
  return {{"cpu_percent", vitals->cpu_percent}, {"resident_bytes", vitals->memory_bytes}};
}

Json ms_or_null(std::optional<Nanos> span) { return span ? Json(ms(*span)) : Json(nullptr); }

/// Nulls where nothing has been seen.
Json quantiles(const ledger::LatencyHistogram& of) {
  return {{"count", of.count()},
          {"p50_ms", ms_or_null(of.quantile(0.5))},
          {"p95_ms", ms_or_null(of.quantile(0.95))},
          {"p99_ms", ms_or_null(of.quantile(0.99))}};
}

Json describe(const WorkerSnapshot& worker, const Snapshot& all) {
  Json object = {{"worker", worker.id},
                 {"state", name_of(worker.status.state)},
                 {"pid", worker.status.pid},
                 {"starts", worker.status.starts},
                 {"deaths", worker.status.deaths},
                 {"silent_ms", is_alive(worker) ? ms(silence_of(worker, all)) : 0},
                 {"requests", worker.received}};
  for (std::size_t i = 0; i < ledger::kWorkerCells; ++i)
    object[std::string(info_of(static_cast<WorkerCell>(i)).cell)] = worker.counters[i];
  return object;
}

/// By type, of those that it can do; in ms per unit of length.
Json costs(const ServerSnapshot& server, const Snapshot& all) {
  Json by_type = Json::object();
  for (std::size_t type = 0; type < server.costs.size(); ++type) {
    const ledger::LearnedCost& cost = server.costs[type];
    if (cost.declared <= 0) continue;
    Json& it = by_type[all.request_types[type]] = {{"declared_ms", cost.declared / 1e6},
                                                   {"learned_ms", cost.learned / 1e6},
                                                   {"ratio", cost.ratio()},
                                                   {"sd", cost.sd},
                                                   {"samples", cost.samples},
                                                   {"doubted", cost.doubted}};
    if (cost.samples > 0) it["age_ms"] = ms(std::max<Nanos>(0ns, all.taken_at - cost.updated_at));
  }
  return by_type;
}

Json describe(const ServerSnapshot& server, const Snapshot& all) {
  Json object = {{"number", server.id},
                 {"name", server.name},
                 {"type", server.type},
                 {"address", server.address},
                 {"backup", server.backup},
                 {"state", state_word(server)},
                 {"reason", server.reason},
                 {"finish_ms", ms(server.finish)},
                 {"backlog_ms", ms(server.books.owed)},
                 {"in_flight", server.books.in_flight}};
  if (server.kind == ledger::ServerKind::streams) {
    object["streams_open"] = server.streams_open;
    object["load_percent"] = server.load_percent;
  }
  Json done = Json::object();
  for (std::size_t type = 0; type < all.request_types.size(); ++type)
    done[all.request_types[type]] = server.served[type];
  object["done"] = std::move(done);
  object["failed"] = nonzero(server.failed);
  object["learn"] = server.learn;
  if (server.learn != "off") object["costs"] = costs(server, all);
  object["response"] = quantiles(server.response);
  object["process"] = describe(server.vitals);
  object["ejections"] = server.ejections;
  object["check_failures"] = server.check_failures;
  for (std::size_t i = 0; i < ledger::kServerCells; ++i)
    object[std::string(info_of(static_cast<ServerCell>(i)).cell)] = server.counters[i];
  return object;
}

Json describe(const PoolSnapshot& pool, const Snapshot& all) {
  Json object = {{"name", pool.name},
                 {"policy", pool.policy},
                 {"chosen", pool.chosen},
                 {"file", pool.file},
                 {"policy_changes", pool.policy_changes}};
  if (pool.streams) {
    object["streams_open"] = pool.streams_open;
    object["load_percent"] = pool.load_percent;
    object["servers_in_service"] = pool.servers_in_service;
    object["duration"] = quantiles(pool.stream);
    object["connect"] = quantiles(pool.stream_connect);
    return object;
  }
  Json& by_type = object["latencies"] = Json::object();
  for (std::size_t type = 0; type < pool.latencies.size(); ++type) {
    const RequestLatencies& it = pool.latencies[type];
    by_type[all.request_types[type]] = {{"duration", quantiles(it.request)},
                                        {"waiting", quantiles(it.waiting)},
                                        {"first_answer", quantiles(it.first_answer)},
                                        {"service", quantiles(it.service)}};
  }
  return object;
}

Json describe(const ListenerSnapshot& listener) {
  const ledger::ListenerTotals it = listener.totals.value_or(ledger::ListenerTotals{});
  return {{"name", listener.name},
          {"state", state_word(listener)},
          {"accepted", it.accepted},
          {"refused", it.refused},
          {"open", it.open},
          {"requests", it.requests},
          {"bytes_in", it.stream_bytes_in},
          {"bytes_out", it.stream_bytes_out}};
}

Json admin_counts(const AdminSnapshot& it) {
  Json refused = Json::object();
  for (std::size_t i = 0; i < it.refused.size(); ++i)
    if (it.refused[i] != 0) refused[std::string(name_of(static_cast<http::Refused>(i)))] = it.refused[i];
  return {{"connections", it.connections}, {"streams", it.streams}, {"refused", std::move(refused)}};
}

}  // namespace

std::string stats_page(const Snapshot& snapshot) {
  Json processes = Json::array(), workers = Json::array(), servers = Json::array(), pools = Json::array(),
       listeners = Json::array();
  for (const ProcessSnapshot& process : snapshot.processes) processes.push_back(describe(process));
  for (const WorkerSnapshot& worker : snapshot.workers) workers.push_back(describe(worker, snapshot));
  for (const ServerSnapshot& server : snapshot.servers)
    if (!is_unused_place(server)) servers.push_back(describe(server, snapshot));
  for (const PoolSnapshot& pool : snapshot.pools) pools.push_back(describe(pool, snapshot));
  for (const ListenerSnapshot& listener : snapshot.listeners)
    if (listener.totals) listeners.push_back(describe(listener));
  const Json page = {{"version", snapshot.version},
                     {"uptime_s", ms(snapshot.uptime) / 1000},
                     {"configuration",
                      {{"revision", snapshot.configuration.revision},
                       {"reloads_refused", snapshot.configuration.reloads_refused}}},
                     {"stalled", snapshot.stalled},
                     {"log_lines_lost", snapshot.lines_lost},
                     {"admin", admin_counts(snapshot.admin)},
                     {"connections", connections(snapshot)},
                     {"requests", requests(snapshot)},
                     {"processes", std::move(processes)},
                     {"workers", std::move(workers)},
                     {"servers", std::move(servers)},
                     {"listeners", std::move(listeners)},
                     {"pools", std::move(pools)},
                     {"scale", scale_page(snapshot)}};
  // A name may hold any bytes; JSON must be UTF-8.
  return page.dump(2, ' ', false, Json::error_handler_t::replace) + "\n";
}

}  // namespace finishline::control
