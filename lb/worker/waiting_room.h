// The requests of one pool that wait in one worker, as lists through the PendingTable: those that late
// binding chooses among, those that were lost or refused and go on in the order in which they came, and those
// for which no server is left. Pure.
#pragma once

#include <array>
#include <cstddef>

#include "lb/worker/pending.h"

namespace finishline::worker {

class WaitingRoom {
 public:
  std::size_t size() const { return size_; }

  /// A new last one; the caller fills it.
  Pending& add(PendingTable& table, Waiting wait) {
    ++size_;
    Pending& pending = table.add(list(wait));
    pending.wait = wait;
    return pending;
  }
  void remove(PendingTable& table, Pending& pending) {
    --size_;
    table.remove(pending, list(pending.wait));
  }
  /// It waits in another way from now on, as the last who does.
  void move(PendingTable& table, Pending& pending, Waiting wait) {
    table.move(pending, list(pending.wait), list(wait));
    pending.wait = wait;
  }
  bool empty(Waiting wait) const { return lists_[place(wait)].size == 0; }
  /// nullptr when nobody waits so.
  Pending* first(PendingTable& table, Waiting wait) { return table.oldest(list(wait)); }

 private:
  static std::size_t place(Waiting wait) { return static_cast<std::size_t>(wait) - 1; }
  PendingQueue& list(Waiting wait) { return lists_[place(wait)]; }

  std::array<PendingQueue, 3> lists_;
  std::size_t size_ = 0;
};

}  // namespace finishline::worker
