// Where a scaled server is, as the ledger tells: the port of the process that is there now. Worker process.
#pragma once

#include <cstdint>

#include "lb/ledger/scaled_server.h"

namespace finishline::worker {

class ScaledPort {
 public:
  /// `ledger` outlives it; nullptr: the server is not scaled, and never moves.
  ScaledPort(const ledger::Ledger* ledger, ledger::ServerId server) : ledger_(ledger), server_(server) {}

  /// Another process is there than the one that was taken last, or none.
  bool moved() const { return ledger_ != nullptr && port_now() != port_; }
  /// The port from now on; 0: nobody is there, as far as control has seen.
  std::uint16_t take() { return port_ = port_now(); }

 private:
  std::uint16_t port_now() const {
    const bool there = ledger_->state(server_) != ledger::ServerState::absent;
    return there ? ledger::scaled_port(*ledger_, server_) : std::uint16_t{0};
  }

  const ledger::Ledger* ledger_;
  ledger::ServerId server_;
  std::uint16_t port_ = 0;
};

}  // namespace finishline::worker
