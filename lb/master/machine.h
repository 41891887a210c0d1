// What a configuration asks of this machine, tried without starting anything: for `finishline check`, and for
// a `run` that is refused. Files that have to be read are in files.h.
#pragma once

#include <string>
#include <vector>

#include "lb/config/source.h"

namespace finishline::master {

struct MachineFindings {
  std::vector<config::Problem> faults;  // a start would fail
  std::vector<std::string> warnings;    // the proxy would run, and something would be missing; with their key
};

/// What it is tried for.
enum class MachineTrial : std::uint8_t {
  check,       // somebody asks: what is in use may be so by the proxy that runs by this file now
  start,       // now: what is in use is a fault
  activation,  // likewise, but for addresses: the service manager has some of them
};

/// Binds every address for a moment, without listening there, and makes no file; what the configuration,
/// which may be one to be looked at alone (judged.h), has no address for is left out. Of a check an address
/// that somebody listens at is a warning, unless that is the proxy that runs by this file now; where that
/// cannot be told it may be.
MachineFindings try_machine(const config::Source& source, const config::Config& config, MachineTrial trial);

}  // namespace finishline::master
