// When a client sends a request again, and after how long. Pure: chance comes in as an argument.
#pragma once

#include <cstdint>
#include <optional>

#include "proto/units.h"

namespace finishline::clib {

struct RetryRule {
  unsigned attempts = 4;  // of one request, all in all
  Nanos first_pause = 50ms;
  Nanos longest_pause = 2s;

  /// The pause after so many failures in a row, the first being 1: it doubles, up to the longest, and is
  /// drawn from its upper half so that clients come apart. `chance` is in [0, 1).
  Nanos backoff(unsigned failures, double chance) const;

  /// The pause before the next attempt, when `made` attempts have been made and the last one ended with
  /// `result`, a finishline_result; nothing: not again. `service_us` is that of the reply, if there was one.
  /// What was not begun may be sent again in any case, what may have been done only if it is retryable.
  std::optional<Nanos> pause_after(int result, std::uint32_t service_us, unsigned made, bool retryable,
                                   double chance) const;
};

}  // namespace finishline::clib
