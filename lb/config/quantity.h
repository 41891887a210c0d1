// Durations and sizes as people write them: "250us", "1.5s", "16MiB". Pure.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "proto/units.h"

namespace finishline::config {

/// A number >= 0 directly followed by ns, us, ms, s, m or h. Nothing for any other text, or beyond 292 years.
std::optional<Nanos> parse_duration(std::string_view text);
/// A number >= 0 directly followed by B, KiB, MiB or GiB, in bytes. Nothing for any other text.
std::optional<std::int64_t> parse_size(std::string_view text);

}  // namespace finishline::config
