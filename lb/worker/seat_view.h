// What one worker knows of the seat of a pool (ledger/seats.h): whether it decides for all proxies, for its
// own or not at all, and what other proxies have been called for. Worker process; no socket, no clock.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "lb/ledger/seats.h"
#include "lb/sched/matching.h"
#include "lb/worker/request_pool.h"

namespace finishline::worker {

class SeatView {
 public:
  enum class Role : std::uint8_t {
    alone,   // nobody is in the seat, or the pool has none: each proxy decides for what waits at it
    leads,   // it is ours
    follows  // another proxy decides, and calls
  };

  /// Ledger and pool outlive it.
  SeatView(ledger::Ledger& ledger, const RequestPool& pool)
      : ledger_(ledger), pool_(pool), calls_(ledger), of_member_(pool.members().size()) {}

  Role role(Instant now) const;
  /// Another proxy has to be called so much earlier than a worker of ours: until it has heard of it.
  Nanos lead() const;

  /// Before the pool's finish times are used: what was called for counts as on its way.
  void expect_called(RequestPool& pool, Instant now);
  /// Of lanes of other proxies, from `first_remote` on, what was called for is gone; and those that have not
  /// come to this member when they were called.
  void leave_out_called(std::vector<sched::WaitLane>& lanes, std::size_t member,
                        ledger::WorkerId first_remote, Instant now) const;
  /// The proxy of that lane is to send this member what was chosen. False: enough is on its way there.
  bool call(std::size_t member, const sched::Choice& choice, ledger::WorkerId first_remote,
            Instant now) const;

 private:
  void take_one(sched::WaitLane& lane, const ledger::SeatCall& call) const;

  ledger::Ledger& ledger_;
  const RequestPool& pool_;
  ledger::SeatCalls calls_;
  std::vector<std::vector<ledger::SeatCall>> of_member_;  // as of the last expect_called()
};

}  // namespace finishline::worker
