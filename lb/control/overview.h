// The state of the proxy at one second, as people look at it: rates, shares and what each server is busy
// with, made of two snapshots. Pure. Durations in seconds, rates per second. Control process.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "lb/control/inventory.h"
#include "lb/control/snapshot.h"
#include "lb/control/talker.h"
#include "lb/control/work_ahead.h"
#include "lb/ledger/demand.h"

namespace finishline::control {

/// Of the latest seconds; without samples nothing is known.
struct Quantiles {
  std::optional<double> p50{}, p95{}, p99{};
  std::int64_t count = 0;
};

struct TypeView {
  std::string name;
  double rate = 0;   // requests received
  double share = 0;  // of all whose type is known, 0 to 1
  std::uint64_t waiting = 0;
  Quantiles latency{};
};

/// What waits in the proxy of one pool and type, to be bound late.
struct QueueView {
  std::string pool, type;
  std::uint64_t count = 0;
  double work = 0;  // on the server type that does it fastest
};

struct ServerView {
  const ServerSnapshot* snapshot = nullptr;
  std::string pool;
  double weight = 1, speed = 1;
  std::uint32_t slots = 1;
  double rate = 0;    // good replies, or streams opened
  double errors = 0;  // rate of requests without a good reply, or of streams that could not be opened
  double finish = 0;  // from now
  std::optional<double> busy{};  // share of its slots that worked, 0 to 1; of requests
  Quantiles latency{};
  std::vector<WorkPiece> work{};  // what it has to do, first to last; none: the sum alone is known
};

/// How evenly the servers of a pool that are in service are used.
struct Imbalance {
  double least = 0, most = 0, mean = 0;
  double spread() const { return most - least; }
  double deviation = 0;  // standard deviation over the mean
};

struct PoolOverview {
  const PoolSnapshot* snapshot = nullptr;
  bool late = false;
  double rate = 0, errors = 0;
  std::uint64_t waiting = 0;
  double waiting_work = 0;
  std::vector<double> work{};  // that comes, by request type: units of length per second
  std::optional<Imbalance> imbalance{};
  Quantiles latency{};
  std::vector<std::string> servers{};
};

/// What came to a listener.
struct ListenerView {
  const ListenerFacts* facts = nullptr;
  std::optional<ledger::ListenerTotals> totals{};  // none: it is not counted
  std::string_view state = "up";                   // in a word
  double rate = 0;                                 // connections accepted
  double refused = 0;                              // of those, the ones that were refused
  double requests = 0;                             // whole ones that came
  double bytes_in = 0, bytes_out = 0;              // of streams, from clients and to them
};

/// What comes in one protocol of listeners; it is one that the configuration has.
struct ProtocolView {
  std::string name;  // as listeners are told: "frame", "mini", "http", "stream"
  std::int64_t open = 0;
  double connections = 0;  // accepted
  double requests = 0;
  double bytes_in = 0, bytes_out = 0;  // of streams
};

struct WorkerView {
  const WorkerSnapshot* snapshot = nullptr;
  double rate = 0;
};

struct Overview {
  std::uint64_t tick = 0;
  double time = 0;          // Unix seconds
  double interval = 0;      // seconds that the rates are of
  double request_rate = 0;  // all that came, also what was turned away at once
  double error_rate = 0, connection_rate = 0;
  std::int64_t requests_open = 0, requests_waiting = 0, connections_open = 0;
  Quantiles latency{}, waiting{};
  std::vector<TypeView> types;
  std::vector<ListenerView> listeners;
  std::vector<ProtocolView> protocols{};
  std::vector<PoolOverview> pools;
  std::vector<ServerView> servers;
  std::vector<QueueView> queues;
  std::vector<WorkerView> workers;
  std::vector<Talker> sources{};    // who sends most
  std::vector<Talker> countries{};  // the same by country
  std::string countries_note{};     // which database says so, or why none does
  std::string sentence;
};

/// What waits of each pool of the inventory, in its order.
using Demands = std::vector<ledger::DemandSum>;

/// Views refer to `now` and `inventory`, which outlive them. Rates are of the time between both; none when
/// `before` is not before. `earlier`: what had come by then; none: nothing is said of the work that comes.
Overview overview_of(const Snapshot& before, const Snapshot& now, const Inventory& inventory,
                     const Demands& demands, const Demands& earlier = {});

}  // namespace finishline::control
