#include "lb/control/live_page.h"

#include <nlohmann/json.hpp>

#include "lb/control/costs_page.h"
#include "lb/control/scale_page.h"
#include "lb/sched/policies.h"

namespace finishline::control {
namespace {

using Json = nlohmann::ordered_json;

Json or_null(const std::optional<double>& value) { return value ? Json(*value) : Json(); }

Json describe(const Quantiles& it) {
  return {{"p50", or_null(it.p50)}, {"p95", or_null(it.p95)}, {"p99", or_null(it.p99)}, {"count", it.count}};
}

Json describe(const TypeView& type) {
  return {{"name", type.name},
          {"rate", type.rate},
          {"waiting", type.waiting},
          {"latency", describe(type.latency)},
          {"share", type.share}};
}

Json policies_for(bool streams) {
  Json names = Json::array();
  for (const sched::PolicyRow& row : sched::policies())
    if (streams ? row.streams : row.frames) names.push_back(row.name);
  if (!streams) names.push_back(sched::adaptive().name);
  return names;
}

Json describe(const std::optional<Imbalance>& it) {
  if (!it) return {};
  return {{"min", it->least},
          {"max", it->most},
          {"mean", it->mean},
          {"spread", it->spread()},
          {"cv", it->deviation}};
}

Json describe(const sim::Shadow& it) {
  return {{"policy", it.policy},
          {"ratio", or_null(it.ratio)},
          {"regret", or_null(it.regret)},
          {"p50", it.p50},
          {"p95", it.p95},
          {"p99", it.p99},
          {"imbalance", it.imbalance}};
}

Json shadows(const PoolPerformance& it) {
  Json all = Json::array();
  for (const sim::Shadow& shadow : it.shadows) all.push_back(describe(shadow));
  return all;
}

/// Behind what else is told of a pool.
void add_performance(Json& to, const std::optional<PoolPerformance>& known) {
  const PoolPerformance it = known.value_or(PoolPerformance{});
  to["ratio"] = {{"window", or_null(it.window)},
                 {"busy", or_null(it.busy)},
                 {"window_s", known ? Json(it.span) : Json()},
                 {"age_s", known ? Json(it.age) : Json()}};
  to["idle_share"] = or_null(it.idle_share);
  to["shadows"] = shadows(it);
  to["shadows_of"] =
      it.shadows.empty() ? Json() : Json{{"requests", it.shadow_requests}, {"age_s", it.shadows_age}};
}

Json describe(const PoolOverview& pool, const Snapshot& snapshot, const Inventory& inventory) {
  const PoolSnapshot& it = *pool.snapshot;
  const PoolFacts* const facts = inventory.pool(it.name);
  Json all = {{"name", it.name},
              {"kind", it.streams ? "streams" : "requests"},
              {"policy", it.policy},
              {"chosen", it.chosen},
              {"file", it.file},
              {"binding", pool.late ? "late" : "early"},
              {"policies", policies_for(it.streams)},
              {"makespan_as", facts == nullptr || it.streams ? Json() : Json(facts->makespan_as)},
              {"rate", pool.rate},
              {"errors_rate", pool.errors},
              {"latency", describe(pool.latency)},
              {"waiting", {{"count", pool.waiting}, {"work_s", pool.waiting_work}}},
              {"imbalance", describe(pool.imbalance)},
              {"costs", facts == nullptr ? Json::array() : costs_page(*facts, snapshot, inventory)},
              {"servers", pool.servers}};
  add_performance(all, it.performance);
  all["scale"] = scale_of(snapshot, it.name);
  return all;
}

Json pieces_of(const ServerView& server, const Snapshot& snapshot) {
  Json pieces = Json::array();
  for (const WorkPiece& it : server.work)
    if (it.type < snapshot.request_types.size())
      pieces.push_back({{"type", snapshot.request_types[it.type]}, {"s", it.seconds}});
  return pieces;
}

Json describe(const ServerView& server, const Snapshot& snapshot) {
  const ServerSnapshot& it = *server.snapshot;
  const bool streams = it.kind == ledger::ServerKind::streams;
  return {{"name", it.name},
          {"pool", server.pool},
          {"type", it.type},
          {"address", it.address},
          {"state", state_word(it)},
          {"reason", it.reason},
          {"admin", it.state == ledger::ServerState::draining ? "drain" : "ready"},
          {"weight", server.weight},
          {"backup", it.backup},
          {"slots", server.slots},
          {"speed", server.speed},
          {"finish_s", server.finish},
          {"in_flight", it.books.in_flight},
          {"work", pieces_of(server, snapshot)},
          {"rate", server.rate},
          {"errors_rate", server.errors},
          {"busy", or_null(server.busy)},
          {"latency", describe(server.latency)},
          {"streams_open", streams ? Json(it.streams_open) : Json()},
          {"load_percent", streams ? Json(it.load_percent) : Json()},
          {"cpu", it.vitals ? Json(it.vitals->cpu_percent / 100) : Json()},
          {"memory_bytes", it.vitals ? Json(it.vitals->memory_bytes) : Json()},
          {"ejections", it.ejections},
          {"check_failures", it.check_failures}};
}

/// A worker, or the master or control, of which less is known.
Json describe(const ProcessSnapshot& process, const Overview& overview, const Snapshot& snapshot) {
  Json json = {{"name", process.name},     {"pid", process.pid},
               {"state", "running"},       {"silent_s", nullptr},
               {"open", nullptr},          {"rate", nullptr},
               {"cpu", process.cpu_ratio}, {"memory_bytes", process.usage.resident_bytes}};
  for (const WorkerView& worker : overview.workers) {
    const WorkerSnapshot& it = *worker.snapshot;
    if (process.name != "worker-" + std::to_string(it.id)) continue;
    json["state"] = name_of(it.status.state);
    json["silent_s"] = is_alive(it) ? std::chrono::duration<double>(silence_of(it, snapshot)).count() : 0;
    json["open"] = it[ledger::WorkerCell::connections_open];
    json["rate"] = worker.rate;
  }
  return json;
}

Json describe(const ListenerView& listener) {
  const ListenerFacts& it = *listener.facts;
  const auto known = [&listener](const auto& value) { return listener.totals ? Json(value) : Json(); };
  const ledger::ListenerTotals totals = listener.totals.value_or(ledger::ListenerTotals{});
  return {{"name", it.name},
          {"mode", it.mode},
          {"pool", it.pool},
          {"pools", it.pools},
          {"bind", it.bind},
          {"state", listener.state},
          {"open", known(totals.open)},
          {"rate", known(listener.rate)},
          {"refused_rate", known(listener.refused)},
          {"requests_rate", known(listener.requests)},
          {"bytes_in_rate", known(listener.bytes_in)},
          {"bytes_out_rate", known(listener.bytes_out)},
          {"accepted", known(totals.accepted)},
          {"refused", known(totals.refused)},
          {"requests", known(totals.requests)},
          {"bytes_in", known(totals.stream_bytes_in)},
          {"bytes_out", known(totals.stream_bytes_out)}};
}

Json describe(const ProtocolView& it) {
  return {{"name", it.name},
          {"open", it.open},
          {"rate", it.connections},
          {"requests_rate", it.requests},
          {"bytes_in_rate", it.bytes_in},
          {"bytes_out_rate", it.bytes_out}};
}

/// The reasons for which somebody was refused.
Json describe(const AdminSnapshot& it) {
  Json refused = Json::array();
  for (std::size_t i = 0; i < it.refused.size(); ++i)
    if (it.refused[i] != 0)
      refused.push_back({{"reason", name_of(static_cast<http::Refused>(i))}, {"count", it.refused[i]}});
  return {{"connections", it.connections}, {"streams", it.streams}, {"refused", std::move(refused)}};
}

Json describe(const QueueView& it) {
  return {{"pool", it.pool}, {"type", it.type}, {"count", it.count}, {"work_s", it.work}};
}

template <class Views, class... More>
Json list(const Views& views, const More&... more) {
  Json all = Json::array();
  for (const auto& view : views) all.push_back(describe(view, more...));
  return all;
}

}  // namespace

Json describe(const Talker& it) {
  const auto or_nothing = [](const std::string& text) { return text.empty() ? Json() : Json(text); };
  return {{"network", or_nothing(it.network)},
          {"country", or_nothing(it.country)},
          {"connections", it.connections},
          {"rate", it.rate}};
}

Json live_page(const Overview& overview, const Snapshot& snapshot, const Inventory& inventory,
               const history::Timeline& timeline) {
  return {{"tick", overview.tick},
          {"time", overview.time},
          {"uptime_s", std::chrono::duration<double>(snapshot.uptime).count()},
          {"version", snapshot.version},
          {"revision", snapshot.configuration.revision},
          {"history",
           {{"memory_s", 900},
            {"disk", timeline.on_disk()},
            {"note", timeline.note().empty() ? Json() : Json(timeline.note())}}},
          {"admin", describe(snapshot.admin)},
          {"sentence", overview.sentence},
          {"requests",
           {{"rate", overview.request_rate},
            {"errors_rate", overview.error_rate},
            {"open", overview.requests_open},
            {"waiting", overview.requests_waiting}}},
          {"connections", {{"open", overview.connections_open}, {"rate", overview.connection_rate}}},
          {"latency", {{"total", describe(overview.latency)}, {"waiting", describe(overview.waiting)}}},
          {"types", list(overview.types)},
          {"listeners", list(overview.listeners)},
          {"protocols", list(overview.protocols)},
          {"pools", list(overview.pools, snapshot, inventory)},
          {"servers", list(overview.servers, snapshot)},
          {"waiting", list(overview.queues)},
          {"sources", list(overview.sources)},
          {"countries", list(overview.countries)},
          {"countries_note", overview.countries_note},
          {"workers", list(snapshot.processes, overview, snapshot)}};
}

std::string to_text(const Json& json) { return json.dump(-1, ' ', false, Json::error_handler_t::replace); }

}  // namespace finishline::control
