// The requests of one pool that wait in one worker for a server, a queue per type. Floor 1: pure; it holds
// handles of the caller's (slots of its table), keys and lengths, and knows neither requests nor clocks.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "lb/sched/indexed_heap.h"
#include "lb/sched/length_classes.h"
#include "lb/sched/wait_lane.h"

namespace finishline::sched {

inline constexpr std::uint32_t kNobody = 0xffffffff;

/// What waits, in the terms of the rule.
struct Waiter {
  std::int64_t key = 0;                // see Matching::key_of
  std::int64_t latest_start = kNoKey;  // ns: later, and no server meets its deadline; kNoKey: it has none
  std::uint32_t length = 0;            // units
  std::uint8_t type = 0;
};

/// Memory is by the largest handle, not by what waits: handles should be small and used again.
class WaitingQueue {
 public:
  /// `worker` is told in the lanes.
  explicit WaitingQueue(std::size_t types, std::uint16_t worker = 0);

  /// O(log n). The handle must not wait already.
  void push(std::uint32_t handle, const Waiter& waiter);
  /// O(log n), wherever it stands: it is sent, its client has left, its deadline has passed. It must be
  /// waiting.
  void remove(std::uint32_t handle);

  std::size_t size() const { return size_; }
  bool empty(std::uint8_t type) const { return lanes_[type].count == 0; }
  bool waits(std::uint32_t handle) const { return handle < waiters_.size() && by_key_at_[handle] != kNobody; }
  /// Of a handle that waits.
  const Waiter& waiter(std::uint32_t handle) const { return waiters_[handle]; }

  // Each is a handle, or kNobody when nothing of that type waits. Equal keys and starts: who came first.
  std::uint32_t head(std::uint8_t type) const { return top(queues_[type].by_key); }
  std::uint32_t most_urgent(std::uint8_t type) const { return top(queues_[type].by_start); }
  /// To an eighth, the oldest of those.
  std::uint32_t longest(std::uint8_t type) const { return queues_[type].by_length.longest(); }
  std::uint32_t shortest(std::uint8_t type) const { return queues_[type].by_length.shortest(); }
  /// Of about a dozen with the least keys the longest for which `passes(length)`; kNobody when it passes for
  /// none.
  template <class Passes>
  std::uint32_t longest_near_head(std::uint8_t type, Passes passes) const;

  /// One per type, by type, in step with every push and remove.
  std::span<const WaitLane> lanes() const { return lanes_; }

 private:
  static constexpr std::size_t kNearHead = 12;
  struct Queue {
    IndexedHeap by_key;
    IndexedHeap by_start;  // those with a deadline
    LengthClasses by_length;
  };
  static std::uint32_t top(const IndexedHeap& heap) { return heap.empty() ? kNobody : heap[0].handle; }
  void make_room(std::uint32_t handle);
  void describe(std::uint8_t type);

  std::vector<Queue> queues_;
  std::vector<WaitLane> lanes_;
  // By handle.
  std::vector<Waiter> waiters_;
  IndexedHeap::Positions by_key_at_, by_start_at_;
  LengthClasses::Links links_;
  std::size_t size_ = 0;
  std::uint32_t turn_ = 0;
};

template <class Passes>
std::uint32_t WaitingQueue::longest_near_head(std::uint8_t type, Passes passes) const {
  const IndexedHeap& heap = queues_[type].by_key;
  std::uint32_t best = kNobody;
  for (std::size_t i = 0; i < heap.size() && i < kNearHead; ++i) {
    const std::uint32_t handle = heap[i].handle;
    const std::uint32_t length = waiters_[handle].length;
    if ((best == kNobody || length > waiters_[best].length) && passes(length)) best = handle;
  }
  return best;
}

}  // namespace finishline::sched
