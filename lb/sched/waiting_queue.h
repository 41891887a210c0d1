// The requests of one pool that wait in one worker for a server, a queue per type. Floor 1: pure; it holds
// handles of the caller's (slots of its table), keys and lengths, and knows neither requests nor clocks.
//
// Of each client at most `max_ahead` of a type and priority class compete; its further ones stand behind
// them, in a line of its own, and enter one by one as others leave. They are stamped then: their keys are as
// if they had just come. So whoever asks seldom finds no more than max_ahead requests of each class of each
// other client before it, however many those have open; all of a type that wait are served in turns, client
// by client; and what is urgent does not stand behind what the same client has asked for before.
//
// Where clients have weights, turns are of time and not of requests: one of a client that enters as another
// leaves is stamped by as much of the time which that has waited as the service it gets is of a fair turn,
//
//   stamp = stamp of the one that leaves + its waiting time * (service / weight) * competing of this client
//                                                          / (mean service * max_ahead)
//
// which is the time of entering for one with as much service and weight as all have on average. So of clients
// in which always something stands behind each gets service by its weight, whatever the lengths and types of
// their requests: start-time fair queueing (P. Goyal, H. Vin, H. Cheng, IEEE/ACM ToN 5(5), 1997), with the
// time that requests wait for its virtual clock.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "lb/sched/indexed_heap.h"
#include "lb/sched/length_classes.h"
#include "lb/sched/paged_column.h"
#include "lb/sched/wait_lane.h"

namespace finishline::sched {

inline constexpr std::uint32_t kNobody = 0xffffffff;

/// What waits, in the terms of the rule.
struct Waiter {
  std::int64_t key = 0;                // see Matching::key_of
  std::int64_t latest_start = kNoKey;  // ns: later, and no server meets its deadline; kNoKey: it has none
  std::uint32_t length = 0;            // units
  std::uint8_t type = 0;
  std::uint8_t priority = 0;  // class, below proto::kPriorities
  std::uint32_t client = 0;   // whose it is: small numbers, used again
  std::int64_t since = 0;     // ns: when it came; the key counts from then
  double work = 0;            // ns: its service by its client's weight; 0: weights do not count for it
};

/// Memory is by what waits, and by the largest client: those should be small and used again.
class WaitingQueue {
 public:
  /// `worker` is told in the lanes. max_ahead 0: all compete.
  explicit WaitingQueue(std::size_t types, std::uint16_t worker = 0, std::uint32_t max_ahead = 0);

  /// O(log n). The handle must not wait already.
  void push(std::uint32_t handle, const Waiter& waiter);
  /// O(log n), wherever it stands: it is sent, its client has left, its deadline has passed. It must be
  /// waiting.
  void remove(std::uint32_t handle);
  /// What enters from now on is stamped with this time; it never falls.
  void set_time(std::int64_t now) { now_ = now > now_ ? now : now_; }
  /// The mean service of what comes, ns; 0: not known, and each request counts as one.
  void set_mean_work(std::int64_t mean) { mean_work_ = static_cast<double>(mean); }

  std::size_t size() const { return size_; }
  /// What one that waits takes here.
  static constexpr std::size_t bytes_of_one() { return sizeof(Place) + sizeof(IndexedHeap::Node); }
  bool empty(std::uint8_t type) const { return lanes_[type].count == 0; }
  bool waits(std::uint32_t handle) const { return places_.holds(handle); }
  /// Of a handle that waits.
  const Waiter& waiter(std::uint32_t handle) const { return places_[handle].waiter; }

