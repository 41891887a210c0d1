#include "lb/sched/waiting_queue.h"

#include <algorithm>

#include "proto/frame.h"

namespace finishline::sched {
namespace {

constexpr double kLongestTurn = 60e9;  // ns

}  // namespace

WaitingQueue::WaitingQueue(std::size_t types, std::uint16_t worker, std::uint32_t max_ahead)
    : queues_(types), lanes_(types), max_ahead_(max_ahead), lines_(types) {
  for (std::size_t type = 0; type < types; ++type) {
    lanes_[type].worker = worker;
    lanes_[type].type = static_cast<std::uint8_t>(type);
  }
}

WaitingQueue::Line& WaitingQueue::line_of(const Waiter& waiter) {
  std::vector<Line>& lines = lines_[waiter.type];
  const std::size_t at = waiter.client * proto::kPriorities + waiter.priority;
  if (at >= lines.size()) lines.resize(std::max(at + 1, 2 * lines.size()));
  return lines[at];
}

void WaitingQueue::push(std::uint32_t handle, const Waiter& waiter) {
  places_.hold(handle).waiter = waiter;
  set_time(waiter.since);
  ++size_;
  ++lanes_[waiter.type].count;
  lanes_[waiter.type].volume += waiter.length;
  Line* const line = max_ahead_ > 0 ? &line_of(waiter) : nullptr;
  if (line != nullptr && line->ahead >= max_ahead_) return stand_behind(handle, *line);
  if (line != nullptr) ++line->ahead;
  compete(handle);
  describe(waiter.type);
}

void WaitingQueue::remove(std::uint32_t handle) {
  const Waiter waiter = places_[handle].waiter;
  --size_;
  --lanes_[waiter.type].count;
  lanes_[waiter.type].volume -= waiter.length;
  Line* const line = max_ahead_ > 0 ? &line_of(waiter) : nullptr;
  if (places_[handle].behind) {
    leave_line(handle, *line);
  } else {
    leave(handle);
    if (line != nullptr) enter_next(*line, waiter);
  }
  places_.leave(handle);
  describe(waiter.type);
}

void WaitingQueue::compete(std::uint32_t handle) {
  const Waiter& waiter = places_[handle].waiter;
  Queue& queue = queues_[waiter.type];
  queue.by_key.push({waiter.key, turn_, handle}, by_key_at());
  if (waiter.latest_start != kNoKey) queue.by_start.push({waiter.latest_start, turn_, handle}, by_start_at());
  queue.by_length.add(handle, waiter.length, links());
  places_[handle].behind = false;
  if (waiter.work > 0) ++competing_of(waiter);
  ++turn_;
}

void WaitingQueue::leave(std::uint32_t handle) {
  const Waiter& waiter = places_[handle].waiter;
  Queue& queue = queues_[waiter.type];
  queue.by_key.remove(handle, by_key_at());
  if (waiter.latest_start != kNoKey) queue.by_start.remove(handle, by_start_at());
  queue.by_length.remove(handle, waiter.length, links());
  if (waiter.work > 0) --competing_of(waiter);
}

std::uint32_t& WaitingQueue::competing_of(const Waiter& waiter) {
  const std::size_t least = waiter.client + std::size_t{1};
  if (least > competing_.size()) competing_.resize(std::max(least, 2 * competing_.size()));
  return competing_[waiter.client];
}

// --- behind ------------------------------------------------------------------------------------------

void WaitingQueue::stand_behind(std::uint32_t handle, Line& line) {
  const Waiter& waiter = places_[handle].waiter;
  places_[handle].link = {line.last, kNobody};
  (line.last == kNobody ? line.first : places_[line.last].link.newer) = handle;
  line.last = handle;
  if (waiter.latest_start != kNoKey)
    queues_[waiter.type].behind_by_start.push({waiter.latest_start, turn_++, handle}, by_start_at());
  places_[handle].behind = true;
}

void WaitingQueue::leave_line(std::uint32_t handle, Line& line) {
  const LengthClasses::Link link = places_[handle].link;
  (link.older == kNobody ? line.first : places_[link.older].link.newer) = link.newer;
  (link.newer == kNobody ? line.last : places_[link.newer].link.older) = link.older;
  const Waiter& waiter = places_[handle].waiter;
  if (waiter.latest_start != kNoKey) queues_[waiter.type].behind_by_start.remove(handle, by_start_at());
}

/// Of the one that enters in its place.
std::int64_t WaitingQueue::next_stamp(const Waiter& left) const {
  if (left.work <= 0 || mean_work_ <= 0) return now_;
  const double turns = left.work * (competing_[left.client] + 1) / (mean_work_ * max_ahead_);
  const auto waited = static_cast<double>(std::max<std::int64_t>(now_ - left.since, 0));
  return left.since + static_cast<std::int64_t>(std::min(waited * turns, kLongestTurn));
}

/// One of this client competes no more: its next one does, as if it had come when its turn came.
void WaitingQueue::enter_next(Line& line, const Waiter& left) {
  const std::uint32_t next = line.first;
  if (next == kNobody) return --line.ahead, void();
  leave_line(next, line);
  Waiter& waiter = places_[next].waiter;
  const std::int64_t late_by =
      waiter.work > 0 ? next_stamp(left) - waiter.since : std::max<std::int64_t>(now_ - waiter.since, 0);
  waiter.key += late_by;
  waiter.since += late_by;
  compete(next);
}

std::uint32_t WaitingQueue::too_late(std::uint8_t type, std::int64_t now) const {
  const Queue& queue = queues_[type];
  for (const IndexedHeap* const heap : {&queue.by_start, &queue.behind_by_start})
    if (!heap->empty() && (*heap)[0].key < now) return (*heap)[0].handle;
  return kNobody;
}

/// Who is first, most urgent, longest and shortest now.
void WaitingQueue::describe(std::uint8_t type) {
  WaitLane& lane = lanes_[type];
  const auto length_of = [this](std::uint32_t handle) {
    return handle == kNobody ? 0 : waiter(handle).length;
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
