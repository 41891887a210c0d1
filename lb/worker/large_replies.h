// What is said of a server whose replies are larger than may be: what it is, and the remedy, once a minute at
// most. Of one link. Worker process.
#pragma once

#include <cstdint>
#include <string>

#include "lb/log/log.h"
#include "proto/units.h"

namespace finishline::worker {

class LargeReplies {
 public:
  /// One of more than `limit` bytes has come and is not passed on.
  void tell(const std::string& server, std::uint32_t limit, Instant now) {
    if (told_at_ != Instant() && now - told_at_ < kBetween) return;
    told_at_ = now;
    log::write(log::Event::reply_too_large,
               {{"server", server},
                {"limit_bytes", limit},
                {"remedy", "raise max_body of a listener of its pool, or have it send less"}});
  }

 private:
  static constexpr Nanos kBetween = 60s;
  Instant told_at_{};
};

}  // namespace finishline::worker
