#include "lb/control/snapshot.h"

#include <algorithm>
#include <numeric>

#include "lb/ledger/metrics.h"
#include "lb/sched/policies.h"
#include "proto/version.h"

namespace finishline::control {
namespace {

using ledger::MetricsReader;
using ledger::ServerCell;
using ledger::WorkerCell;

template <class CountOf>
ByStatus by_status(CountOf count_of) {
  ByStatus counts{};
  for (std::size_t i = 0; i < counts.size(); ++i) counts[i] = count_of(static_cast<proto::Status>(i));
  return counts;
}

/// Class 0 is what is of no other.
std::array<std::int64_t, proto::kPriorities> by_priority(const MetricsReader& reader,
                                                         const std::vector<std::int64_t>& received) {
  std::array<std::int64_t, proto::kPriorities> counts{};
  counts[0] = std::accumulate(received.begin(), received.end(), std::int64_t{0});
  for (std::uint8_t priority = 1; priority < counts.size(); ++priority)
    counts[0] -= counts[priority] = reader.received_urgent(priority);
  return counts;
}

template <class CountOf>
std::vector<std::int64_t> by_type(std::size_t types, CountOf count_of) {
  std::vector<std::int64_t> counts(types);
  for (std::size_t i = 0; i < types; ++i) counts[i] = count_of(static_cast<RequestType>(i));
  return counts;
}

WorkerSnapshot snapshot_of(const ledger::Ledger& ledger, ledger::WorkerId id, std::size_t types) {
  const MetricsReader reader(ledger);
  WorkerSnapshot worker{.id = id, .status = worker_status(ledger, id), .counters = {}, .received = 0};
  for (std::size_t i = 0; i < ledger::kWorkerCells; ++i)
    worker.counters[i] = reader.of(id, static_cast<WorkerCell>(i));
  for (std::size_t type = 0; type < types; ++type)
    worker.received += reader.received(id, static_cast<RequestType>(type));
  return worker;
}

ServerSnapshot snapshot_of(const ledger::Ledger& ledger, ledger::ServerId id, const Names& names,
                           Instant now) {
  const MetricsReader reader(ledger);
  ServerSnapshot server;
  server.id = id;
  server.name = ledger.server_name(id);
  if (id < names.server_types.size()) server.type = names.server_types[id];
  if (id < names.addresses.size()) server.address = names.addresses[id];
  server.scaled = ledger::scaled_server(ledger, id);
  if (server.scaled.reserved)
    server.address = server.scaled.port == 0 ? "" : "127.0.0.1:" + std::to_string(server.scaled.port);
  server.backup = id < names.backups.size() && names.backups[id];
  server.state = ledger.state(id);
  server.ejections = ledger.ejections(id);
  server.check_failures = ledger.check_failures(id);
  server.kind = ledger.kind(id);
  if (server.kind == ledger::ServerKind::streams) {
    const ledger::ServerBooks books = ledger.books(id);
    server.streams_open = books.in_flight;
    server.load_percent = ledger::percent(books.owed);
  } else {
    server.finish = Nanos(ledger.finish_at(id, ledger.finish_word(id), now)) - now.time_since_epoch();
    server.books = ledger.books(id);
  }
  for (std::size_t i = 0; i < ledger::kServerCells; ++i)
    server.counters[i] = reader.total(id, static_cast<ServerCell>(i));
  server.served =
      by_type(names.request_types.size(), [&](RequestType type) { return reader.served(id, type); });
  server.failed = by_status([&](proto::Status status) { return reader.failed(id, status); });
  if (id < names.learn.size() && !names.learn[id].empty()) server.learn = names.learn[id];
  for (std::size_t type = 0; server.learn != "off" && type < names.request_types.size(); ++type)
    server.costs.push_back(ledger::learned_cost(ledger, id, static_cast<RequestType>(type)));
  return server;
}

PoolSnapshot snapshot_of(const ledger::Ledger& ledger, ledger::PoolId id) {
  const ledger::PoolPolicy policy = pool_policy(ledger, id);
  const auto name = [](std::uint8_t number) { return std::string(sched::name_of_choice(number)); };
  return {.name = std::string(pool_name(ledger, id)),
          .policy = name(policy.running),
          .chosen = name(policy.chosen),
          .file = name(policy.configured),
          .policy_changes = policy.changes,
          .promises = ledger::promise_errors(ledger, id)};
}

SeatSnapshot seat_of(const ledger::Ledger& ledger, ledger::PoolId pool, const std::string& self,
                     Instant now) {
  using Who = ledger::SeatHolder::Who;
  const ledger::SeatStatus seat = seat_status(ledger, pool, now);
  const bool own = seat.holder.who == Who::self;
  std::string holder = own ? self : "";
  if (seat.holder.who == Who::node) holder = node_name(ledger, seat.holder.node);
  return {.pool = std::string(pool_name(ledger, pool)),
          .holder = std::move(holder),
          .own = own,
          .since = seat.holder.who == Who::nobody ? seat.until : seat.since,
          .moves = seat.moves};
}

void add_other_proxies(Snapshot& all, const ledger::Ledger& ledger, const Names& names) {
  all.engine = ledger::engine_status(ledger);
  all.nodes = ledger::node_statuses(ledger);
  all.seat_calls = ledger::seat_calls_status(ledger);
  for (const ledger::PoolId pool : names.seats)
    all.seats.push_back(seat_of(ledger, pool, names.self, all.taken_at));
}

std::vector<ListenerSnapshot> listeners_of(const ledger::Ledger& ledger, const Names& names) {
  std::vector<ListenerSnapshot> all;
  for (const auto& [name, row] : names.listeners)
    all.push_back({name, row ? std::optional(ledger::listener_totals(ledger, *row)) : std::nullopt,
                   row && ledger::is_lost(ledger, *row)});
  return all;
}

void add_load(PoolSnapshot& pool, const std::vector<Names::StreamMember>& members,
              const std::vector<ServerSnapshot>& servers) {
  pool.streams = !members.empty();
  double load = 0, capacity = 0;
  for (const auto& [id, own_capacity] : members) {
    const ServerSnapshot& server = servers[id];
    pool.streams_open += server.streams_open;
    load += server.load_percent * own_capacity;
    if (!takes_work(server.state)) continue;
    capacity += own_capacity;
    ++pool.servers_in_service;
  }
  if (capacity > 0) pool.load_percent = load / capacity;
}

void add_latencies(PoolSnapshot& pool, const ledger::LatencyReader& from, ledger::PoolId id,
                   std::size_t types) {
  using ledger::Latency;
  if (pool.streams) {
    pool.stream = from.of({Latency::stream, id});
    pool.stream_connect = from.of({Latency::stream_connect, id});
    return;
  }
  for (std::size_t i = 0; i < types; ++i) {
    const auto of = [&](Latency what) { return from.of({what, id, static_cast<RequestType>(i)}); };
    pool.latencies.push_back(
        {of(Latency::request), of(Latency::waiting), of(Latency::first_answer), of(Latency::service)});
  }
}

}  // namespace

bool Names::carries_streams(ledger::PoolId pool) const {
  return std::ranges::find(stream_pools, pool) != stream_pools.end();
}

Snapshot take_snapshot(const ledger::Ledger& ledger, const Names& names, Instant now) {
  const MetricsReader reader(ledger);
  const ledger::LatencyReader latencies(ledger);
  const std::size_t types = names.request_types.size();
  Snapshot all;
  all.version = version();
  all.uptime = now - ledger.created_at();
  all.taken_at = now;
  all.stalled = ledger::stalled(ledger);
  all.quarantined = ledger::quarantined(ledger);
  all.lines_lost = ledger::lost_lines(ledger);
  all.latency_series_dropped = ledger::latency_series_dropped(ledger);
  all.configuration = ledger::revision_status(ledger);
  add_other_proxies(all, ledger, names);
  all.request_types = names.request_types;
  for (ledger::WorkerId id = 0; id < reader.workers(); ++id)
    all.workers.push_back(snapshot_of(ledger, id, types));
  for (ledger::ServerId id = 0; id < ledger.server_count(); ++id)
    all.servers.push_back(snapshot_of(ledger, id, names, now));
  for (ServerSnapshot& server : all.servers)
    server.response = latencies.of({ledger::Latency::response, server.id});
  for (std::size_t i = 0; i < names.pools.size(); ++i) {
    all.pools.push_back(snapshot_of(ledger, names.pools[i]));
    if (i < names.stream_members.size()) add_load(all.pools[i], names.stream_members[i], all.servers);
    add_latencies(all.pools[i], latencies, names.pools[i], types);
  }
  all.listeners = listeners_of(ledger, names);
  all.admin_lost = ledger::is_admin_lost(ledger);
  all.received = by_type(types, [&](RequestType type) { return reader.received(type); });
  all.received_by_priority = by_priority(reader, all.received);
  for (std::size_t type = 0; type < types; ++type)
    all.answered.push_back(by_status(
        [&](proto::Status status) { return reader.answered(static_cast<RequestType>(type), status); }));
  all.abandoned = by_type(types, [&](RequestType type) { return reader.abandoned(type); });
  all.rejected = by_status([&](proto::Status status) { return reader.rejected(status); });
  for (std::size_t i = 0; i < ledger::kCloseReasons; ++i)
    all.closed[i] = reader.closed(static_cast<ledger::CloseReason>(i));
  return all;
}

std::vector<CertificateSnapshot> certificates_of(const tls::CertificateBoard* board, tls::CalendarTime now) {
  std::vector<CertificateSnapshot> all;
  if (board == nullptr) return all;
  for (const auto& [listener, name, until] : board->read()) all.push_back({listener, name, until - now});
  return all;
}

std::string_view state_word(ledger::ServerState state, bool untried) {
  return untried ? "untried" : name_of(state);
}

std::string_view state_word(const ServerSnapshot& server) { return state_word(server.state, server.untried); }

std::string_view state_word(const ListenerSnapshot& listener) { return listener.lost ? "lost" : "up"; }

std::int64_t sum(const ByStatus& counts) {
  return std::accumulate(counts.begin(), counts.end(), std::int64_t{0});
}

bool is_alive(const WorkerSnapshot& worker) {
  return worker.status.state != ledger::WorkerState::none && worker.status.state != ledger::WorkerState::dead;
}

Nanos silence_of(const WorkerSnapshot& worker, const Snapshot& in) {
  return std::max<Nanos>(0ns, in.taken_at - worker.status.heartbeat_at);
}

std::size_t workers_in(const Snapshot& snapshot, ledger::WorkerState state) {
  return static_cast<std::size_t>(
      std::count_if(snapshot.workers.begin(), snapshot.workers.end(),
                    [&](const WorkerSnapshot& w) { return w.status.state == state; }));
}

std::int64_t total(const Snapshot& snapshot, ledger::WorkerCell cell) {
  std::int64_t sum = 0;
  for (const WorkerSnapshot& worker : snapshot.workers) sum += worker[cell];
  return sum;
}

}  // namespace finishline::control
