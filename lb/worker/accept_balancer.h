// Which worker should take the next connection: all listen on the same sockets, and whoever is ahead of
// the others holds back for a moment, so that connections spread evenly and max_connections holds for all
// workers together. What nobody takes waits in the kernel's queue. Worker process.
#pragma once

#include <cstdint>

#include "lb/ledger/metrics.h"
#include "lb/net/listener.h"

namespace finishline::worker {

class AcceptBalancer {
 public:
  AcceptBalancer(const ledger::Ledger& ledger, ledger::WorkerId self, std::uint32_t max_connections)
      : ledger_(ledger), reader_(ledger), self_(self), max_connections_(max_connections) {}

  /// `now` is the time of the turn.
  net::Accept may_accept(Instant now);

 private:
  bool ahead_of_others() const;
  bool full() const;

  const ledger::Ledger& ledger_;
  ledger::MetricsReader reader_;
  ledger::WorkerId self_;
  std::int64_t max_connections_;
  Instant held_back_since_ = Instant::max();
};

}  // namespace finishline::worker
