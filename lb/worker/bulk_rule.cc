#include "lb/worker/bulk_rule.h"

namespace finishline::worker {
namespace {

/// What is older than some thirty moves counts for less and less.
constexpr double kKept = 1.0 - 1.0 / 32;

}  // namespace

bool BulkRule::knows_both() const {
  return of(BulkWay::copy).notes >= kFirst && of(BulkWay::splice).notes >= kFirst;
}

void BulkRule::Cost::Half::note(std::size_t more_bytes, Nanos cpu) {
  ns = ns * kKept + static_cast<double>(cpu.count());
  bytes = bytes * kKept + static_cast<double>(more_bytes);
}

/// By halves: what the other side did not take goes out later, at the same price.
double BulkRule::Cost::per_byte() const {
  return in.bytes > 0 && out.bytes > 0 ? in.ns / in.bytes + out.ns / out.bytes : 0;
}

BulkRule::Next BulkRule::next() {
  if (!knows_both()) return {position_++ % 2 == 0 ? BulkWay::copy : BulkWay::splice, true};
  position_ = (position_ + 1) % kCycle;
  if (position_ < kMeasured) return {preferred_, true};
  if (position_ < 2 * kMeasured) return {other(preferred_), true};
  return {preferred_, false};
}

void BulkRule::note(BulkWay way, const BulkMove& move) {
  Cost& cost = of(way);
  cost.in.note(move.in_bytes, move.in_cpu);
  cost.out.note(move.out_bytes, move.out_cpu);
  ++cost.notes;
  if (!knows_both()) return;
  const double mine = of(preferred_).per_byte(), theirs = of(other(preferred_)).per_byte();
  if (theirs < kClearly * mine) preferred_ = other(preferred_);
}

Nanos BulkRule::per_gib(BulkWay way) const {
  return Nanos(static_cast<Nanos::rep>(of(way).per_byte() * static_cast<double>(1U << 30)));
}

}  // namespace finishline::worker
