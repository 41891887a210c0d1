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
#include <variant>

#include "lb/sched/policy.h"
#include "proto/cost_model.h"
#include "proto/frame.h"
#include "proto/units.h"

namespace finishline::ledger {

/// Row of a server; stable for as long as the ledger lives, and shown to clients as its number.
using ServerId = std::uint32_t;
using WorkerId = std::uint32_t;

struct Layout;  // layout.h

struct Sizes {
  std::uint32_t max_workers = 64;
  std::uint32_t max_servers = 1024;
};

/// Whether a server may be given work; written by the control process and the master.
enum class ServerState : std::uint8_t { absent, up, down, draining };
std::string_view name_of(ServerState state);

/// A booking on one server; a value that the worker keeps with the pending request.
struct Reservation {
  ServerId server = 0;
  Nanos service{};   // what was booked
  Instant due{};     // when the request was expected to be done
};

/// What one server looks like, summed over workers; a reader's copy, a few microseconds old.
struct ServerBooks {
  std::uint32_t in_flight = 0;
  Nanos owed{};            // booked and not settled
};

class Ledger {
 public:
  /// Maps a new ledger, zeroed. The string is the reason why not. Master only.
  static std::variant<Ledger, std::string> create(const Sizes& sizes);
  Ledger(Ledger&&) noexcept;
  Ledger& operator=(Ledger&&) noexcept;
  ~Ledger();  // unmaps, in this process

  const Sizes& sizes() const;

  /// The row of the server of this name, taken now if it is new (state `up`); nothing when the ledger is
  /// full. Master only.
  std::optional<ServerId> ensure_server(std::string_view name, std::uint32_t slots);
  std::uint32_t server_count() const;  // rows ever taken: ids are below this
  std::string_view server_name(ServerId server) const;

  ServerState state(ServerId server) const;
  void set_state(ServerId server, ServerState state);

  /// The raw word of the finish time: what reserve() compares against. 0 means idle.
  std::int64_t finish_word(ServerId server) const;
  /// When the server is expected to be idle, never before `now`. A server that is late does not look
  /// idle: see late_finish in ledger.cc.
  std::int64_t finish_at(ServerId server, std::int64_t word, Instant now) const;
  ServerBooks books(ServerId server) const;

  /// Sets right every finish time that the books do not support. Any process, any time.
  void audit(Instant now);
  /// Removes everything that a dead worker owed. Master only, while that worker does not run.
  void reclaim(WorkerId worker, Instant now);

  Layout& layout() const { return *layout_; }

 private:
  Ledger(Layout* layout, std::size_t bytes) : layout_(layout), bytes_(bytes) {}
  Layout* layout_ = nullptr;
  std::size_t bytes_ = 0;
};

/// One worker's pen in the ledger. Made in the worker after the fork; every method is called by it alone.
class WorkerBooks {
 public:
  WorkerBooks(Ledger& ledger, WorkerId worker);

  /// Fills the columns of a pool view: words[i] as compared by reserve(), finish[i] as policies see it,
  /// kUnavailable where the state is not `up`. All spans have the size of `members`.
  void read_finish(std::span<const ServerId> members, Instant now, std::span<std::int64_t> words,
                   std::span<std::int64_t> finish) const;

  /// Books `service` behind `seen` (the word that the decision was based on). Nothing when another worker
  /// moved the finish time meanwhile: decide again.
  std::optional<Reservation> try_reserve(ServerId server, std::int64_t seen, Nanos service, Instant now);
  /// Books behind whatever stands there: after a few lost races.
  Reservation reserve(ServerId server, Nanos service, Instant now);

  /// The reply is here: `reported_backlog` is what the server said it still has to do (0: it said nothing).
  void settle(const Reservation& reservation, Nanos actual_service, Nanos reported_backlog, Instant now);
  /// The request was lost or withdrawn.
  void release(const Reservation& reservation, Instant now);
  /// The oldest request in flight of this worker at `server` was due at `due` and is not back at `now`:
  /// pushes the finish time to where the lateness and the known backlog put it.
  void overdue(ServerId server, Instant due, Instant now);

  /// The sums over all workers, for policies that ask for them.
  ServerBooks books(ServerId server) const { return ledger_->books(server); }

 private:
  Ledger* ledger_;
  WorkerId worker_;
};

}  // namespace finishline::ledger
