// What a configuration asks of this machine, tried without starting anything: `finishline check`. Files that
// have to be read are in files.h.
#pragma once

#include <string>
#include <vector>

#include "lb/config/config.h"

namespace finishline::master {

/// In words, each with the key that is meant.
struct MachineFindings {
  std::vector<std::string> faults;    // a start would fail
  std::vector<std::string> warnings;  // the proxy would run, and something would be missing
};

/// Binds every address for a moment, without listening there, and makes no file. An address that somebody
/// listens at is a warning, unless that is the proxy that runs by this file now; where that cannot be told it
/// may be.
MachineFindings try_machine(const std::string& file, const config::Config& config);

}  // namespace finishline::master
