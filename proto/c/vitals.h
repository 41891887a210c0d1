// What a worker says of itself when it is asked how it is: the body of a pong (PROTOCOL.md). One thread at a
// time.
#pragma once

#include <cstdint>
#include <string>

#include "proto/units.h"

namespace finishline::clib {

class Vitals {
 public:
  /// A JSON object. CPU is that of this process, of one core, between the last two questions a second apart.
  std::string body(std::uint32_t slots, Nanos backlog, Instant now);

 private:
  Instant since_ = Instant::min();
  Nanos cpu_before_{};
  std::int64_t permille_ = 0;
};

}  // namespace finishline::clib
