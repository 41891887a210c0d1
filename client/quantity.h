// Numbers as people write and read them: "500ms", "10k", "1.204 s", "12,345". Pure; any process.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "proto/units.h"

namespace finishline::client {

/// "10s", "1.5ms", "2m", "1h", "250us", "40ns"; a number without a unit is seconds. Nothing when it is
/// no duration, negative, or beyond 292 years.
std::optional<Nanos> parse_duration(std::string_view text);
/// "300", "10k", "2.5M", "1e6": a whole number, k = 1000, M = 1000 k. Nothing for anything else.
std::optional<std::uint64_t> parse_count(std::string_view text);
/// "40", "4KiB", "1MiB", "64k": bytes; K, Ki, k and KiB alike are 1024, as sizes of buffers go.
std::optional<std::uint64_t> parse_bytes(std::string_view text);
/// A finite decimal number and nothing else around it.
std::optional<double> parse_number(std::string_view text);

/// Four significant digits with the unit that fits: "870 ns", "41.25 us", "5.031 ms", "1.204 s", "2 min 5 s".
std::string human(Nanos span);
/// "1,234,567".
std::string human_count(std::uint64_t count);
/// "87.31", "12,345": per second, without the unit.
std::string human_rate(double per_second);

}  // namespace finishline::client
