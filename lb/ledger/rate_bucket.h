// A token bucket in one shared word: the generic cell rate algorithm, in its form with a virtual clock (ITU-T
// I.371, annex A). The word is the theoretical arrival time of the next event; an event conforms when it
// comes no earlier than `tolerance` before that, and moves it on by `interval`. One compare-and-swap per
// event, so the rate is exact over all workers, and a worker that dies leaves nothing half done.
#pragma once

#include <algorithm>
#include <cstdint>

#include "lb/ledger/cell.h"
#include "proto/units.h"

namespace finishline::ledger {

/// Events may come one per `interval` in the long run, and burst = tolerance / interval + 1 of them at once.
struct RateLimit {
  Nanos interval{};  // 0: no limit
  Nanos tolerance{};

  bool limits() const { return interval > 0ns; }
  static RateLimit of(Nanos interval, std::uint32_t burst) {
    return {interval, interval * (std::max(burst, 1U) - 1)};
  }
};

class RateBucket {
 public:
  /// Borrows the word, which starts at 0: a full bucket.
  explicit RateBucket(Cell<std::int64_t>& word) : word_(word) {}

  /// How long until an event conforms; 0: now. Takes nothing.
  Nanos wait(const RateLimit& limit, Instant now) const { return wait_at(read(), limit, now); }

  /// Takes one event, or nothing and returns how long until one conforms. Relaxed reading is enough: the word
  /// stands alone, and a stale one fails the exchange.
  Nanos take(const RateLimit& limit, Instant now) {
    std::int64_t seen = read();
    for (;;) {
      const Nanos wait = wait_at(seen, limit, now);
      if (wait > 0ns || word_.compare_exchange(seen, std::max(seen, ns(now)) + limit.interval.count()))
        return wait;
    }
  }

  /// Takes one event that has happened already, conforming or not; later ones wait the longer for it.
  void charge(const RateLimit& limit, Instant now) {
    std::int64_t seen = read();
    while (!word_.compare_exchange(seen, std::max(seen, ns(now)) + limit.interval.count())) {
    }
  }

  /// Takes back one event that did not happen after all.
  void give_back(const RateLimit& limit) {
    std::int64_t seen = read();
    while (!word_.compare_exchange(seen, seen - limit.interval.count())) {
    }
  }

  /// No event in the recent past: as good as new.
  bool full(Instant now) const { return read() <= ns(now); }

  /// For a new owner of the word; others may still look at it.
  void refill() { word_.store(0, std::memory_order_relaxed); }

 private:
  static std::int64_t ns(Instant t) { return t.time_since_epoch().count(); }
  static Nanos wait_at(std::int64_t word, const RateLimit& limit, Instant now) {
    return std::max(Nanos(word - ns(now)) - limit.tolerance, 0ns);
  }
  std::int64_t read() const { return word_.load(std::memory_order_relaxed); }

  Cell<std::int64_t>& word_;
};

}  // namespace finishline::ledger
