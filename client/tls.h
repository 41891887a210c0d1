// How the client speaks TLS, as the command line has it.
#pragma once

#include <memory>
#include <string>
#include <variant>

#include "client/options.h"
#include "lb/tls/client_context.h"

namespace finishline::client {

/// nullptr without --tls. The string is what is wrong with the files, and names the option.
std::variant<std::shared_ptr<const tls::ClientContext>, std::string> tls_of(const Options& options);

}  // namespace finishline::client
