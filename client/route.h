// Where connections go, and from where.
#pragma once

#include <memory>
#include <string>
#include <variant>
#include <vector>

#include "lb/net/socket.h"
#include "lb/tls/client_context.h"

namespace finishline::client {

struct Route {
  net::Address target;
  std::vector<net::Address> sources;  // connections are made from these in turn; empty: as the kernel chooses
  std::shared_ptr<const tls::ClientContext> tls{};  // none: without TLS
};

/// To `connect` (HOST:PORT), from these addresses of this machine, each of which is tried. The string is what
/// is wrong with the options, and names the one.
std::variant<Route, std::string> find_route(const std::string& connect,
                                            const std::vector<std::string>& source_ips);

}  // namespace finishline::client
