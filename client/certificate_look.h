// A second look at a certificate that was not trusted: whose it says it is.
#pragma once

#include <string>
#include <vector>

#include "client/options.h"
#include "client/route.h"
#include "lb/net/loop.h"

namespace finishline::client {

/// Connects once more, checks nothing, sends nothing but the handshake, and returns the names in the
/// certificate, as "DNS:media.example"; none when it did not come to that. Runs the loop for 2 s at most.
std::vector<std::string> certificate_names(net::Loop& loop, const Route& route, const Options& options);

/// What is wrong, with whose certificate it is and what to do, for people.
std::string untrusted(const std::string& why, const std::vector<std::string>& names, const Options& options);

}  // namespace finishline::client
