// Whether a loop that has nothing to do looks for more bytes for a while before it sleeps. A sleep and the
// wake from it cost the next request some 5 to 50 us; looking costs the time of a core. Pure: it is told what
// each turn brought.
//
// Adaptive, it looks where bytes have lately come soon after a turn, as kernels poll for a halted guest
// (Linux, Documentation/virt/kvm/halt-polling.rst): the window grows when bytes came soon after the loop had
// gone to sleep, and shrinks when they came late. What is looked in vain is paid from a budget, a share of a
// core.
#pragma once

#include <cstddef>
#include <optional>

#include "proto/units.h"

namespace finishline::net {

class BusyPoll {
 public:
  /// What is looked in vain is at most this share of a core.
  static constexpr double kBudget = 0.05;
  /// The widest window: who waits for longer saves no more than the sleep costs.
  static constexpr Nanos kMost = 50us;
  /// A window begins with this and is closed below it.
  static constexpr Nanos kLeast = 10us;
  /// A turn that read more often is a batch: batches get larger while the loop sleeps.
  static constexpr std::size_t kFew = 2;

  /// Looks for so long after the last bytes, always; 0: never; none: adaptive.
  explicit BusyPoll(std::optional<Nanos> window) : adapts_(!window), window_(window.value_or(0ns)) {}

  bool is_off() const { return !adapts_ && window_ == 0ns; }

  /// At the end of a turn that read `reads` times: whether to look again at once.
  bool looks_again(std::size_t reads, Instant now);

  /// How long it looks after the last bytes.
  Nanos window() const { return window_; }

 private:
  void learn(Nanos waited);
  void looked_in_vain(Instant now);
  /// Each vain window keeps the budget busy for as long as it would take to earn it, a few ahead at most.
  bool can_pay(Instant now) const { return paid_until_ - now <= kAhead; }
  static constexpr Nanos kAhead = 20ms;

  bool adapts_;
  bool looking_ = false;  // since the last bytes, without a sleep
  Nanos window_;
  Instant last_bytes_{};
  Instant paid_until_{};
};

}  // namespace finishline::net
