// A configuration with all that is wrong in its text: for those who go on to look at files and at the
// machine, so that its user is told everything at once. Pure.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "lb/config/config.h"

namespace finishline::config {

struct Judged {
  /// Where there are problems it is to be looked at, not to be run: what could not be read stands as if
  /// nothing had been said of it, a server stands for each section, and there are no costs.
  Config config;
  std::vector<Problem> problems;  // in the order of the text
  bool parsed = true;             // the text is TOML; else `config` says nothing
};

/// As parse() does, to its end.
Judged judge(std::string_view text, const std::string& file, const Resolver& resolve = {},
             std::string_view overlay = {});

}  // namespace finishline::config
