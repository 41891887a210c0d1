#include "lb/worker/time_check.h"

#include <algorithm>

namespace finishline::worker {

Nanos time_check_interval(const config::Config& config) {
  Nanos shortest = 1s;
  for (const config::Listener& listener : config.listeners) {
    if (listener.header_timeout > 0ns) shortest = std::min(shortest, listener.header_timeout);
    if (listener.handshake_timeout > 0ns) shortest = std::min(shortest, listener.handshake_timeout);
    if (listener.idle_timeout > 0ns) shortest = std::min(shortest, listener.idle_timeout);
    if (listener.half_closed_timeout > 0ns) shortest = std::min(shortest, listener.half_closed_timeout);
  }
  for (const config::Pool& pool : config.pools) shortest = std::min(shortest, pool.connect_timeout);
  return std::clamp<Nanos>(shortest / 4, 10ms, 250ms);
}

}  // namespace finishline::worker
