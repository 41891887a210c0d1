// One request on its way through the client. A value.
#pragma once

#include <cstdint>

#include "proto/cost_model.h"
#include "proto/units.h"

namespace finishline::client {

struct Request {
  std::uint64_t number = 0;  // position in the plan, from 0; decides the body
  Instant intended{};        // open loop: when the plan wanted it; closed loop: when it was first sent
  Instant sent{};            // first sent
  std::uint32_t length = 0;
  std::uint32_t attempts = 0;  // times sent
  std::uint32_t refusals = 0;  // times answered overloaded, and to come again
  RequestType type = 0;
  char code = 0;              // the letter of `type`
  std::uint8_t priority = 0;  // class, see proto::kPriorities
  bool warm_up = false;       // it is sent and checked, and no part of the measurement
};

}  // namespace finishline::client
