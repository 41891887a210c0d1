// What the session table knows of a client connection, whatever it carries. Worker process.
//
// A session never dies inside its own call: it asks the SessionTable to retire it, and the table buries
// it at the end of the turn.
#pragma once

#include <cstdint>
#include <utility>

#include "lb/worker/admission.h"
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

  /// What it asked SessionTable::resume_later() for.
  virtual void resume() {}
  /// The worker holds too much: nothing is read until go_on(). For those whose bytes could make it more.
  virtual void hold_reading() {}
  virtual void go_on() {}
  /// Bytes that wait for the client to read them; drop() gives it up at once, with those.
  virtual std::size_t unread() const { return 0; }
  virtual void drop(ledger::CloseReason /*reason*/) {}
  /// The worker is stopping: the session ends as soon as it can do so in order.
  virtual void drain() = 0;
  /// Time-outs; called every so often by the table.
  virtual void check_time(Instant now) = 0;

 protected:
  virtual void begin() = 0;
  const Tickets& tickets() const { return tickets_; }

 private:
  Tickets tickets_;
  std::uint32_t slot_ = 0;
  std::uint32_t generation_ = 0;
};

}  // namespace finishline::worker
