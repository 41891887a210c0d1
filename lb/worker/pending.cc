#include "lb/worker/pending.h"

#include <algorithm>
#include <utility>

#include "lb/net/copy_past_cache.h"

namespace finishline::worker {

PendingTable::PendingTable() : wheel_(kBuckets, kNoSlot) {}

Pending& PendingTable::add(PendingQueue& queue) {
  if (free_ == kNoSlot) {
    free_ = static_cast<std::uint32_t>(slab_.size());
    slab_.emplace_back().slot = free_;
  }
  Pending& pending = slab_[free_];
  free_ = pending.newer;
  ++pending.generation;
  ++in_use_;
  link(pending, queue);
  return pending;
}

void PendingTable::link(Pending& pending, PendingQueue& queue) {
  pending.newer = kNoSlot;
  pending.older = queue.newest;
  if (queue.newest != kNoSlot) slab_[queue.newest].newer = pending.slot;
  if (queue.oldest == kNoSlot) queue.oldest = pending.slot;
  queue.newest = pending.slot;
  ++queue.size;
}

void PendingTable::unlink(Pending& pending, PendingQueue& queue) {
  (pending.older == kNoSlot ? queue.oldest : slab_[pending.older].newer) = pending.newer;
  (pending.newer == kNoSlot ? queue.newest : slab_[pending.newer].older) = pending.older;
  --queue.size;
}

void PendingTable::move(Pending& pending, PendingQueue& from, PendingQueue& to) {
  unlink(pending, from);
  link(pending, to);
}

Pending* PendingTable::find(Token token) {
  const auto slot = static_cast<std::uint32_t>(token);
  const auto generation = static_cast<std::uint32_t>(token >> 32);
  if (slot >= slab_.size() || (generation & 1) == 0) return nullptr;
  return slab_[slot].generation == generation ? &slab_[slot] : nullptr;
}

Pending* PendingTable::oldest(const PendingQueue& queue) {
  return queue.oldest == kNoSlot ? nullptr : &slab_[queue.oldest];
}

void PendingTable::remove(Pending& pending, PendingQueue& queue) {
  leave_wheel(pending);
  unlink(pending, queue);
  ++pending.generation;
  if (pending.kept_body.capacity() > 0) spare_bodies_.give_back(take_body(pending));
  pending.wait = Waiting::no;
  pending.refusals.reset();
  pending.abandoned_as = proto::Status::ok;
  pending.released = false;
  pending.attempts = 0;
  pending.deadline = Instant::max();
  pending.newer = free_;
  free_ = pending.slot;
  --in_use_;
}

void PendingTable::keep_body(Pending& pending, net::Buffer body) {
  body_bytes_ += body.size();
  pending.kept_body = std::move(body);
}

void PendingTable::keep_body(Pending& pending, std::span<const std::byte> body) {
  constexpr std::size_t kLarge = 1024;
  net::Buffer copy = spare_bodies_.take(body.size());
  if (body.size() < kLarge) {
    copy.append(body);
  } else {  // only a request that is sent again has its copy read
    net::copy_past_cache(copy.prepare(body.size()), body.data(), body.size());
    copy.commit(body.size());
  }
  keep_body(pending, std::move(copy));
}

net::Buffer PendingTable::take_body(Pending& pending) {
  body_bytes_ -= pending.kept_body.size();
  return std::exchange(pending.kept_body, net::Buffer());
}

void PendingTable::watch_deadline(Pending& pending) {
  leave_wheel(pending);
  // One tick later than the deadline's own, so that a bucket is only looked at when all of it is due.
  const std::uint64_t tick = std::max(tick_of(pending.deadline) + 1, wheel_tick_);
  pending.wheel_bucket = static_cast<std::uint32_t>(tick % kBuckets);
  std::uint32_t& head = wheel_[pending.wheel_bucket];
  pending.wheel_prev = kNoSlot;
  pending.wheel_next = head;
  if (head != kNoSlot) slab_[head].wheel_prev = pending.slot;
  head = pending.slot;
  ++on_wheel_;
}

void PendingTable::leave_wheel(Pending& pending) {
  if (pending.wheel_bucket == kNoSlot) return;
  (pending.wheel_prev == kNoSlot ? wheel_[pending.wheel_bucket] : slab_[pending.wheel_prev].wheel_next) =
      pending.wheel_next;
  if (pending.wheel_next != kNoSlot) slab_[pending.wheel_next].wheel_prev = pending.wheel_prev;
  pending.wheel_bucket = kNoSlot;
  --on_wheel_;
}

Pending* PendingTable::expired(Instant now) {
  const std::uint64_t last = tick_of(now);
  if (on_wheel_ == 0) wheel_tick_ = last + 1;
  // After a long sleep one turn of the wheel sees every bucket.
  if (last >= kBuckets) wheel_tick_ = std::max(wheel_tick_, last - kBuckets + 1);
  for (; wheel_tick_ <= last; ++wheel_tick_) {
    for (std::uint32_t slot = wheel_[wheel_tick_ % kBuckets]; slot != kNoSlot;
         slot = slab_[slot].wheel_next) {
      Pending& pending = slab_[slot];
      if (pending.deadline > now) continue;  // a later turn of the wheel
      leave_wheel(pending);
      return &pending;
    }
  }
  return nullptr;
}

}  // namespace finishline::worker
