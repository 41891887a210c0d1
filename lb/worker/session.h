// What the session table knows of a client connection, whatever it carries. Worker process.
//
// A session never dies inside its own call: it asks the SessionTable to retire it, and the table buries
// it at the end of the turn.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <utility>

#include "lb/worker/admission.h"
#include "lb/worker/request.h"
#include "proto/units.h"

namespace finishline::worker {

/// Why a client connection ended that did not end in order.
inline ledger::CloseReason reason_of(const net::End& end) {
  return end.silent() ? ledger::CloseReason::client_silent : ledger::CloseReason::client_gone;
}

class Session {
 public:
  virtual ~Session() = default;

  /// What is counted for this connection until it ends.
  void hold(Tickets tickets) { tickets_ = std::move(tickets); }
  /// Whom it serves.
  void serve(const ledger::SourceHost& client) { host_ = client; }
  const ledger::SourceHost& host() const { return host_; }
  /// For the session that takes its place.
  Tickets give_up_tickets() { return std::move(tickets_); }
  /// Called once, by the table: gives the session its identity, then begins.
  void start(std::uint32_t slot, std::uint32_t generation) {
    slot_ = slot;
    generation_ = generation;
    begin();
  }
  std::uint32_t slot() const { return slot_; }
  std::uint32_t generation() const { return generation_; }
  /// Since when it is held; nothing while it is not.
  const std::optional<Instant>& held_since() const { return held_since_; }

  /// What it asked SessionTable::resume_later() for.
  virtual void resume() {}
  /// Whether it is paused and resume() would make it go on.
  virtual bool may_resume() const { return false; }
  // Of sessions of requests, which alone hand out addresses for answers.
  virtual void deliver(std::uint64_t /*tag*/, const Answer& /*answer*/) {}
  virtual void keep(std::ptrdiff_t /*bytes*/) {}
  virtual ClientName client_name() const { return {}; }
  virtual double weight() const { return 0; }

  // What the worker holds for it: see byte_budget.h.
  /// It holds more than its share: nothing is read until go_on(). Called by the table.
  virtual void hold_reading() {}
  virtual void go_on() {}
  /// Whether its share allows it to be read again.
  virtual bool may_go_on() { return true; }
  /// All bytes that are held for it; of those, the ones that only its client can move.
  virtual std::size_t held() const { return 0; }
  virtual std::size_t stuck() const { return 0; }
  /// Nothing of it is at a server: what it is held for is not its own work.
  virtual bool waits_for_room_alone() const { return false; }
  /// Ends at once, with what was to be sent.
  virtual void drop(ledger::CloseReason /*reason*/) {}
  /// The worker is stopping: the session ends as soon as it can do so in order.
  virtual void drain() = 0;
  /// Time-outs; called every so often by the table.
  virtual void check_time(Instant now) = 0;

 protected:
  virtual void begin() = 0;
  const Tickets& tickets() const { return tickets_; }

 private:
  friend class SessionTable;

  Tickets tickets_;
  ledger::SourceHost host_{};
  std::optional<Instant> held_since_;
  std::uint64_t turn_ = 0;  // SessionTable::take_turn()
  std::uint32_t slot_ = 0;
  std::uint32_t generation_ = 0;
};

}  // namespace finishline::worker
