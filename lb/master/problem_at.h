// A problem with what a key of the configuration names, at the place where it stands. Pure.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

#include "lb/config/source.h"

namespace finishline::master {

/// The key of "server", the one at `index`; or of "proxy", of which there is one. Without a place where the
/// text does not say the key.
config::Problem problem_at(const config::Source& source, std::string_view section,
                           std::optional<std::size_t> index, std::string_view key, std::string message,
                           std::string remedy);

}  // namespace finishline::master
