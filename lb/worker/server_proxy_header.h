// What a server of streams is told before the first byte: whose connection this is (proto/proxy_header.h).
#pragma once

#include <string>

#include "lb/config/config.h"
#include "lb/net/socket.h"
#include "proto/proxy_header.h"

namespace finishline::worker {

/// What a proxy in front of us has told of this connection, if any has, is passed on as it was: both
/// addresses, whatever family the hops between have, or that they are unknown, or that the connection is the
/// proxy's own; in version 2 its further fields (TLVs), too. Otherwise `client` connected to `here`, our own
/// address; addresses of different families are told as unknown. "" when nothing is to be said.
std::string proxy_header_for(config::SendProxy version, const proto::ProxyHeader* told,
                             const net::Address& client, const net::Address& here);

}  // namespace finishline::worker
