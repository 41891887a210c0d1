// Which series there are: those that are kept, and those that would be as soon as there is something to keep.
// Pure. Control process.
#pragma once

#include <optional>
#include <string>
#include <vector>

namespace finishline::control {

/// "pool.NAME.latency.p95" is what is kept as "pool.NAME.p95".
std::string kept_as(const std::string& series);

/// Why there is no series of this name, with the one that was most likely meant; nothing: there is.
/// `kept`: history::Timeline::names(); empty: it has just begun, and nobody knows.
std::optional<std::string> fault_of_series(const std::string& name, const std::vector<std::string>& kept);
/// The same for a pool.
std::optional<std::string> fault_of_pool(const std::string& name, const std::vector<std::string>& kept);

}  // namespace finishline::control
