// Asks a proxy when requests would be done, without sending any.
#pragma once

#include <string>
#include <variant>
#include <vector>

#include "client/description.h"
#include "lb/model/traffic.h"
#include "lb/net/loop.h"
#include "lb/net/socket.h"
#include "lb/tls/client_context.h"
#include "proto/frame.h"
#include "proto/units.h"

namespace finishline::client {

struct Estimate {
  std::string type;
  std::uint32_t length = 0;
  proto::Status status = proto::Status::ok;
  Nanos until_done{};
  std::string server_type;
  Nanos error{};  // of earlier ones, the median; 0: not known
};

/// One for each of these request types, for this length and class. The string says why there is no answer.
std::variant<std::vector<Estimate>, std::string> estimate(net::Loop& loop, const net::Address& address,
                                                          Nanos connect_timeout,
                                                          const std::vector<RequestTypeSpec>& types,
                                                          std::uint32_t length, std::uint8_t priority,
                                                          const tls::ClientContext* tls = nullptr);

/// As a table, or as JSON.
std::string to_text(const std::vector<Estimate>& estimates);
std::string to_json(const std::vector<Estimate>& estimates);

}  // namespace finishline::client