  // Each is a handle of those that compete, or kNobody when nothing of that type waits. Equal keys and
  // starts: who came first.
  std::uint32_t head(std::uint8_t type) const { return top(queues_[type].by_key); }
  std::uint32_t most_urgent(std::uint8_t type) const { return top(queues_[type].by_start); }
  /// To an eighth, the oldest of those.
  std::uint32_t longest(std::uint8_t type) const { return queues_[type].by_length.longest(); }
  std::uint32_t shortest(std::uint8_t type) const { return queues_[type].by_length.shortest(); }
  /// Of about a dozen with the least keys the longest for which `passes(length)`; kNobody when it passes for
  /// none.
  template <class Passes>
  std::uint32_t longest_near_head(std::uint8_t type, Passes passes) const;
  /// Of about a dozen with the earliest latest starts the earliest for which `passes(waiter)`; kNobody when
  /// it passes for none.
  template <class Passes>
  std::uint32_t first_urgent(std::uint8_t type, Passes passes) const;
  /// One whose latest start is before `now`, whether it competes or not; kNobody: there is none of this type.
  std::uint32_t too_late(std::uint8_t type, std::int64_t now) const;

  /// One per type, by type, in step with every push and remove. Count and volume are of all that wait.
  std::span<const WaitLane> lanes() const { return lanes_; }

 private:
  static constexpr std::size_t kNearHead = 12;
  struct Queue {
    IndexedHeap by_key;
    IndexedHeap by_start;  // those with a deadline
    LengthClasses by_length;
    IndexedHeap behind_by_start;  // those behind, with a deadline
  };
  /// Of one client, type and class: how many compete, and those behind, by handle.
  struct Line {
    std::uint32_t ahead = 0;
    std::uint32_t first = kNobody, last = kNobody;
  };
  struct Place {
    Waiter waiter;
    bool behind = false;  // in its client's line; else it competes
    std::uint32_t by_key_at = 0, by_start_at = 0;
    LengthClasses::Link link;  // of those behind: their neighbours in the line
  };
  /// One member of all places, as a column.
  template <class Member>
  struct Column {
    PagedColumn<Place>& places;
    Member Place::*member;
    Member& operator[](std::uint32_t handle) const { return places[handle].*member; }
  };
  Column<std::uint32_t> by_key_at() { return {places_, &Place::by_key_at}; }
  Column<std::uint32_t> by_start_at() { return {places_, &Place::by_start_at}; }
  Column<LengthClasses::Link> links() { return {places_, &Place::link}; }
  static std::uint32_t top(const IndexedHeap& heap) { return heap.empty() ? kNobody : heap[0].handle; }
  Line& line_of(const Waiter& waiter);
  void compete(std::uint32_t handle);
  void stand_behind(std::uint32_t handle, Line& line);
  void leave(std::uint32_t handle);
  void leave_line(std::uint32_t handle, Line& line);
  void enter_next(Line& line, const Waiter& left);
  std::int64_t next_stamp(const Waiter& left) const;
  std::uint32_t& competing_of(const Waiter& waiter);
  void describe(std::uint8_t type);

  std::vector<Queue> queues_;
  std::vector<WaitLane> lanes_;
  std::uint32_t max_ahead_;
  std::vector<std::vector<Line>> lines_;  // by type, and by client and class
  std::vector<std::uint32_t> competing_;  // by client: of all types and classes, where weights count
  double mean_work_ = 0;
  PagedColumn<Place> places_;  // by handle
  std::size_t size_ = 0;
  std::uint32_t turn_ = 0;
  std::int64_t now_ = 0;
};

template <class Passes>
std::uint32_t WaitingQueue::longest_near_head(std::uint8_t type, Passes passes) const {
  const IndexedHeap& heap = queues_[type].by_key;
  std::uint32_t best = kNobody;
  for (std::size_t i = 0; i < heap.size() && i < kNearHead; ++i) {
    const std::uint32_t handle = heap[i].handle;
    const std::uint32_t length = waiter(handle).length;
    if ((best == kNobody || length > waiter(best).length) && passes(length)) best = handle;
  }
  return best;
}

template <class Passes>
std::uint32_t WaitingQueue::first_urgent(std::uint8_t type, Passes passes) const {
  const IndexedHeap& heap = queues_[type].by_start;
  std::uint32_t best = kNobody;
  for (std::size_t i = 0; i < heap.size() && i < kNearHead; ++i) {
    const std::uint32_t handle = heap[i].handle;
    const bool earlier = best == kNobody || waiter(handle).latest_start < waiter(best).latest_start;
    if (earlier && passes(waiter(handle))) best = handle;
  }
  return best;
}

}  // namespace finishline::sched
