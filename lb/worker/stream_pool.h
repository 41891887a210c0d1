// One pool of streams as one worker sees it: where a new connection goes, and who waits until a server has
// room. Worker process; no socket, no clock.
//
// Clients wait in the order in which they came, over all workers: a place that falls free goes to the oldest
// of all (ledger/waiting_line.h), and nobody overtakes by coming just then. Each worker keeps those that it
// holds in order; who frees a place or is woken gives what is there to its own first while that is the
// oldest, and then rings the worker whose turn it is. Only a client that may not have the servers in
// question, because it has tried them in vain, is passed over by others.
#pragma once

#include <cstdint>
#include <list>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "lb/config/config.h"
#include "lb/ledger/metrics.h"
#include "lb/ledger/waiting_line.h"
#include "lb/net/socket.h"
#include "lb/net/source_addresses.h"
#include "lb/process/doorbell.h"
#include "lb/tls/client_context.h"
#include "lb/worker/bulk_mover.h"
#include "lb/worker/dispatcher.h"

namespace finishline::worker {

class StreamWaiter;

/// Somebody who waits for a place.
struct WaitingStream {
  StreamWaiter* waiter;
  Instant since;      // when it first asked: its place in the line
  Instant queued_at;  // since when it has waited without a pause
};
using WaitingTicket = std::list<WaitingStream>::iterator;

/// Who wants a connection: a session. Called by the pool.
class StreamWaiter {
 public:
  virtual const StreamJob& job() const = 0;
  /// Whether the client is still there, as the kernel knows it now.
  virtual bool here() const = 0;
  /// It waits. Calls on_place() or on_refused() later, unless it gives the ticket up before.
  virtual void on_waiting(WaitingTicket ticket) = 0;
  /// There is a place: the waiter holds it until it gives it back by leave().
  virtual void on_place(const Placement& place) = 0;
  /// There will be none. The pool has forgotten the waiter.
  virtual void on_refused(ledger::CloseReason reason) = 0;

 protected:
  ~StreamWaiter() = default;
};

class StreamPool {
 public:
  struct Options {
    std::string name{};                // of the pool
    std::uint32_t max_attempts = 3;    // to connect to a server for one client
    std::uint32_t max_waiting = 1024;  // clients of this worker; further ones are refused
    Nanos queue_timeout = 10s;         // 0: none
    Nanos connect_timeout = 5s;
    config::LoadBy load_by = config::LoadBy::connection;
    double load_rate = 0;  // by bytes: so many a second make the whole load
    config::Bulk bulk = config::Bulk::copy;
  };
  struct Server {
    ledger::ServerId id = 0;
    net::Address address;
    net::SourceAddresses sources{};
    bool scaled = false;  // its port stands in the ledger
    config::SendProxy send_proxy = config::SendProxy::off;
    net::TcpTimeouts tcp_timeouts{};
    const tls::ClientContext* tls = nullptr;  // none: without TLS
  };
  /// What it shares with all other pools of this worker; all of it outlives the pool.
  struct Context {
    Dispatcher& dispatcher;
    ledger::Ledger& ledger;
    ledger::WorkerBooks& books;
    ledger::WorkerMetrics& metrics;
    ledger::WorkerId self;
    const process::Doorbells& bells;
    BulkMover* mover = nullptr;  // none: all is copied
  };

  /// Of the dispatcher's pool at this position. renew() comes before the first waiter.
  StreamPool(const Context& context, std::size_t position);
  /// At the start and after each change of the pool: its members now. Streams that are open at others go on.
  void renew(Options options, std::vector<Server> servers);

  const Options& options() const { return options_; }
  /// What moves long stretches of its streams; nullptr: they are copied.
  BulkMover* mover() const { return mover_; }
  /// Of a place just given.
  Server& server(const Placement& place);
  std::string_view server_name(const Placement& place) const {
    return ledger_.server_name(place.reservation.server);
  }
  /// Where that server is now; "" when the pool does not have it any more.
  std::string address_of(const Placement& place) const;

  /// Calls on_place(), on_refused() or on_waiting() now. `since` is when it first asked: `now`, but for one
  /// that comes again because its server could not be connected to.
  void request_place(StreamWaiter& waiter, Instant since, Instant now);
  /// The waiter wants no place any more.
  void give_up(WaitingTicket ticket);
  /// The connection has ended or could not be made: its place is free, for the first who waits.
  void leave(const Placement& place, Instant now);
  /// The connection was made; or could not be made. The latter says whether the log should tell: once a
  /// second per server.
  void count_connected(const Placement& place, Nanos took, Instant now);
  bool count_connect_failure(const Placement& place, Instant now);
  /// A client has gone that was here for so long, with a server or without.
  void count_ended(Nanos lifetime);
  /// The connection has this load from now on, in percent of a server of capacity 100.
  void weigh(Placement& place, double load);

  /// Another worker has made room, or does not need what is left of it.
  void on_bell(Instant now) { hand_out(now); }
  /// Room that nobody told of, and waits that are over; to be called every few milliseconds.
  void tick(Instant now);

 private:
  bool is_next(Instant since) const;
  WaitingTicket queue(StreamWaiter& waiter, Instant since, Instant now);
  void show_first();
  void drop_gone(Instant now);
  void drop_late(Instant now);
  bool serve_waiting(Instant now);
  bool serve(WaitingTicket waiter, Instant now);
  void hand_out(Instant now);
  RequestPool& pool() { return dispatcher_.pool(position_); }
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
  ledger::WaitingLine line_;
  std::list<WaitingStream> waiting_;  // the oldest first
  std::optional<Instant> shown_;      // of the first for whom others stand back
  Instant swept_at_{};
  ledger::WorkerId self_;
  const process::Doorbells& bells_;
  BulkMover* mover_;
};

}  // namespace finishline::worker
