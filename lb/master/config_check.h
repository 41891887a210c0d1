// What `finishline check` finds: whether a configuration can be run on this machine, and what it would take.
// Nothing is started.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>
#include <utility>
#include <vector>

#include "lb/config/memory.h"

namespace finishline::master {

struct ConfigCheck {
  std::string file;
  std::vector<std::string> mistakes;  // all of them, in the order of the text; each is one of the next two
  std::vector<std::string>
      problems;                     // in the text or in files that it names; what follows is told without any
  std::vector<std::string> faults;  // of this machine: a start would fail
  std::size_t listeners = 0, pools = 0, servers = 0, workers = 0;
  std::vector<std::string> included;  // files
  config::MemoryNeed memory;
  std::vector<std::string> needs;                         // what it will take, in words
  std::vector<std::pair<std::string, std::string>> down;  // servers that would be, and why
  std::vector<std::string> warnings;

  bool good() const { return mistakes.empty(); }
};

/// Reads the file, looks up its names and tries the machine, which takes seconds where name servers are slow.
ConfigCheck check_config(const std::string& file);

/// What stands on standard error: a line for each mistake, and how many there are; "" when it is good.
std::string complaints_of(const ConfigCheck& check);
/// What stands on standard output when it is good.
std::string text_of(const ConfigCheck& check);
nlohmann::ordered_json json_of(const ConfigCheck& check);

}  // namespace finishline::master
