// The shared ledger: every server's expected finish time, and what each worker owes each server.
// Mapped by the master before the fork, inherited by all children. The memory is drawn in layout.h.
//
// The books of one (worker, server) pair are written by that worker alone; the finish time of a server is
// a cached conclusion from the books of all workers, moved by compare-and-swap and set right again by
// every settlement. So there is no lock to orphan: a worker that dies between any two stores leaves an
// error of at most its own bookings, and reclaim() removes that.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <variant>

#include "lb/ledger/finish_rule.h"
#include "lb/ledger/finish_scan.h"
#include "lb/ledger/mapping.h"
#include "lb/ledger/server_state.h"
#include "lb/sched/health_state.h"
#include "proto/units.h"

namespace finishline::ledger {

/// Row of a server: its own for as long as the configuration has it and anything of it is in flight
/// (row_lease.h), and shown to clients as its number.
using ServerId = std::uint32_t;
using WorkerId = std::uint32_t;

struct PairRow;   // layout.h
struct CostSums;  // likewise

/// Bytes of the longest server name that a row can hold.
inline constexpr std::size_t kMaxServerName = 128;
/// Rows for pools: twice as many as a configuration may have, so that a reload can rename all of them.
inline constexpr std::uint32_t kMaxPools = 4096;

/// What a server is given: requests, whose cost is time, or streams, whose cost is load. A load is booked as
/// the time that it would keep the server busy if all of its capacity were one second.
enum class ServerKind : std::uint8_t { requests, streams };
inline constexpr Nanos kFullLoad = 1s;

/// What one worker can owe one server: 13 days, so that no sum over workers, nor a finish time, overflows.
/// What is booked beyond that counts for nothing.
inline constexpr Nanos kMostOwed{std::int64_t{1} << 50};

/// A load as a share of the server's capacity, in percent.
inline double percent(Nanos load) {
  return static_cast<double>(load.count()) * 100 / static_cast<double>(kFullLoad.count());
}

/// A booking on one server; a value that the worker keeps with the pending request.
struct Reservation {
  ServerId server = 0;
  Nanos service{};  // what was booked: what was asked for, or what the row had room for (kMostOwed)
  Instant due{};    // when the request was expected to be done
};

class Ledger {
 public:
  /// Maps a new ledger, zeroed. The string is the reason why not. Master only.
  static std::variant<Ledger, std::string> create(const Sizes& wanted);
  /// Maps the ledger behind a descriptor() that an earlier program left, when it has this program's layout
  /// and these sizes. Owns `fd` from here on. Master only.
  static std::variant<Ledger, std::string> adopt(int fd, const Sizes& wanted);

  /// Of the memory, for a program that takes over; stays the ledger's.
  int descriptor() const { return memory_.descriptor(); }

  const Sizes& sizes() const;
  Instant created_at() const;

  /// The row of the server of this name, taken now if it is new or was absent (state `up`); nothing when
  /// there is no row to be had (row_lease.h) or the name is empty or longer than kMaxServerName. Master only.
  std::optional<ServerId> ensure_server(std::string_view name, std::uint32_t slots);
  /// The same for a row that is known to have this server's name. Master only.
  void renew_server(ServerId server, std::uint32_t slots);
  /// How many requests the server works on at once. Master, and control.
  void set_slots(ServerId server, std::uint32_t slots);
  std::uint32_t slots(ServerId server) const;
  /// One that was absent is there: its state is what health and administration make it. Control only, of a
  /// scaled server (scaled_server.h).
  void appear(ServerId server);
  /// The row of this name, absent or not: one pass over all of them. Nothing when there is none.
  std::optional<ServerId> find_server(std::string_view name) const;
  std::uint32_t server_count() const;  // rows ever taken: ids are below this
  /// Requests, until said otherwise. Master only, before the fork of those who use it.
  void set_kind(ServerId server, ServerKind kind);
  ServerKind kind(ServerId server) const;
  std::string_view server_name(ServerId server) const;

