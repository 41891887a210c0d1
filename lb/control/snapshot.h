// Everything that the pages show, copied out of the ledger and given its names: plain values.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "lb/control/pool_performance.h"
#include "lb/http/refusals.h"
#include "lb/ledger/latencies.h"
#include "lb/ledger/learned_costs.h"
#include "lb/ledger/ledger.h"
#include "lb/ledger/listener_row.h"
#include "lb/ledger/metric_names.h"
#include "lb/ledger/nodes.h"
#include "lb/ledger/pool_row.h"
#include "lb/ledger/promises.h"
#include "lb/ledger/revision.h"
#include "lb/ledger/scaled_server.h"
#include "lb/ledger/seats.h"
#include "lb/ledger/worker_status.h"
#include "lb/tls/certificate_board.h"
#include "proto/frame.h"
#include "proto/process_usage.h"
#include "proto/server_vitals.h"
#include "proto/units.h"

namespace finishline::control {

/// Counts of one thing by proto::Status.
using ByStatus = std::array<std::int64_t, proto::kStatusCount>;

/// What the ledger does not know: it stores numbers by id.
struct Names {
  std::vector<std::string> request_types;  // by RequestType
  std::vector<std::string> server_types;   // by ledger::ServerId; "" for one that no configuration names
  std::vector<ledger::PoolId> pools{};     // those of the configuration, in its order
  std::vector<std::string> addresses{};    // of servers, by ledger::ServerId, as server_types
  std::vector<bool> backups{};             // whether the server is one, likewise
  std::vector<std::string_view> learn{};   // "off", "watch", "on": of the server's pool, likewise
  struct StreamMember {
    ledger::ServerId id = 0;
    double capacity = 100;
  };
  struct NamedListener {
    std::string name;
    std::optional<ledger::ListenerId> row{};  // none: it is not counted
  };
  std::vector<NamedListener> listeners{};                   // of the configuration, in its order
  std::vector<std::vector<StreamMember>> stream_members{};  // by position in pools; none in one of requests
  std::vector<ledger::PoolId> stream_pools{};               // of those in pools, the ones that carry streams
  std::string self{};                                       // of this proxy, among several
  std::vector<ledger::PoolId> seats{};                      // pools in which one of several proxies decides

  bool carries_streams(ledger::PoolId pool) const;
};

struct WorkerSnapshot {
  ledger::WorkerId id = 0;
  ledger::WorkerStatus status;
  std::array<std::int64_t, ledger::kWorkerCells> counters{};
  std::int64_t received = 0;  // requests

  std::int64_t operator[](ledger::WorkerCell cell) const { return counters[static_cast<std::size_t>(cell)]; }
};

struct ServerSnapshot {
  ledger::ServerId id = 0;
  std::string name;
  std::string type;
  std::string address;
  bool backup = false;
  std::string reason;  // of a state other than up, if control knows it
  ledger::ScaledServer scaled{};
  ledger::ServerState state = ledger::ServerState::absent;
  bool untried = false;  // it takes work, and nobody has reached it yet: see HealthChecker
  std::int64_t ejections = 0;
  std::int64_t check_failures = 0;
  Nanos finish{};             // from now; 0: idle
  ledger::ServerBooks books;  // of requests
  ledger::ServerKind kind = ledger::ServerKind::requests;
  std::uint32_t streams_open = 0;
  double load_percent = 0;  // of streams: of its capacity
  std::array<std::int64_t, ledger::kServerCells> counters{};
  std::vector<std::int64_t> served;  // by RequestType
  ByStatus failed{};
  std::string_view learn = "off";
  std::vector<ledger::LearnedCost> costs;     // by RequestType; empty unless its pool learns
  std::optional<proto::ServerVitals> vitals;  // as it says itself, if it does
  ledger::LatencyHistogram response;          // sent to reply, of replies that speak for it

  std::int64_t operator[](ledger::ServerCell cell) const { return counters[static_cast<std::size_t>(cell)]; }
};

/// The state of a server in one word, wherever it is told: "untried" where that is what it is (see
/// HealthChecker), or that of the ledger.
std::string_view state_word(ledger::ServerState state, bool untried);
std::string_view state_word(const ServerSnapshot& server);

/// How long requests of one type took: see ledger::Latency.
struct RequestLatencies {
  ledger::LatencyHistogram request, waiting, first_answer, service;
};

/// One that the configuration has; policies by name.
struct PoolSnapshot {
  std::string name;
  std::string policy;  // what workers follow
  std::string chosen;  // what file or operator asked for
  std::string file;    // what the file says
  std::uint32_t policy_changes = 0;
  std::vector<RequestLatencies> latencies{};     // by RequestType; none of streams
  std::optional<PoolPerformance> performance{};  // of requests, while somebody looks

