#include "lb/worker/pending.h"

#include <algorithm>
#include <bit>
#include <utility>

#include "lb/net/copy_past_cache.h"

namespace finishline::worker {

namespace {

/// Generations go round.
bool is_later(std::uint32_t one, std::uint32_t other) { return static_cast<std::int32_t>(one - other) > 0; }

}  // namespace

PendingTable::PendingTable(std::uint32_t first) : retired_(first), wheel_(kBuckets, kNoSlot) {}

Pending& PendingTable::add(PendingQueue& queue) {
  Page& page = page_with_room();
  if (page.free == kAllFree) {
    ++used_pages_;
    --spare_pages_;
  }
  Pending& pending = page.entries[static_cast<std::size_t>(std::countr_zero(page.free))];
  page.free &= page.free - 1;
  if (page.free == 0) with_room_[first_with_room_ / 64] &= ~(std::uint64_t{1} << (first_with_room_ % 64));
  ++pending.generation;
  ++in_use_;
  link(pending, queue);
  return pending;
}

/// The first one, so that what is in use stays together.
PendingTable::Page& PendingTable::page_with_room() {
  if (first_with_room_ < pages_.size()) [[likely]] {
    Page* const page = pages_[first_with_room_].get();
    if (page != nullptr && page->free != 0) [[likely]]
      return *page;
  }
  first_with_room_ = find_room();
  return *pages_[first_with_room_];
}

std::size_t PendingTable::find_room() {
  std::size_t word = first_with_room_ / 64;
  while (word < with_room_.size() && with_room_[word] == 0) ++word;
  if (word == with_room_.size()) with_room_.push_back(kAllFree);
  const std::size_t at = 64 * word + static_cast<std::size_t>(std::countr_zero(with_room_[word]));
  if (at >= pages_.size()) pages_.resize(at + 1);
  if (pages_[at] == nullptr) make_page(at);
  return at;
}

void PendingTable::make_page(std::size_t at) {
  pages_[at] = std::make_unique<Page>();
  ++spare_pages_;
  for (std::uint32_t n = 0; n < kPage; ++n) {
    pages_[at]->entries[n].slot = static_cast<std::uint32_t>(at) * kPage + n;
    pages_[at]->entries[n].generation = retired_;
  }
}

void PendingTable::give_back(const Pending& pending) {
  const std::size_t at = pending.slot / kPage;
  Page& page = *pages_[at];
  page.free |= std::uint64_t{1} << (pending.slot % kPage);
  with_room_[at / 64] |= std::uint64_t{1} << (at % 64);
  first_with_room_ = std::min(first_with_room_, at);
  if (page.free != kAllFree) return;
  --used_pages_;
  if (++spare_pages_ > kSparePages) retire(at);
}

void PendingTable::retire(std::size_t at) {
  for (const Pending& it : pages_[at]->entries)
    if (is_later(it.generation, retired_)) retired_ = it.generation;
  pages_[at].reset();
  --spare_pages_;
}

void PendingTable::link(Pending& pending, PendingQueue& queue) {
  pending.newer = kNoSlot;
  pending.older = queue.newest;
  if (queue.newest != kNoSlot) at(queue.newest).newer = pending.slot;
  if (queue.oldest == kNoSlot) queue.oldest = pending.slot;
  queue.newest = pending.slot;
  ++queue.size;
}

void PendingTable::unlink(Pending& pending, PendingQueue& queue) {
  (pending.older == kNoSlot ? queue.oldest : at(pending.older).newer) = pending.newer;
  (pending.newer == kNoSlot ? queue.newest : at(pending.newer).older) = pending.older;
  --queue.size;
}

void PendingTable::move(Pending& pending, PendingQueue& from, PendingQueue& to) {
  unlink(pending, from);
  link(pending, to);
}

Pending* PendingTable::find(Token token) {
  const auto slot = static_cast<std::uint32_t>(token);
  const auto generation = static_cast<std::uint32_t>(token >> 32);
  if (slot / kPage >= pages_.size() || pages_[slot / kPage] == nullptr || (generation & 1) == 0)
    return nullptr;
  return at(slot).generation == generation ? &at(slot) : nullptr;
}

bool PendingTable::has_made(Token token) const {
  const auto slot = static_cast<std::uint32_t>(token);
  const auto generation = static_cast<std::uint32_t>(token >> 32);
  if (slot / kPage >= pages_.size() || (generation & 1) == 0) return false;
  const Page* const page = pages_[slot / kPage].get();
  return !is_later(generation, page == nullptr ? retired_ : page->entries[slot % kPage].generation);
}

Pending* PendingTable::oldest(const PendingQueue& queue) {
  return queue.oldest == kNoSlot ? nullptr : &at(queue.oldest);
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
  pending.kept_headers = 0;
  pending.deadline = Instant::max();
  --in_use_;
  give_back(pending);
}

void PendingTable::keep_body(Pending& pending, net::Buffer kept, std::size_t headers) {
  body_bytes_ += kept.size();
  pending.kept_body = std::move(kept);
  pending.kept_headers = static_cast<std::uint16_t>(headers);
}

void PendingTable::keep_body(Pending& pending, std::string_view headers, std::span<const std::byte> body) {
  constexpr std::size_t kLarge = 1024;
  net::Buffer copy = spare_bodies_.take(headers.size() + body.size());
  copy.append(std::as_bytes(std::span(headers)));
  if (body.size() < kLarge) {
    copy.append(body);
  } else {  // only a request that is sent again has its copy read
    net::copy_past_cache(copy.prepare(body.size()), body.data(), body.size());
    copy.commit(body.size());
  }
  keep_body(pending, std::move(copy), headers.size());
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
  if (head != kNoSlot) at(head).wheel_prev = pending.slot;
  head = pending.slot;
  ++on_wheel_;
}

void PendingTable::leave_wheel(Pending& pending) {
  if (pending.wheel_bucket == kNoSlot) return;
  (pending.wheel_prev == kNoSlot ? wheel_[pending.wheel_bucket] : at(pending.wheel_prev).wheel_next) =
      pending.wheel_next;
  if (pending.wheel_next != kNoSlot) at(pending.wheel_next).wheel_prev = pending.wheel_prev;
  pending.wheel_bucket = kNoSlot;
  --on_wheel_;
}

Pending* PendingTable::expired(Instant now) {
  const std::uint64_t last = tick_of(now);
  if (on_wheel_ == 0) wheel_tick_ = last + 1;
  // After a long sleep one turn of the wheel sees every bucket.
  if (last >= kBuckets) wheel_tick_ = std::max(wheel_tick_, last - kBuckets + 1);
  for (; wheel_tick_ <= last; ++wheel_tick_) {
    for (std::uint32_t slot = wheel_[wheel_tick_ % kBuckets]; slot != kNoSlot; slot = at(slot).wheel_next) {
      Pending& pending = at(slot);
      if (pending.deadline > now) continue;  // a later turn of the wheel
      leave_wheel(pending);
      return &pending;
    }
  }
  return nullptr;
}

}  // namespace finishline::worker
