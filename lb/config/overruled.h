// Changes (overlay.h) held against the file that they stand over: which of them the file says by now itself,
// and what of it does not hold because of them. Pure.
#pragma once

#include <string>
#include <vector>

#include "lb/config/overlay.h"

namespace finishline::config {

/// The changes without those that change nothing in this document of the file: keys that it has with the same
/// value, added servers that it has, removed ones that it has not. What stands over a part that the file does
/// not have stays.
Overlay without_what_is_so(const Overlay& overlay, const Table& file);

/// What the file says in vain.
struct Overruled {
  std::string part;  // "server video-1"
  std::string key;   // "" where the whole server is removed
  Node file, is;     // of a key: what it says, and what holds
};
/// Keys that stand in the file.
std::vector<Overruled> overruled_in(const Table& file, const Overlay& overlay);

}  // namespace finishline::config
