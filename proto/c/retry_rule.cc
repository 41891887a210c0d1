#include "proto/c/retry_rule.h"

#include <algorithm>

#include "proto/c/finishline.h"

namespace finishline::clib {
namespace {

Nanos scaled(Nanos span, double by) {
  return Nanos(static_cast<std::int64_t>(static_cast<double>(span.count()) * by));
}

}  // namespace

Nanos RetryRule::backoff(unsigned failures, double chance) const {
  Nanos most = std::min(first_pause, longest_pause);
  for (unsigned n = 1; n < failures && most < longest_pause; ++n) most = std::min(2 * most, longest_pause);
  return scaled(most, 0.5 + chance / 2);
}

std::optional<Nanos> RetryRule::pause_after(int result, std::uint32_t service_us, unsigned made,
                                            bool retryable, double chance) const {
  if (made >= attempts) return std::nullopt;
  if (result == FINISHLINE_OVERLOADED && service_us > 0)
    return scaled(std::chrono::microseconds(service_us), 1.0 + chance / 2);
  const bool unbegun =
      result == FINISHLINE_NOT_SENT || result == FINISHLINE_DRAINING || result == FINISHLINE_OVERLOADED;
  const bool lost = result == FINISHLINE_CONNECTION_LOST || result == FINISHLINE_SERVER_LOST;
  if (!unbegun && !(lost && retryable)) return std::nullopt;
  return backoff(std::max(made, 1U), chance);
}

}  // namespace finishline::clib
