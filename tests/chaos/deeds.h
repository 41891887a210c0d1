// Counts by name, of what was done to the proxy and of what it did.
#pragma once

#include <cstdint>
#include <map>
#include <string>

namespace finishline::test {

using Deeds = std::map<std::string, std::uint64_t>;

}  // namespace finishline::test
