// Names to addresses, many at once and within a bounded time, whatever the name servers do. Runs threads:
// only in a child that ends afterwards (config_reader.h), never in the master.
#pragma once

#include <functional>
#include <set>

#include "lb/config/source.h"

namespace finishline::master {

using AskName = std::function<config::Addresses(const std::string& name)>;

/// What became of each name. Those that `ask` has not answered when `patience` is over cannot be resolved;
/// the threads that ask for them are left behind.
config::NameTable look_up_all(const std::set<config::Name>& names, Nanos patience,
                              AskName ask = net::look_up);

}  // namespace finishline::master