  ServerState state(ServerId server) const;
  /// Writes the state alone; the next change of health or administration writes it again, unless `absent`.
  void set_state(ServerId server, ServerState state);

  // Health and administration are kept apart, and outlive the control process, which alone writes them.
  sched::Health health(ServerId server) const;
  void set_health(ServerId server, sched::Health health);
  /// What that health is concluded from: for the control process after this one.
  sched::HealthNotes health_notes(ServerId server) const;
  void set_health_notes(ServerId server, const sched::HealthNotes& notes);
  AdminState admin(ServerId server) const;
  void set_admin(ServerId server, AdminState admin);
  /// Lets one request through to a half-open server.
  void allow_trial(ServerId server);
  /// Whether that request has been let through.
  bool trial_taken(ServerId server) const;
  /// How fast a server in slow start counts as, of its speed: (0, 1].
  double share(ServerId server) const;
  void set_share(ServerId server, double share);
  std::int64_t ejections(ServerId server) const;
  std::int64_t check_failures(ServerId server) const;
  void count_ejection(ServerId server);
  void count_check_failure(ServerId server);

  /// The raw word of the finish time: what try_reserve() compares against. kIdle means idle.
  std::int64_t finish_word(ServerId server) const;
  /// When the server is expected to be idle, never before `now`, given the word just read. A server that
  /// is late does not look idle: see late_finish in finish_rule.h.
  std::int64_t finish_at(ServerId server, std::int64_t word, Instant now) const;
  ServerBooks books(ServerId server) const;

  /// Sets right every finish time of requests that the books do not support: what is left of a worker that
  /// died between its books and the finish word, or of a race in which somebody summed a booking that was
  /// withdrawn. A word that stands higher because the server itself reported more work, or is overdue, is
  /// believed for kTrust. `now` must be fresh. Any process, any time; control calls it several times a
  /// second.
  void audit(Instant now);
  static constexpr Nanos kTrust = 1s;
  /// The server has told how it is: `told` is the work that it has left, whoever gave it (told_finish). What
  /// the books do not know of is believed for `span`, or until it says otherwise. Any process, any time.
  void hear_backlog(ServerId server, Nanos told, Nanos span, Instant now);
  /// Removes everything that a dead worker owed, and the connections that it had counted. Master only, while
  /// that worker does not run.
  void reclaim(WorkerId worker, Instant now);

  Layout& layout() { return memory_.layout(); }
  const Layout& layout() const { return memory_.layout(); }

 private:
  friend class WorkerBooks;
  friend class NodeBooks;
  void reclaim_books(WorkerId writer, Instant now);
  std::int64_t supported(ServerId server, std::int64_t seen, Instant now) const;
  void write_state(ServerId server);
  bool gives_work(ServerId server, ServerState state) const;
  bool take_trial(ServerId server);
  void hold_to_books(ServerId server, Instant now);
  void wake(ServerId server, Instant now);
  void trust(ServerId server, std::int64_t until);

  explicit Ledger(Mapping memory) : memory_(std::move(memory)) {}
  Mapping memory_;
};

/// One worker's writer of the ledger. Made in the worker after the fork; every method is called by it alone.
/// `now` is the time of the loop's turn: microseconds of age only make an estimate older.
class WorkerBooks {
 public:
  /// `worker` < sizes().max_workers. The ledger outlives the writer.
  WorkerBooks(Ledger& ledger, WorkerId worker);

  /// It may write in this server's row from now on, until it lets go: see row_lease.h.
  void acquire_row(ServerId server);
  /// It will not any more, and has nothing in flight there.
  void release_row(ServerId server);
  WorkerId self() const { return self_; }
  /// Proxies that use the same servers, this one included, while none of the others can be heard; else 1.
  std::uint32_t sharers_unheard() const;
  /// Others are there, and are heard.
  bool shares() const;
  /// Another value: something was booked, settled or withdrawn.
  std::uint64_t changes() const { return changes_; }
  Ledger& ledger() const { return *ledger_; }
  /// Whether it has requests in flight or streams open there.
  bool owes(ServerId server) const;

