// One pool of streams as one worker sees it: where a new connection goes, and who waits until a server has
// room. Worker process; no socket, no clock.
//
// Clients wait in the order in which they came, per worker: another worker may find room first.
#pragma once

#include <cstdint>
#include <list>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "lb/config/config.h"
#include "lb/ledger/metrics.h"
#include "lb/net/socket.h"
#include "lb/net/source_addresses.h"
#include "lb/worker/dispatcher.h"

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
    double load_rate = 0;  // by bytes: so many a second make the whole load
  };
  struct Server {
    ledger::ServerId id = 0;
    net::Address address;
    net::SourceAddresses sources{};
    config::SendProxy send_proxy = config::SendProxy::off;
    net::Liveness liveness{};
  };
  using Ticket = std::list<std::pair<Seeker*, Instant>>::iterator;

  /// Of the dispatcher's pool at this position. All outlive it; renew() comes before the first seeker.
  StreamPool(Dispatcher& dispatcher, std::size_t position, const ledger::Ledger& ledger,
             ledger::WorkerBooks& books, ledger::WorkerMetrics& metrics);
  /// At the start and after each change of the pool: its members now. Streams that are open at others go on.
  void renew(Options options, std::vector<Server> servers);

  const Options& options() const { return options_; }
  /// Of a place just given.
  Server& server(const Placement& place) { return servers_[place.member]; }
  std::string_view server_name(const Placement& place) const {
    return ledger_.server_name(place.reservation.server);
  }
  /// Where that server is now; "" when the pool does not have it any more.
  std::string address_of(const Placement& place) const;

  /// Calls on_place or on_refused, now; or returns a ticket and calls one of them later.
  std::optional<Ticket> seek(Seeker& seeker, Instant now);
  /// The seeker wants no place any more.
  void give_up(Ticket ticket);
  /// The connection has ended or could not be made: its place is free, for the first who waits.
  void leave(const Placement& place, Instant now);
  /// The connection was made; or could not be made. The latter says whether the log should tell: once a
  /// second per server.
  void count_connected(const Placement& place, Nanos took, Instant now);
  bool count_connect_failure(const Placement& place, Instant now);
  /// The connection has this load from now on, in percent of a server of capacity 100.
  void weigh(Placement& place, double load);

  /// Room that other workers made, and waits that are over; to be called every few milliseconds.
  void tick(Instant now);

 private:
  void serve_waiting(Instant now);
  Pool& pool() { return dispatcher_.pool(position_); }
  /// Where the server stands now; nothing when the pool does not have it any more.
  std::optional<std::size_t> member(const Placement& place) const;

  Dispatcher& dispatcher_;
  std::size_t position_;
  const ledger::Ledger& ledger_;
  Options options_;
  std::vector<Server> servers_;   // by member
  std::vector<Instant> told_of_;  // by member: when the log last told of a failure
  ledger::WorkerBooks& books_;
  ledger::WorkerMetrics& metrics_;
  std::list<std::pair<Seeker*, Instant>> waiting_;  // since when
};

}  // namespace finishline::worker
