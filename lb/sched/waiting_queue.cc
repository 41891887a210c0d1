#include "lb/sched/waiting_queue.h"

#include <algorithm>

namespace finishline::sched {

WaitingQueue::WaitingQueue(std::size_t types, std::uint16_t worker) : queues_(types), lanes_(types) {
  for (std::size_t type = 0; type < types; ++type) {
    lanes_[type].worker = worker;
    lanes_[type].type = static_cast<std::uint8_t>(type);
  }
}

void WaitingQueue::make_room(std::uint32_t handle) {
  if (handle < waiters_.size()) return;
  const std::size_t size = std::max<std::size_t>(handle + 1U, 2 * waiters_.size());
  waiters_.resize(size);
  by_key_at_.resize(size, kNobody);
  by_start_at_.resize(size);
  links_.resize(size);
}

void WaitingQueue::push(std::uint32_t handle, const Waiter& waiter) {
  make_room(handle);
  waiters_[handle] = waiter;
  Queue& queue = queues_[waiter.type];
  queue.by_key.push({waiter.key, turn_, handle}, by_key_at_);
  if (waiter.latest_start != kNoKey) queue.by_start.push({waiter.latest_start, turn_, handle}, by_start_at_);
  queue.by_length.add(handle, waiter.length, links_);
  ++turn_;
  ++size_;
  ++lanes_[waiter.type].count;
  lanes_[waiter.type].volume += waiter.length;
  describe(waiter.type);
}

void WaitingQueue::remove(std::uint32_t handle) {
  const Waiter& waiter = waiters_[handle];
  Queue& queue = queues_[waiter.type];
  queue.by_key.remove(handle, by_key_at_);
  by_key_at_[handle] = kNobody;
  if (waiter.latest_start != kNoKey) queue.by_start.remove(handle, by_start_at_);
  queue.by_length.remove(handle, waiter.length, links_);
  --size_;
  --lanes_[waiter.type].count;
  lanes_[waiter.type].volume -= waiter.length;
  describe(waiter.type);
}

/// Who is first, most urgent, longest and shortest now.
void WaitingQueue::describe(std::uint8_t type) {
  WaitLane& lane = lanes_[type];
  const auto length_of = [this](std::uint32_t handle) {
    return handle == kNobody ? 0 : waiters_[handle].length;
  };
  const IndexedHeap& by_key = queues_[type].by_key;
  const IndexedHeap& by_start = queues_[type].by_start;
  lane.head_key = by_key.empty() ? kNoKey : by_key[0].key;
  lane.urgent_start = by_start.empty() ? kNoKey : by_start[0].key;
  lane.head_length = length_of(head(type));
  lane.urgent_length = length_of(most_urgent(type));
  lane.longest = length_of(longest(type));
  lane.shortest = length_of(shortest(type));
}

}  // namespace finishline::sched
