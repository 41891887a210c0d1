// The lease of a seat: who of several proxies decides for all of them in a pool (ledger/seats.h). It is a key
// in the engine that names its holder and ends by itself; whoever finds none may set it. Pure: times and
// answers come in, what to ask goes out.
//
//   free   --nobody is heard to have it: SET NX, kTerm, every kTryAgain--> held
//   held   --every kRenew, only while it is still ours--> held
//          --refused, or unrenewed for kGiveUp--> free
//
// It is given up before the key ends, so that two have it only if clocks run apart by kTerm - kGiveUp, or the
// engine forgets; and two do no harm.
#pragma once

#include <cstdint>
#include <optional>

#include "proto/units.h"

namespace finishline::peers {

class SeatLease {
 public:
  static constexpr Nanos kTerm = 500ms;  // of the key, from when the engine has last heard of it
  static constexpr Nanos kRenew = 150ms;
  static constexpr Nanos kGiveUp = 350ms;  // from when the last renewal was asked for
  static constexpr Nanos kTryAgain = 50ms;

  enum class Ask : std::uint8_t { nothing, take, renew };

  /// What to ask now; it is asked, then. `others`: another proxy is heard to have it. To be called every few
  /// milliseconds.
  Ask look(Instant now, bool others);
  /// Of what was asked last: it is ours.
  void answered(bool ours);
  /// What was asked is not answered any more.
  void lost() { asked_ = false; }

  bool holds(Instant now) const { return now < held_until_; }
  /// Unless it is renewed.
  Instant held_until() const { return held_until_; }

 private:
  bool asked_ = false;  // and not answered
  std::optional<Instant> asked_at_{};
  Instant held_until_{};
};

}  // namespace finishline::peers
