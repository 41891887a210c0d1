// One pool of streams as one worker sees it: where a new connection goes, and who waits until a server has
// room. Worker process; no socket, no clock.
//
// Clients wait in the order in which they came, per worker: another worker may find room first.
#pragma once

#include <cstdint>
#include <list>
#include <optional>
#include <string>
#include <vector>

#include "lb/config/config.h"
#include "lb/ledger/metrics.h"
#include "lb/net/socket.h"
#include "lb/worker/pool.h"

namespace finishline::worker {

/// Who wants a connection: a session. Called by the pool.
class Seeker {
 public:
  virtual const StreamJob& job() const = 0;
  /// There is a place: the seeker holds it until it gives it back by leave().
  virtual void on_place(const Placement& place) = 0;
  /// There will be none. The pool has forgotten the seeker.
  virtual void on_refused(ledger::CloseReason reason) = 0;

 protected:
  ~Seeker() = default;
};

class StreamPool {
 public:
  struct Options {
    std::uint32_t max_attempts = 3;    // servers that are tried for one client
    std::uint32_t max_waiting = 1024;  // clients of this worker; further ones are refused
    Nanos queue_timeout = 10s;         // 0: none
    Nanos connect_timeout = 5s;
    config::LoadBy load_by = config::LoadBy::connection;
    double load_rate = 0;              // by bytes: so many a second make the whole load
  };
  struct Server {
    std::string name;
    net::Address address;
    ledger::ServerId id = 0;
  };
  using Ticket = std::list<std::pair<Seeker*, Instant>>::iterator;

  /// `pool` has `servers` as its members; it, the books and the metrics outlive this.
  StreamPool(Options options, Pool& pool, std::vector<Server> servers, ledger::WorkerBooks& books,
             ledger::WorkerMetrics& metrics);

  const Options& options() const { return options_; }
  const Server& server(const Placement& place) const { return servers_[place.member]; }

  /// Calls on_place or on_refused, now; or returns a ticket and calls one of them later.
  std::optional<Ticket> seek(Seeker& seeker, Instant now);
  /// The seeker wants no place any more.
  void give_up(Ticket ticket);
  /// The connection has ended or could not be made: its place is free, for the first who waits.
  void leave(const Placement& place, Instant now);
  /// The connection was made; or could not be made. The latter says whether the log should tell: once a second per server.
  void count_connected(const Placement& place, Nanos took, Instant now);
  bool count_connect_failure(const Placement& place, Instant now);
  /// The connection has this load from now on, in percent of a server of capacity 100.
  void weigh(Placement& place, double load);

  /// Room that other workers made, and waits that are over; to be called every few milliseconds.
  void tick(Instant now);

 private:
  void serve_waiting(Instant now);

  Options options_;
  Pool& pool_;
  std::vector<Server> servers_;
  std::vector<Instant> told_of_;  // by server: when the log last told of a failure
  ledger::WorkerBooks& books_;
  ledger::WorkerMetrics& metrics_;
  std::list<std::pair<Seeker*, Instant>> waiting_;  // since when
};

}  // namespace finishline::worker
