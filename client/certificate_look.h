// A second look where TLS has failed, or is missing: whose the certificate says it is, or whether there is
// TLS at all.
#pragma once

#include <string>

#include "client/options.h"
#include "client/route.h"
#include "lb/net/loop.h"
#include "lb/tls/engine.h"

namespace finishline::client {

/// What is wrong, with the address and what to do, for people. `why` is the reason of the stream. Of a
/// certificate that is not trusted it connects once more, checks nothing, sends nothing but the handshake,
/// and says whose it is. Runs the loop for 2 s at most.
std::string tls_failure(net::Loop& loop, const Route& route, const Options& options, tls::TlsFault fault,
                        const std::string& why);

/// Whether it is only TLS that is missing: a handshake comes to its end there. False with --tls. Runs the
/// loop for 2 s at most.
bool speaks_tls(net::Loop& loop, const Route& route, const Options& options);
/// What to do then, for people.
std::string lacks_tls(const Options& options);

}  // namespace finishline::client
