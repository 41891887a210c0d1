// What a server of streams is told before the first byte: whose connection this is (proto/proxy_header.h).
#pragma once

#include <string>

#include "lb/config/config.h"
#include "lb/net/socket.h"

namespace finishline::worker {

/// `client` connected to `here`, our own address; "" when nothing is to be said. Addresses of different
/// families are told as unknown.
std::string proxy_preface(config::SendProxy version, const net::Address& client, const net::Address& here);

}  // namespace finishline::worker
