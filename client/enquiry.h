// Asks the other side, once before a run, to describe itself.
#pragma once

#include <functional>
#include <string>
#include <variant>

#include "client/description.h"
#include "lb/net/loop.h"
#include "lb/net/socket.h"
#include "lb/tls/client_context.h"
#include "lb/tls/engine.h"
#include "proto/units.h"

namespace finishline::client {

/// It can be reached but does not tell; the reason, for people.
struct NotDescribed {
  std::string reason;
  bool silent = false;  // it closed the connection before a byte came
};
/// It cannot be reached; the reason, for people.
struct NotReached {
  std::string reason;
  tls::TlsFault fault = tls::TlsFault::none;  // other than none: it is TLS that has failed, for that reason
};

/// Connects, trying again until `connect_timeout` is over, sends a describe frame and waits a few seconds for
/// the answer. Runs the loop meanwhile. `waiting` hears once, before a second is over, what keeps it from
/// connecting. A failure of TLS that does not mend itself is told at once.
std::variant<Description, NotDescribed, NotReached> enquire(
    net::Loop& loop, const net::Address& address, Nanos connect_timeout,
    const tls::ClientContext* tls = nullptr, std::function<void(const std::string&)> waiting = {});

}  // namespace finishline::client
