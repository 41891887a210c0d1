#include "lb/ledger/finish_rule.h"

#include <algorithm>

namespace finishline::ledger {
namespace {

// Beyond any real finish time (146 years of uptime), and far enough from the end of the type to add to.
constexpr std::int64_t kFarthest = std::int64_t{1} << 62;

std::int64_t per_slot(std::int64_t work, std::uint32_t slots) {
  return slots <= 1 ? work : work / static_cast<std::int64_t>(slots);
}

// What waits when `begun` of the requests in flight may be nearly done; the books know only their mean.
std::int64_t waiting(const ServerBooks& books, std::uint32_t begun) {
  if (books.in_flight == 0) return 0;
  const std::int64_t mean = books.owed.count() / books.in_flight;
  return std::max<std::int64_t>(0, books.owed.count() - mean * std::min(begun, books.in_flight));
}

std::int64_t longest_lateness(const ServerBooks& books) {
  constexpr std::int64_t kLeast = 1'000'000'000;
  return books.in_flight == 0 ? kLeast : kLeast + books.owed.count() / books.in_flight * 8;
}

std::int64_t held_to_books(std::int64_t word, const ServerBooks& books, std::uint32_t slots,
                           std::uint32_t begun, std::int64_t now) {
  const std::int64_t latest = latest_finish(books, slots, now);
  return std::clamp(word, std::min(latest, now + per_slot(waiting(books, begun), slots)), latest);
}

}  // namespace

std::int64_t latest_finish(const ServerBooks& books, std::uint32_t slots, std::int64_t now) {
  return now + per_slot(books.owed.count(), slots);
}

std::int64_t booked_finish(std::int64_t from, Nanos service, std::uint32_t slots) {
  return std::min(from, kFarthest) + per_slot(service.count(), slots);
}

std::int64_t overdue_finish(std::int64_t due, const ServerBooks& books, std::uint32_t slots,
                            std::int64_t now) {
  const std::int64_t lateness = std::max<std::int64_t>(0, now - due);
  return now + (lateness > longest_lateness(books) ? 0 : lateness) + per_slot(waiting(books, 1), slots);
}

std::int64_t late_finish(std::int64_t word, const ServerBooks& books, std::uint32_t slots, std::int64_t now) {
  return books.in_flight == 0 ? now : overdue_finish(word, books, slots, now);
}

std::int64_t settled_finish(std::int64_t word, const ServerBooks& books, std::uint32_t slots,
                            const Settlement& outcome, std::int64_t now) {
  if (books.in_flight == 0 && outcome.backlog <= 0ns) return kIdle;
  const ServerBooks known{books.in_flight, std::max(books.owed, outcome.backlog)};
  if (slots <= 1 || books.in_flight == 0) return latest_finish(known, slots, now);
  const std::int64_t moved = word + per_slot((outcome.actual - outcome.booked).count(), slots);
  return held_to_books(moved, known, slots, slots - 1, now);
}

std::int64_t released_finish(std::int64_t word, const ServerBooks& books, std::uint32_t slots, Nanos booked,
                             std::int64_t now) {
  if (books.in_flight == 0) return kIdle;
  return held_to_books(word - per_slot(booked.count(), slots), books, slots, slots, now);
}

bool tells_more(const ServerBooks& books, std::uint32_t slots, Nanos told) {
  return per_slot((told - books.owed).count(), slots) > kToldAge.count();
}

std::int64_t told_finish(std::int64_t word, const ServerBooks& books, std::uint32_t slots, Nanos told,
                         std::int64_t now) {
  const std::int64_t finish = latest_finish({books.in_flight, told}, slots, now);
  return books.in_flight == 0 ? finish : std::max(word, finish);
}

Nanos believed_owed(Nanos known, Nanos hearsay, Nanos reported) {
  return hearsay <= 0ns ? known : std::max(known, reported);
}

bool disagree(Nanos booked, Nanos believed) {
  const Nanos difference = booked > believed ? booked - believed : believed - booked;
  return difference > 1ms && difference > std::max(booked, believed) / 2;
}

std::int64_t remote_finish(std::int64_t word, const ServerBooks& books, std::uint32_t slots,
                           const RemoteChange& change, std::int64_t now) {
  if (books.in_flight == 0)
    return change.settled && change.ago < kFirstTurn ? now + (kFirstTurn - change.ago).count() : kIdle;
  const bool alone = books.in_flight == change.in_flight;
  if (slots <= 1 && change.turned && (change.settled || alone))
    return std::max<std::int64_t>(1, now - change.ago.count() + books.owed.count());
  const std::int64_t moved = std::max(word, now) + per_slot(change.owed.count(), slots);
  return std::clamp(moved, now, latest_finish(books, slots, now));
}

}  // namespace finishline::ledger
