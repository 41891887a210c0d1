// The connections of a server that takes only so many at once, shared by all workers: a semaphore without a
// lock. Each worker writes down how many it has; who would have one more writes it down first, then sums up
// what all have, and takes it back where that is too much. So there are never more than there may be, whoever
// dies: what a dead worker had, reclaim() takes away. Who finds none shows that it wants one, and whoever
// gives one back calls it. Worker processes; no clock.
#pragma once

#include <cstdint>
#include <vector>

#include "lb/ledger/ledger.h"

namespace finishline::ledger {

class SlotLeases {
 public:
  /// The ledger outlives it. `slots`: how many there are in all. A worker that has two of these for one
  /// server, as in a reload, has what both have.
  SlotLeases(Ledger& ledger, WorkerId self, ServerId server, std::uint32_t slots);
  /// Gives back all that it has.
  ~SlotLeases();
  SlotLeases(const SlotLeases&) = delete;
  SlotLeases& operator=(const SlotLeases&) = delete;

  /// Has one more. False: all are taken, or another worker tries just now; it is shown that one is wanted.
  bool acquire();
  /// Has so many. Precondition: no more than before.
  void shrink_to(std::uint32_t count);
  /// Nothing is wanted here any more.
  void want_none() { want(false); }

  std::uint32_t held() const { return held_; }
  bool wants() const { return wants_; }
  /// Other workers that want one, with what they have; and those that have one.
  struct Other {
    WorkerId worker;
    std::uint32_t held;
  };
  std::vector<Other> wanting() const;
  std::vector<Other> holding() const;

 private:
  void want(bool yes);
  void hold(std::uint32_t count);
  template <class Of>
  std::vector<Other> others(Of of) const;

  Layout* layout_;
  WorkerId self_;
  ServerId server_;
  std::uint32_t slots_;
  std::uint32_t held_ = 0;
  bool wants_ = false;
};

/// What this worker has, by all. Any process.
std::uint32_t leased_slots(const Ledger& ledger, WorkerId worker, ServerId server);
/// Takes away what a worker that runs no more had. Of reclaim().
void withdraw_slots(Layout& layout, WorkerId worker, ServerId server);

}  // namespace finishline::ledger
