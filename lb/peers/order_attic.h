// Lines of orders that nobody needs any more go from the engine: what is as the files say at all proxies, or
// names a server or a pool that none of them has. Each proxy tells now and then which lines it needs; the
// engine, whose clock alone counts, keeps since when a line was needed by nobody, and after kKeep it goes
// (shared_orders.h says what becomes of its versions). So a proxy that needs it may have been away for that
// long; one that was away for longer, and is told by its own files what an operator had ordered before, tells
// that again. Pure but for the script, which runs in the engine.
#pragma once

#include <map>
#include <set>
#include <string>
#include <string_view>

#include "proto/units.h"

namespace finishline::peers {

struct OrderAttic {
  static constexpr Nanos kKeep = std::chrono::hours(24 * 30);
  static constexpr Nanos kInterval = std::chrono::hours(1);

  /// KEYS: the orders, and since when each was needed by nobody. ARGV: the field of the floor, how long that
  /// may be in seconds, the fields that are needed, a line each, and the channel on which it is said that
  /// some have gone. Returns how many.
  static const std::string_view kScript;

  /// Of what stands in the engine, the fields that this proxy needs, a line each. `otherwise`: of each server
  /// and pool that this proxy has, by field, what would stand there without an order.
  static std::string needed(const std::map<std::string, std::string>& there,
                            const std::map<std::string, std::string>& otherwise);
};

}  // namespace finishline::peers
