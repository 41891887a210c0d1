#include "lb/ledger/seats.h"

#include <algorithm>
#include <atomic>

#include "lb/ledger/demand.h"
#include "lb/ledger/layout.h"

namespace finishline::ledger {
namespace {

constexpr auto kRelaxed = std::memory_order_relaxed;
constexpr auto kAcquire = std::memory_order_acquire;
constexpr auto kRelease = std::memory_order_release;

std::int64_t ns(Instant t) { return t.time_since_epoch().count(); }

// --- words -------------------------------------------------------------------------------------------

constexpr std::int64_t kWho = 0xff;

std::int64_t who_of(SeatHolder holder) {
  switch (holder.who) {
    case SeatHolder::Who::self:
      return 1;
    case SeatHolder::Who::node:
      return 2 + holder.node;
    case SeatHolder::Who::nobody:
      break;
  }
  return 0;
}

SeatHolder holder_in(std::int64_t word, Instant now) {
  const std::int64_t who = word & kWho;
  if (who == 0 || (word & ~kWho) <= ns(now)) return {};
  if (who == 1) return {.who = SeatHolder::Who::self};
  return {.who = SeatHolder::Who::node, .node = static_cast<std::uint32_t>(who - 2)};
}

constexpr std::uint64_t kTimeBits = (std::uint64_t{1} << 40) - 1;
constexpr std::uint64_t kBeingWritten = 0xff, kTaken = 0x40;

std::uint64_t us40(Instant t) { return static_cast<std::uint64_t>(ns(t) / 1000) & kTimeBits; }
bool is_call(std::uint64_t word) { return word != 0 && (word & 0xff) != kBeingWritten; }

/// Since that call; a word of the future, by a clock read elsewhere, is as young as one of now.
Nanos age_of(std::uint64_t word, Instant now) {
  const std::uint64_t age = (us40(now) - (word >> 24)) & kTimeBits;
  return age > kTimeBits / 2 ? 0ns : Nanos(static_cast<std::int64_t>(age) * 1000);
}

std::uint64_t word_of(const SeatCall& call) {
  return us40(call.at) << 24 | std::uint64_t{call.node & 0xff} << 16 | std::uint64_t{call.lane} << 8 |
         (call.reason + 1U);
}

SeatCall call_in(std::uint64_t word, std::uint64_t work, Instant now) {
  return {.node = static_cast<std::uint32_t>(word >> 16 & 0xff),
          .lane = static_cast<std::uint8_t>(word >> 8),
          .reason = static_cast<std::uint8_t>((word & 0xff & ~kTaken) - 1),
          .length = static_cast<std::uint32_t>(work >> 32),
          .service = Nanos(static_cast<std::int64_t>(work & 0xffffffffU) * 1000),
          .at = now - age_of(word, now)};
}

}  // namespace

namespace {

/// Smoothed, as round trips are: an eighth of each new one.
void note_trip(EngineRow& row, Nanos trip) {
  const std::int64_t before = row.call_trip.load(kRelaxed);
  row.calls_came.add(1);
  row.call_trip.store(before == 0 ? trip.count() : before + (trip.count() - before) / 8, kRelaxed);
}

}  // namespace

SeatCallStatus seat_calls_status(const Ledger& ledger) {
  const EngineRow& row = ledger.layout().engine;
  return {row.calls.load(kRelaxed), row.calls_came.load(kRelaxed), Nanos(row.call_trip.load(kRelaxed))};
}

// --- who has it --------------------------------------------------------------------------------------

SeatStatus seat_status(const Ledger& ledger, PoolId pool, Instant now) {
  if (pool >= kSharingPools) return {};
  const SeatRow& row = ledger.layout().seat(pool);
  const std::int64_t word = row.word.load(kAcquire);
  return {.holder = holder_in(word, now),
          .until = Instant(Nanos(word & ~kWho)),
          .since = Instant(Nanos(row.since.load(kRelaxed))),
          .moves = row.moves.load(kRelaxed)};
}

SeatHolder seat_holder(const Ledger& ledger, PoolId pool, Instant now) {
  if (pool >= kSharingPools) return {};
  return holder_in(ledger.layout().seat(pool).word.load(kRelaxed), now);
}

bool show_seat(Ledger& ledger, PoolId pool, SeatHolder holder, Instant until, Instant now) {
  if (pool >= kSharingPools) return false;
  SeatRow& row = ledger.layout().seat(pool);
  const bool moves = holder_in(row.word.load(kRelaxed), now) != holder;
  if (moves) {
    row.since.store(ns(now), kRelaxed);
    if (holder.who != SeatHolder::Who::nobody) row.moves.add(1);
  }
  row.word.store((ns(until) & ~kWho) | who_of(holder), kRelease);
  return moves;
}

// --- calls -------------------------------------------------------------------------------------------

bool SeatCalls::call(ServerId server, const SeatCall& call) const {
  for (SeatCallRow::Slot& slot : layout_->seat_calls(server).slots) {
    std::uint64_t seen = slot.call.load(kAcquire);
    if (seen != 0 && age_of(seen, call.at) <= kSeatCallHolds) continue;
    const std::uint64_t word = word_of(call);
    if (!slot.call.compare_exchange(seen, word | kBeingWritten)) continue;
    const auto us = std::clamp<std::int64_t>(call.service.count() / 1000, 0, 0xffffffff);
    slot.work.store(std::uint64_t{call.length} << 32 | static_cast<std::uint64_t>(us), kRelaxed);
    slot.call.store(word, kRelease);
    return true;
  }
  return false;
}

void SeatCalls::read(ServerId server, Instant now, std::vector<SeatCall>& to) const {
  for (const SeatCallRow::Slot& slot : std::as_const(*layout_).seat_calls(server).slots) {
    const std::uint64_t word = slot.call.load(kAcquire);
    if (is_call(word) && age_of(word, now) <= kSeatLeftOut)
      to.push_back(call_in(word, slot.work.load(kRelaxed), now));
  }
}

void SeatCalls::take(ServerId server, Instant now, std::vector<SeatCall>& to) const {
  for (SeatCallRow::Slot& slot : layout_->seat_calls(server).slots) {
    std::uint64_t word = slot.call.load(kAcquire);
    if (!is_call(word) || (word & kTaken) != 0 || age_of(word, now) > kSeatCallHolds) continue;
    const SeatCall call = call_in(word, slot.work.load(kRelaxed), now);
    if (!slot.call.compare_exchange(word, word | kTaken)) continue;
    layout_->engine.calls.add(1);
    to.push_back(call);
  }
}

/// The newest first: one that was lost must not stand for the next, and that for the one after it, for good.
void SeatCalls::came(std::uint32_t node, ServerId server, std::uint64_t requests, Instant now) const {
  auto& slots = layout_->seat_calls(server).slots;
  for (std::uint64_t left = std::min<std::uint64_t>(requests, kSeatCalls); left > 0; --left) {
    SeatCallRow::Slot* newest = nullptr;
    std::uint64_t call = 0;
    for (SeatCallRow::Slot& slot : slots) {
      const std::uint64_t word = slot.call.load(kAcquire);
      if (!is_call(word) || (word >> 16 & 0xff) != node ||
          (newest != nullptr && age_of(call, now) <= age_of(word, now)))
        continue;
      newest = &slot;
      call = word;
    }
    if (newest == nullptr) return;
    if (newest->call.compare_exchange(call, 0))
      note_trip(layout_->engine, std::min(age_of(call, now), kSeatCallHolds));
  }
}

// --- grants ------------------------------------------------------------------------------------------

bool give_grant(Ledger& ledger, WorkerId worker, const SeatGrant& grant, Instant now) {
  SeatGrantRow& row = ledger.layout().seat_grants(worker);
  const std::uint32_t written = row.written.load(kRelaxed);
  if (written - row.taken.load(kAcquire) >= kSeatGrants) return false;
  SeatGrantRow::Slot& slot = row.slots[written % kSeatGrants];
  slot.what.store(std::uint64_t{grant.server} << 32 | std::uint64_t{grant.lane} << 8 | grant.reason,
                  kRelaxed);
  slot.length.store(grant.length, kRelaxed);
  slot.at.store(ns(now), kRelaxed);
  row.written.store(written + 1, kRelease);
  return true;
}

std::optional<SeatGrant> take_grant(Ledger& ledger, WorkerId self, Instant now) {
  SeatGrantRow& row = ledger.layout().seat_grants(self);
  std::uint32_t taken = row.taken.load(kRelaxed);
  for (; taken != row.written.load(kAcquire); row.taken.store(taken, kRelease)) {
    const SeatGrantRow::Slot& slot = row.slots[taken++ % kSeatGrants];
    const std::uint64_t what = slot.what.load(kRelaxed);
    const SeatGrant grant{.server = static_cast<ServerId>(what >> 32),
                          .lane = static_cast<std::uint8_t>(what >> 8),
                          .reason = static_cast<std::uint8_t>(what),
                          .length = slot.length.load(kRelaxed)};
    if (ns(now) - slot.at.load(kRelaxed) > kSeatGrantHolds.count()) continue;
    row.taken.store(taken, kRelease);
    return grant;
  }
  return std::nullopt;
}

}  // namespace finishline::ledger
