// How many servers a running proxy has room for, and which addresses of its names are left out where there
// are more.
#pragma once

#include <cstddef>
#include <functional>
#include <map>
#include <string>

#include "lb/config/source.h"

namespace finishline::config {

struct Room {
  std::size_t spare = 0;                               // for servers that have no place yet
  std::function<bool(const std::string& server)> has;  // whether this one has a place, by its name
};

/// So many addresses, of each name of which any are left out.
using LeftOut = std::map<std::string, std::size_t>;

/// Leaves addresses of resolve = "all" out of the source until its servers have room: first of all names
/// comes the first address, then of all the second one. A name none of whose addresses has room keeps the
/// first one that it had `before`: what the others leave is room for the next look-up.
LeftOut fit(Source& source, const Source& before, const Room& room);

}  // namespace finishline::config
