// What the other side can do, as far as the client knows: the cost model, the servers and the limits. The
// proxy tells it in the JSON body of a description frame (PROTOCOL.md). Pure.
#pragma once

#include <cstdint>
#include <limits>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "proto/cost_model.h"
#include "proto/frame.h"

namespace finishline::client {

struct Description {
  CostModel cost;
  std::vector<ServerSpec> servers;
  std::string pool, policy;
  std::uint32_t max_length = std::numeric_limits<std::uint32_t>::max();  // a longer request is refused
  std::uint32_t max_body = proto::kDefaultMaxBody;                       // bytes
};

/// The string says what cannot be understood. Keys that are not known are passed over.
std::variant<Description, std::string> parse_description(std::string_view json);

}  // namespace finishline::client
