#include "lb/worker/accept_balancer.h"

#include <algorithm>

#include "lb/ledger/worker_status.h"

namespace finishline::worker {

using ledger::WorkerCell;

namespace {

/// How far ahead of the least loaded worker one may be, in connections and in percent: a little slack
/// keeps a burst from waiting for a worker that sleeps.
constexpr std::int64_t kAheadConnections = 2;
constexpr std::int64_t kAheadPercent = 5;
/// No connection waits longer than this for a worker that does not come.
constexpr Nanos kPatience = 200us;

}  // namespace

net::Accept AcceptBalancer::may_accept(Instant now) {
  if (full()) return net::Accept::later;
  if (ahead_of_others()) {
    held_back_since_ = std::min(held_back_since_, now);
    if (now - held_back_since_ < kPatience) return net::Accept::next_turn;
  }
  held_back_since_ = Instant::max();
  return net::Accept::yes;
}

bool AcceptBalancer::full() const {
  std::int64_t open = 0;
  for (ledger::WorkerId worker = 0; worker < reader_.workers(); ++worker)
    open += reader_.of(worker, WorkerCell::connections_open);
  return open >= max_connections_;
}

bool AcceptBalancer::ahead_of_others() const {
  const std::int64_t own = reader_.of(self_, WorkerCell::connections_open);
  for (ledger::WorkerId worker = 0; worker < reader_.workers(); ++worker) {
    if (ledger::worker_status(ledger_, worker).state != ledger::WorkerState::running) continue;
    const std::int64_t open = reader_.of(worker, WorkerCell::connections_open);
    if (own > open + std::max(kAheadConnections, open * kAheadPercent / 100)) return true;
  }
  return false;
}

}  // namespace finishline::worker
