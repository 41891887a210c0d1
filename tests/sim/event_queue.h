// Virtual time, and what is to happen in it. The ground of the deterministic simulation: nothing in a
// simulated world reads a real clock, so a seed repeats a run exactly.
#pragma once

#include <algorithm>
#include <compare>
#include <cstdint>
#include <functional>
#include <map>
#include <utility>

#include "proto/units.h"

namespace finishline::test {

class EventQueue {
 public:
  using Act = std::function<void()>;

  Instant now() const { return now_; }

  /// Acts of one instant happen in the order in which they were planned; what is planned for the past
  /// happens now.
  void at(Instant when, Act act) { events_.emplace(Key{std::max(when, now_), planned_++}, std::move(act)); }
  void after(Nanos delay, Act act) { at(now_ + delay, std::move(act)); }

  /// Moves on to the next act and lets it happen; false when nothing is planned.
  bool step() {
    if (events_.empty()) return false;
    auto event = events_.extract(events_.begin());
    now_ = event.key().when;
    event.mapped()();
    return true;
  }

 private:
  struct Key {
    Instant when;
    std::uint64_t number;
    auto operator<=>(const Key&) const = default;
  };

  Instant now_ = Instant(std::chrono::hours(1));
  std::uint64_t planned_ = 0;
  std::map<Key, Act> events_;
};

}  // namespace finishline::test
