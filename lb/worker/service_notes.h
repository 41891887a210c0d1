// What one worker tells control of how long the servers of a pool really work, and what it is told of it
// (ledger/learned_costs.h). Of a pool whose `learn` is not off. Worker process; no clock.
#pragma once

#include <cstdint>
#include <vector>

#include "lb/ledger/learned_costs.h"
#include "lb/ledger/ledger.h"
#include "proto/cost_model.h"

namespace finishline::worker {

/// How long a request was at a server.
struct Served {
  Nanos booked{}, worked{};  // how long it was to take, how long the server says that it took; 0: it does not
  Nanos took{};              // since it was sent
  Nanos expected{};          // how long that was to be, with what stood before it
  bool was_idle = false;     // the server had nothing else to do then
};

class ServiceNotes {
 public:
  /// `declared` is [type * servers.size() + server], ns per unit of length. The ledger outlives it.
  ServiceNotes(ledger::WorkerBooks& books, std::vector<ledger::ServerId> servers,
               std::vector<double> declared);

  /// A good reply to a request of this type and length that says how long it took. Nothing is noted of one
  /// that says it took longer than it was away, or that was not to take any time.
  void note(std::size_t server, RequestType type, std::uint32_t length, const Served& served);
  /// The costs as of now: learned where anything is, else declared.
  void read(std::vector<double>& nanos_per_unit) const;

 private:
  const ledger::Ledger& ledger_;
  ledger::CostNotes notes_;
  std::vector<ledger::ServerId> servers_;
  std::vector<double> declared_;
};

}  // namespace finishline::worker