  // of streams
  bool streams = false;
  std::uint32_t streams_open = 0;
  std::size_t servers_in_service = 0;
  /// The load of all servers together, of the capacity of those in service: what an autoscaler reads.
  double load_percent = 0;
  ledger::LatencyHistogram stream{}, stream_connect{};
  ledger::PromiseErrors promises{};
};

/// Of a pool in which one of several proxies decides for all.
struct SeatSnapshot {
  std::string pool;
  std::string holder;  // "": nobody now
  bool own = false;    // it is this proxy
  Instant since{};     // of the holder, or of nobody; the epoch: never another
  std::int64_t moves = 0;
};

/// One that the configuration has.
struct ListenerSnapshot {
  std::string name;
  std::optional<ledger::ListenerTotals> totals{};  // none: it is not counted
  bool lost = false;                               // nobody can connect: see ledger::LostSockets
};
/// "up" or "lost".
std::string_view state_word(const ListenerSnapshot& listener);

/// One of the proxy's own.
struct ProcessSnapshot {
  std::string name;  // "master", "worker-0", "control"
  std::int32_t pid = 0;
  ProcessUsage usage{};
  double cpu_ratio = 0;  // of one core, lately
};

/// The admin server itself.
struct AdminSnapshot {
  std::size_t connections = 0;  // event streams are not among them
  std::size_t streams = 0;
  http::RefusalCounts::Counts refused{};  // by http::Refused
};

/// Alerts that fire, and what became of telling others of them.
struct AlertCounts {
  std::int64_t critical = 0, warnings = 0;
  std::int64_t webhook_sent = 0, webhook_failed = 0, mail_sent = 0, mail_failed = 0;
};

/// One that clients are shown.
struct CertificateSnapshot {
  std::string listener;
  std::string name;               // the first that it is good for
  std::int64_t seconds_left = 0;  // below 0: it has ended
};

/// Of one type of server that is scaled in a pool.
struct ScaledTypeStatus {
  std::string type;
  std::uint32_t least = 0, most = 0;
  std::uint32_t wanted = 0, running = 0, starting = 0, leaving = 0, given_up = 0;
  std::uint32_t starts = 0, deaths = 0, ends = 0, give_ups = 0;  // so far
};

/// One decision to have other servers.
struct ScaleChange {
  std::int64_t at = 0;  // Unix seconds
  bool up = false, rehearsed = false;
  std::string servers;  // "video 1 -> 8"
  double strain = 0;    // a share; infinite: nobody could do what came
};

/// Of a pool that is scaled.
struct ScaleStatus {
  std::string pool;
  std::string by;
  bool rehearse = false;
  double strain = 0, up_over = 0;  // shares
  bool foreseen = false;           // a forecast expects more than what comes, and is counted in
  std::string last;                // what was decided last; "": nothing yet
  std::vector<ScaledTypeStatus> types;
  std::vector<ScaleChange> changes{};  // the latest last; none from before this process
  std::vector<std::string> off{};  // names of servers on other machines that are down, as nobody wants them
  std::string silent{};            // name of one whose process has never listened and was ended, of late
};

struct Snapshot {
  std::string version;
  Nanos uptime{};
  Instant taken_at{};
  std::int64_t stalled = 0;       // children that the watchdog has killed
  std::uint32_t quarantined = 0;  // children that keep dying young
  std::int64_t lines_lost = 0;    // of the log
  std::int64_t latency_series_dropped = 0;
  ledger::RevisionStatus configuration;
  std::vector<std::string> request_types;
  std::vector<ProcessSnapshot> processes;
  AlertCounts alerts;
  AdminSnapshot admin{};
  ledger::EngineStatus engine;
  std::vector<ledger::NodeStatus> nodes;  // other proxies
  std::vector<SeatSnapshot> seats{};
  ledger::SeatCallStatus seat_calls{};
  std::vector<CertificateSnapshot> certificates;
  std::vector<ScaleStatus> scale{};
  std::vector<WorkerSnapshot> workers;
  std::vector<ServerSnapshot> servers;
  std::vector<PoolSnapshot> pools;
  std::vector<ListenerSnapshot> listeners{};
  bool admin_lost = false;             // nobody can connect to the admin server's Unix socket
  std::vector<std::int64_t> received;  // by RequestType
  std::array<std::int64_t, proto::kPriorities> received_by_priority{};
  std::vector<ByStatus> answered;       // by RequestType
  std::vector<std::int64_t> abandoned;  // by RequestType
  ByStatus rejected{};
  std::array<std::int64_t, ledger::kCloseReasons> closed{};
};

/// Reads the ledger; numbers of running workers are a few microseconds old and not all of one instant.
Snapshot take_snapshot(const ledger::Ledger& ledger, const Names& names, Instant now);

/// What workers show now; nullptr: nothing.
std::vector<CertificateSnapshot> certificates_of(const tls::CertificateBoard* board, tls::CalendarTime now);

std::int64_t sum(const ByStatus& counts);
/// Whether there is a process of that number.
bool is_alive(const WorkerSnapshot& worker);
/// Since its loop turned last.
Nanos silence_of(const WorkerSnapshot& worker, const Snapshot& in);
/// Workers in this state.
std::size_t workers_in(const Snapshot& snapshot, ledger::WorkerState state);
/// Over all workers.
std::int64_t total(const Snapshot& snapshot, ledger::WorkerCell cell);

}  // namespace finishline::control
