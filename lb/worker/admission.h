// Who may come to a listener, how many and how fast. Over the limits of the listener itself connections wait
// in the kernel's queue, as users of HAProxy's maxconn and rate-limit know it; over those of one client
// address they are closed, because waiting would hold up everybody else's. All limits hold for all workers
// together. Worker process; no socket.
//
//   may_accept()   is there room for any connection?         before accept: a no leaves it in the queue
//   admit()        this client: networks, then its limits    before the first byte: a no closes it
//   wait()         is there room for this request?           a no answers it, with the time until there is
#pragma once

#include <optional>
#include <string>
#include <utility>

#include "lb/address/network.h"
#include "lb/config/config.h"
#include "lb/ledger/listener_row.h"
#include "lb/ledger/metrics.h"
#include "lb/ledger/source_table.h"
#include "lb/net/listener.h"

namespace finishline::worker {

/// What is counted for one connection while it is open; gives it back when it goes. Empty when nothing is.
class Ticket {
 public:
  Ticket() = default;
  /// `shared`: the row is another key's, see ledger/source_table.h.
  Ticket(ledger::SourceTable& sources, ledger::SourceRow row, bool shared)
      : sources_(&sources), row_(row), shared_(shared) {}
  Ticket(Ticket&& other) noexcept
      : sources_(std::exchange(other.sources_, nullptr)), row_(other.row_), shared_(other.shared_) {}
  Ticket& operator=(Ticket&& other) noexcept {
    std::swap(sources_, other.sources_);
    std::swap(row_, other.row_);
    std::swap(shared_, other.shared_);
    return *this;
  }
  ~Ticket() {
    if (sources_ != nullptr) sources_->leave(row_);
  }

  explicit operator bool() const { return sources_ != nullptr; }
  ledger::SourceRow row() const { return row_; }
  bool shared() const { return shared_; }

 private:
  ledger::SourceTable* sources_ = nullptr;
  ledger::SourceRow row_ = 0;
  bool shared_ = false;
};

/// Counts a connection that speaks TLS for as long as it is open.
class TlsTicket {
 public:
  TlsTicket() = default;
  explicit TlsTicket(ledger::WorkerMetrics& metrics) : metrics_(&metrics) {
    metrics.add(ledger::WorkerCell::tls_connections);
  }
  TlsTicket(TlsTicket&& other) noexcept : metrics_(std::exchange(other.metrics_, nullptr)) {}
  TlsTicket& operator=(TlsTicket&& other) noexcept {
    std::swap(metrics_, other.metrics_);
    return *this;
  }
  ~TlsTicket() {
    if (metrics_ != nullptr) metrics_->add(ledger::WorkerCell::tls_connections, -1);
  }

 private:
  ledger::WorkerMetrics* metrics_ = nullptr;
};

/// Counts a connection of its listener: as accepted, and as open until it goes; and what comes over it.
class ListenerTicket {
 public:
  ListenerTicket() = default;
  explicit ListenerTicket(const ledger::ListenerCounts& counts) : counts_(counts), holds_(true) {
    counts_.accepted();
  }
  /// A request came over it; so many bytes of a stream.
  void asked() const { counts_.asked(); }
  void moved(bool from_client, std::int64_t bytes) const { counts_.moved(from_client, bytes); }
  ListenerTicket(ListenerTicket&& other) noexcept
      : counts_(other.counts_), holds_(std::exchange(other.holds_, false)) {}
  ListenerTicket& operator=(ListenerTicket&& other) noexcept {
    std::swap(counts_, other.counts_);
    std::swap(holds_, other.holds_);
    return *this;
  }
  ~ListenerTicket() {
    if (holds_) counts_.ended();
  }

 private:
  ledger::ListenerCounts counts_;
  bool holds_ = false;
};

/// Of one connection: its share of the listener's limits, and its client's row.
struct Tickets {
  Ticket listener;
  Ticket source;
  TlsTicket tls{};
  ListenerTicket counted{};
};

class Admission {
 public:
  struct Options {
    std::string listener;
    net::Networks allow{};              // empty: all
    net::Networks deny{};               // wins
    std::uint32_t max_connections = 0;  // 0, in all of these: none
    std::uint32_t max_per_source = 0;
    ledger::RateLimit connections{};  // of the listener
    ledger::RateLimit source_connections{};
    ledger::RateLimit requests{};
    ledger::RateLimit source_requests{};
    ledger::ListenerCounts counts{};  // what is counted of the listener
  };

  /// The ledger outlives the admission, and this outlives the tickets that it gives.
  Admission(Options options, ledger::SourceTable& sources, ledger::WorkerMetrics& metrics, Instant now);

  /// Whether the listener has room now.
  net::Accept may_accept(Instant now);
  /// How long until the listener's rate lets a connection in; 0: it does now.
  Nanos wait_for_rate(Instant now);
  /// A connection was accepted: counts it for the listener.
  Ticket enter_listener(Instant now);
  ListenerTicket count_connection() const { return ListenerTicket(options_.counts); }
  /// Why this client may not come, or nothing; then `ticket` has counted its connection.
  std::optional<ledger::CloseReason> admit(const net::Address& client, Instant now, Ticket& ticket);

  bool limits_requests() const { return options_.requests.limits() || options_.source_requests.limits(); }
  /// Takes one request of the connection with this ticket; 0: it may be served. Otherwise how long until it
  /// might be, and nothing is taken.
  Nanos take_request(const Ticket& source, Instant now);

 private:
  /// Each worker holds the listener's row with one count that is no connection.
  static constexpr std::uint32_t kHold = 1;

  bool limits_listener() const {
    return options_.max_connections > 0 || options_.connections.limits() || options_.requests.limits();
  }
  bool limits_sources() const {
    return options_.max_per_source > 0 || options_.source_connections.limits() ||
           options_.source_requests.limits();
  }
  Ticket enter(ledger::SourceTable::Key key, Instant now);
  std::optional<ledger::CloseReason> look_at(const net::Address& client, Instant now, Ticket& ticket);
  std::uint64_t connections(const Ticket& mine, ledger::SourceTable::Key key, std::uint32_t apart) const;
  bool welcome(const net::Address& client) const;

  Options options_;
  ledger::SourceTable& sources_;
  ledger::WorkerMetrics& metrics_;
  ledger::SourceTable::Key key_;
  Ticket hold_;  // on the listener's row, if it has limits
};

/// What the configuration says of it.
Admission::Options admission_options(const config::Listener& listener);

}  // namespace finishline::worker