  /// Fills the columns of a pool view: words[i] as compared by reserve(), finish[i] as policies see it,
  /// sched::kUnavailable where the state gives it no work. All spans have the size of `members`. True when
  /// one of them is in slow start, and slower() has something to say.
  bool read_finish(std::span<const ServerId> members, Instant now, std::span<std::int64_t> words,
                   std::span<std::int64_t> finish) const;

  /// Books `service` behind `seen` (the word that the decision was based on). Nothing when another worker
  /// moved the finish time meanwhile or took the trial of a half-open server: decide again.
  std::optional<Reservation> try_reserve(ServerId server, std::int64_t seen, Nanos service, Instant now);
  /// Books behind whatever stands there: after a few lost races. Not where takes_trials() says so.
  Reservation reserve(ServerId server, Nanos service, Instant now);
  /// The server is half-open: only one request may have it, and try_reserve() knows which.
  bool takes_trials(ServerId server) const { return ledger_->state(server) == ServerState::half_open; }

  /// The reply is here: `reported_backlog` is what the server said it still has to do (0: it said nothing).
  /// `said_backlog` is what stands in the reply where the caller believes less of it; other proxies' work is
  /// corrected by it (finish_rule.h).
  void settle(const Reservation& reservation, Nanos actual_service, Nanos reported_backlog, Instant now,
              Nanos said_backlog = 0ns);
  /// The request was lost or withdrawn.
  void release(const Reservation& reservation, Instant now);
  /// The oldest request in flight of this worker at `server` was due at `due` and is not back at `now`:
  /// pushes the finish time to where the lateness and the known backlog put it.
  void overdue(ServerId server, Instant due, Instant now);

  // Streams: a reservation is an open connection, its service is its load.

  /// As read_finish, for servers of streams: finish[i] is `now` and the loads of what is open there, open[i]
  /// how many connections that are.
  bool read_loads(std::span<const ServerId> members, Instant now, std::span<std::int64_t> words,
                  std::span<std::int64_t> finish, std::span<std::uint32_t> open) const;
  /// Counts one connection in. Nothing when another worker opened one since `seen` was read, or took the
  /// trial of a half-open server: decide again.
  std::optional<Reservation> try_open(ServerId server, std::int64_t seen, Nanos load);
  /// The connection has another load from now on.
  void weigh(Reservation& open, Nanos load);
  /// Counts it out again.
  void close(const Reservation& open) { lower(open.server, open.service); }

  /// By what the service time of this server counts as longer: 1 unless it is in slow start.
  double slower(ServerId server) const;

  /// The sums over all workers, for policies that ask for them.
  ServerBooks books(ServerId server) const { return ledger_->books(server); }

 private:
  inline std::optional<Reservation> book(ServerId server, std::int64_t seen, Nanos service, Instant now);
  inline ServerBooks believed(ServerId server, const ServerBooks& sum, Nanos reported, Instant now);
  std::optional<Reservation> count_in(ServerId server, std::int64_t seen, Nanos load);
  /// Returns what was added.
  Nanos raise(ServerId server, Nanos service);
  void lower(ServerId server, Nanos service);
  inline Nanos raise_owed(ServerId server, Nanos service);
  inline void lower_owed(ServerId server, Nanos service);
  template <class Rule>
  void move_word(ServerId server, Rule rule);
  bool read_odd(std::span<const ServerId> members, Instant now, std::span<const std::int64_t> words,
                std::span<std::int64_t> finish) const;

  Ledger* ledger_;
  WorkerId self_;
  FinishColumns columns_;  // borrowed from the ledger
  PairRow* rows_;          // of this worker, by ServerId
  std::uint64_t changes_ = 0;
};

}  // namespace finishline::ledger
