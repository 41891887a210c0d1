// Names without a name server, for tests that feed anything to a parser.
#pragma once

#include <string>

#include "lb/config/config.h"

namespace finishline::test {

/// Knows no name: config::Resolver.
inline config::Addresses no_name(const std::string& name, config::Use /*use*/) {
  return "there is no '" + name + "'";
}

}  // namespace finishline::test
