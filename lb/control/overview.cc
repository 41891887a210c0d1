#include "lb/control/overview.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdio>
#include <limits>

#include "proto/quantity.h"

namespace finishline::control {
namespace {

using ledger::ServerCell;
using ledger::WorkerCell;

/// Per second; counters that have begun anew count from zero.
class Rates {
 public:
  explicit Rates(double seconds) : seconds_(seconds) {}
  double of(std::int64_t before, std::int64_t now) const {
    if (seconds_ <= 0) return 0;
    return static_cast<double>(now >= before ? now - before : now) / seconds_;
  }

 private:
  double seconds_;
};

double seconds_of(Nanos span) { return std::chrono::duration<double>(span).count(); }

/// Whoever asks withdraws a cancelled request: that is nobody's error.
std::int64_t errors_in(const ByStatus& counts) {
  return sum(counts) - counts[static_cast<std::size_t>(proto::Status::ok)] -
         counts[static_cast<std::size_t>(proto::Status::cancelled)];
}

std::int64_t errors_in(const Snapshot& all) {
  std::int64_t errors = sum(all.rejected);
  for (const ByStatus& counts : all.answered) errors += errors_in(counts);
  return errors;
}

/// Those that were turned away before they were looked at came, too: each is an error.
std::int64_t received_in(const Snapshot& all) {
  std::int64_t received = sum(all.rejected);
  for (const std::int64_t count : all.received) received += count;
  return received;
}

/// What came before; nothing of a server or worker that is new.
template <class Row>
const Row& earlier(const std::vector<Row>& before, const Row& now) {
  static const Row kNone;
  return now.id < before.size() && before[now.id].id == now.id ? before[now.id] : kNone;
}

std::int64_t served_by(const ServerSnapshot& server) {
  if (server.kind == ledger::ServerKind::streams) return server[ServerCell::connections];
  std::int64_t served = 0;
  for (const std::int64_t count : server.served) served += count;
  return served;
}

std::int64_t failed_by(const ServerSnapshot& server) {
  return server.kind == ledger::ServerKind::streams ? server[ServerCell::connect_failures]
                                                    : errors_in(server.failed);
}

/// A place for a scaled server that nobody is in, nor is to be.
bool is_vacant(const ServerSnapshot& server) {
  return server.scaled.reserved && server.scaled.life == ledger::ScaledLife::none &&
         server.scaled.wish == ledger::ScaledWish::none;
}

ServerView view_of(const ServerSnapshot& before, const ServerSnapshot& now, const ServerFacts& facts,
                   const Rates& rates) {
  ServerView view{.snapshot = &now,
                  .pool = facts.pool,
                  .weight = facts.weight,
                  .speed = facts.speed,
                  .slots = facts.slots};
  view.rate = rates.of(served_by(before), served_by(now));
  view.errors = rates.of(failed_by(before), failed_by(now));
  view.finish = seconds_of(now.finish);
  if (now.kind == ledger::ServerKind::requests)
    view.busy = std::min(
        1.0, rates.of(before[ServerCell::service_us], now[ServerCell::service_us]) / 1e6 / facts.slots);
  return view;
}

bool in_service(const ServerView& server) { return takes_work(server.snapshot->state); }

double use_of(const ServerView& server) {
  return server.busy ? *server.busy : server.snapshot->load_percent / 100;
}

std::optional<Imbalance> imbalance_of(const std::vector<double>& uses) {
  if (uses.empty()) return std::nullopt;
  const auto count = static_cast<double>(uses.size());
  const auto [least, most] = std::ranges::minmax(uses);
  Imbalance it{.least = least, .most = most};
  for (const double use : uses) it.mean += use / count;
  double variance = 0;
  for (const double use : uses) variance += (use - it.mean) * (use - it.mean) / count;
  it.deviation = it.mean > 0 ? std::sqrt(variance) / it.mean : 0;
  return it;
}

/// Seconds for one unit of length on the server of the pool that needs least; 0 when none can.
double best_unit(const PoolFacts& pool, const Inventory& inventory, std::size_t type) {
  double best = std::numeric_limits<double>::infinity();
  for (const ledger::ServerId id : pool.servers) {
    const ServerFacts& server = inventory.server(id);
    best = std::min(best, inventory.cost.nanos_per_unit(static_cast<ServerType>(server.type),
                                                        static_cast<RequestType>(type), server.speed));
  }
  return std::isfinite(best) ? best / 1e9 : 0;
}

void add_queues(const PoolFacts& facts, const ledger::DemandSum& demand, const Inventory& inventory,
                Overview& to) {
  for (std::size_t type = 0; type < inventory.request_types.size(); ++type) {
    QueueView queue{.pool = facts.name, .type = inventory.request_types[type]};
    for (std::size_t lane = type * facts.lanes_per_type; lane < (type + 1) * facts.lanes_per_type; ++lane) {
      if (lane >= demand.waiting.size()) break;
      queue.count += demand.counts[lane];
      queue.work += demand.waiting[lane] * best_unit(facts, inventory, type);
    }
    to.types[type].waiting += queue.count;
    to.queues.push_back(std::move(queue));
  }
}

/// Its lanes are one for each type here.
std::vector<double> work_of(const ledger::DemandSum& before, const ledger::DemandSum& now,
                            const PoolFacts& facts, const Rates& rates) {
  std::vector<double> work(now.arrived.size() / facts.lanes_per_type);
  for (std::size_t lane = 0; lane < now.arrived.size() && lane < before.arrived.size(); ++lane)
    if (const std::size_t type = lane / facts.lanes_per_type; type < work.size())
      work[type] += rates.of(static_cast<std::int64_t>(before.arrived[lane]),
                             static_cast<std::int64_t>(now.arrived[lane]));
  return work;
}

PoolOverview pool_view(const PoolSnapshot& snapshot, const PoolFacts& facts, const Overview& all) {
  PoolOverview pool{.snapshot = &snapshot, .late = facts.late};
  std::vector<double> uses;
  for (const ServerView& server : all.servers) {
    if (server.pool != facts.name) continue;
    pool.servers.push_back(server.snapshot->name);
    pool.rate += server.rate;
    pool.errors += server.errors;
    if (in_service(server)) uses.push_back(use_of(server));
  }
  pool.imbalance = imbalance_of(uses);
  for (const QueueView& queue : all.queues) {
    if (queue.pool != facts.name) continue;
    pool.waiting += queue.count;
    pool.waiting_work += queue.work;
  }
  return pool;
}

void add_types(const Snapshot& before, const Snapshot& now, const Rates& rates, Overview& to) {
  for (std::size_t type = 0; type < now.request_types.size(); ++type) {
    const std::int64_t earlier_count = type < before.received.size() ? before.received[type] : 0;
    TypeView view{.name = now.request_types[type], .rate = rates.of(earlier_count, now.received[type])};
    to.types.push_back(std::move(view));
  }
  double sum = 0;  // without those whose type nobody has looked at
  for (const TypeView& type : to.types) sum += type.rate;
  for (TypeView& type : to.types) type.share = sum > 0 ? type.rate / sum : 0;
}

ListenerView view_of(const ListenerFacts& facts, const Snapshot& before, const Snapshot& now,
                     const Rates& rates) {
  const auto found_in = [&facts](const Snapshot& of) {
    const auto it = std::ranges::find(of.listeners, facts.name, &ListenerSnapshot::name);
    return it == of.listeners.end() ? ListenerSnapshot{} : *it;
  };
  const ListenerSnapshot it = found_in(now);
  ListenerView view{.facts = &facts, .totals = it.totals, .state = state_word(it)};
  if (!view.totals) return view;
  const ledger::ListenerTotals earlier = found_in(before).totals.value_or(ledger::ListenerTotals{});
  view.rate = rates.of(earlier.accepted, view.totals->accepted);
  view.refused = rates.of(earlier.refused, view.totals->refused);
  view.requests = rates.of(earlier.requests, view.totals->requests);
  view.bytes_in = rates.of(earlier.stream_bytes_in, view.totals->stream_bytes_in);
  view.bytes_out = rates.of(earlier.stream_bytes_out, view.totals->stream_bytes_out);
  return view;
}

/// In the order in which listeners first have them.
void add_protocol(const ListenerView& listener, std::vector<ProtocolView>& to) {
  auto it = std::ranges::find(to, listener.facts->mode, &ProtocolView::name);
  if (it == to.end()) it = to.insert(to.end(), {.name = listener.facts->mode});
  it->open += listener.totals ? listener.totals->open : 0;
  it->connections += listener.rate;
  it->requests += listener.requests;
  it->bytes_in += listener.bytes_in;
  it->bytes_out += listener.bytes_out;
}

/// "; 1.03 x the possible best" of the pool that is furthest from it.
std::string beside_the_best(const Overview& all) {
  double worst = 0;
  for (const PoolOverview& pool : all.pools)
    if (const auto& known = pool.snapshot->performance) worst = std::max(worst, known->busy.value_or(0));
  if (worst <= 0) return "";
  std::array<char, 48> words{};
  std::snprintf(words.data(), words.size(), "; %.2f x the possible best", worst);
  return words.data();
}

/// Seconds until what waits there could be done as well: if each kind of work goes to the fastest server, and
/// all have something to do until the end. 0: nothing waits.
double done_at_best(const Overview& all, const PoolOverview& pool) {
  double work = pool.waiting_work, slots = 0;
  for (const ServerView& server : all.servers) {
    if (server.pool != pool.snapshot->name || !in_service(server)) continue;
    work += server.finish * server.slots;
    slots += server.slots;
  }
  return pool.waiting > 0 && slots > 0 ? work / slots : 0;
}

/// What is known to be left to do, or that all of it is done as it comes; "" where no requests come either.
std::string requests_words(const Overview& all) {
  double last = 0, at_best = 0;
  for (const PoolOverview& pool : all.pools) at_best = std::max(at_best, done_at_best(all, pool));
  for (const ServerView& server : all.servers) last = std::max(last, server.finish);
  const double good = all.request_rate - all.error_rate;
  if (last <= 0 && all.requests_open == 0)
    return good > 0 ? human_rate(good) + " requests/s, each done at once" + beside_the_best(all) : "";
  return "all work that is known is done in " +
         human(Nanos(static_cast<std::int64_t>(std::max({last, at_best, 1e-6}) * 1e9))) +
         (at_best > last ? " at best" : "") + beside_the_best(all);
}

/// "3 streams are open, 3.6 MiB/s"; "" where none is.
std::string streams_words(const Overview& all) {
  std::uint64_t open = 0;
  double bytes = 0;
  for (const PoolOverview& pool : all.pools) open += pool.snapshot->streams_open;
  for (const ProtocolView& protocol : all.protocols) bytes += protocol.bytes_in + protocol.bytes_out;
  if (open == 0 && bytes < 1) return "";
  return counted(open, "stream") + (open == 1 ? " is open" : " are open") +
         (bytes < 1 ? "" : ", " + human_bytes(bytes) + "/s");
}

/// Of those that servers who take no work are missed for; "" where nothing fails.
std::string refused_words(const Overview& all) {
  double refused = 0;
  for (const ListenerView& listener : all.listeners) refused += listener.refused;
  if (all.error_rate > 0) return "; " + human_rate(all.error_rate) + " requests/s fail";
  return refused > 0 ? "; " + human_rate(refused) + " connections/s are refused" : "";
}

/// Pools that have servers of which none takes work, and what comes of it; "" where there is none.
std::string stopped_words(const Overview& all) {
  std::size_t pools = 0;
  std::string stopped;
  for (const PoolOverview& pool : all.pools) {
    if (pool.servers.empty()) continue;
    ++pools;
    if (!pool.imbalance) stopped += (stopped.empty() ? "" : ", ") + pool.snapshot->name;
  }
  if (stopped.empty()) return "";
  return (pools == 1 ? "no server" : "no server of " + stopped) + " takes work" + refused_words(all);
}

/// How many take no work; "" where all do.
std::string servers_words(const Overview& all) {
  std::size_t down = 0, servers = 0;
  for (const ServerView& server : all.servers) {
    if (server.pool.empty()) continue;
    ++servers;
    down += in_service(server) ? 0 : 1;
  }
  if (down == 0 || down == servers) return "";
  return std::to_string(down) + " of " + std::to_string(servers) +
         (down == 1 ? " servers takes no work" : " servers take no work");
}

std::string sentence_of(const Overview& all) {
  std::string words;
  const auto add = [&words](const std::string& more) {
    if (!more.empty()) words += (words.empty() ? "" : "; ") + more;
  };
  add(stopped_words(all));
  add(requests_words(all));
  add(streams_words(all));
  if (words.empty()) words = "nothing to do" + beside_the_best(all);
  add(servers_words(all));
  return words;
}

}  // namespace

Overview overview_of(const Snapshot& before, const Snapshot& now, const Inventory& inventory,
                     const Demands& demands, const Demands& demands_before) {
  Overview all;
  all.interval = std::max(0.0, seconds_of(now.taken_at - before.taken_at));
  const Rates rates(all.interval);
  all.request_rate = rates.of(received_in(before), received_in(now));
  all.error_rate = rates.of(errors_in(before), errors_in(now));
  all.connection_rate =
      rates.of(total(before, WorkerCell::connections_accepted), total(now, WorkerCell::connections_accepted));
  all.connections_open = total(now, WorkerCell::connections_open);
  all.requests_open = total(now, WorkerCell::requests_open);
  all.requests_waiting = total(now, WorkerCell::requests_waiting);
  add_types(before, now, rates, all);
  for (const ListenerFacts& facts : inventory.listeners)
    all.listeners.push_back(view_of(facts, before, now, rates));
  for (const ListenerView& listener : all.listeners) add_protocol(listener, all.protocols);
  for (const ServerSnapshot& server : now.servers)
    if (const ServerFacts& facts = inventory.server(server.id); !facts.pool.empty() && !is_vacant(server))
      all.servers.push_back(view_of(earlier(before.servers, server), server, facts, rates));
  for (std::size_t i = 0; i < inventory.pools.size() && i < now.pools.size(); ++i) {
    if (i < demands.size()) add_queues(inventory.pools[i], demands[i], inventory, all);
    all.pools.push_back(pool_view(now.pools[i], inventory.pools[i], all));
    if (i < demands.size() && i < demands_before.size() && !inventory.pools[i].streams)
      all.pools.back().work = work_of(demands_before[i], demands[i], inventory.pools[i], rates);
  }
  for (const WorkerSnapshot& worker : now.workers)
    all.workers.push_back({&worker, rates.of(earlier(before.workers, worker).received, worker.received)});
  all.sentence = sentence_of(all);
  return all;
}

}  // namespace finishline::control
