// Asks the other side, once before a run, to describe itself.
#pragma once

#include <string>
#include <variant>

#include "client/description.h"
#include "lb/net/loop.h"
#include "lb/net/socket.h"
#include "lb/tls/client_context.h"
#include "proto/units.h"

namespace finishline::client {

/// It can be reached but does not tell; the reason, for people.
struct NotDescribed {
  std::string reason;
};
/// It cannot be reached; the reason, for people.
struct NotReached {
  std::string reason;
};

/// Connects, trying again until `connect_timeout` is over, sends a describe frame and waits a few seconds for
/// the answer. Runs the loop meanwhile.
std::variant<Description, NotDescribed, NotReached> enquire(net::Loop& loop, const net::Address& address,
                                                            Nanos connect_timeout,
                                                            const tls::ClientContext* tls = nullptr);

}  // namespace finishline::client
