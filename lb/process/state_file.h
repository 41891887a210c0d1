// Files of proxy.state_dir, that what they hold outlives a restart in: read whole, and kept aside when they
// make no sense, as the next thing that is written would be in their place. Master and control process.
#pragma once

#include <string>

namespace finishline::process {

struct StateText {
  bool there = false;
  std::string text{};
  std::string fault{};  // why it cannot be read, for people; "": it was, or is not there
};
/// Of a file that may be missing.
StateText read_state(const std::string& file);

/// A copy under the name with ".broken" behind it, in place of an earlier one; what is no regular file is
/// moved there. Its name; "" when nothing can be kept.
std::string keep_broken(const std::string& file);
/// The same, and the log is told (state_broken): which, why, and where it is kept.
void put_aside(const std::string& file, const std::string& reason);

}  // namespace finishline::process
