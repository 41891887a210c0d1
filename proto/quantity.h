// Numbers as people write and read them: "500ms", "16MiB", "10k", "1.204 s", "12,345": the same in
// configuration files and on command lines. Pure; any process.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "proto/units.h"

namespace finishline {

struct Unit {
  std::string_view name;
  std::int64_t factor;
};
/// A decimal number >= 0 directly followed by one of `units`, times its factor, rounded to the nearest whole.
/// Nothing for any other text, or when that is 2^63 or more.
std::optional<std::int64_t> parse_in_units(std::string_view text, std::span<const Unit> units);

/// What a number without a unit is: nothing in a file, where it may be anybody's guess; seconds, or bytes, on
/// a command line; or nothing but "0", which is the same in every unit.
enum class Bare : std::uint8_t { refused, zero, allowed };
/// "10s", "1.5ms", "2m" or "2min", "1h", "250us", "40ns".
std::optional<Nanos> parse_duration(std::string_view text, Bare bare = Bare::refused);
/// What is wrong with a text that is no duration, and what to say instead.
std::string duration_problem(std::string_view text);
/// "40B", "4KiB", "1MiB", "2GiB", or short: "64k", "1M", "2G", which count in steps of 1024, too; and "1kB",
/// "64MB", "2GB" in steps of 1000.
std::optional<std::int64_t> parse_size(std::string_view text, Bare bare = Bare::refused);
/// What is wrong with a text that is no size, and what to say instead.
std::string size_problem(std::string_view text);
/// "100/s", "60/m", "5/h": how often in an hour, rounded to a whole number.
std::optional<std::int64_t> parse_rate_per_hour(std::string_view text);
/// The same, or a number alone or with k or M, which is per second: how often in a second.
std::optional<double> parse_rate(std::string_view text);
/// "300", "10k", "2.5M", "1e6": a whole number, k = 1000, M = 1000 k. Nothing for anything else.
std::optional<std::uint64_t> parse_count(std::string_view text);
/// A finite decimal number and nothing else around it.
std::optional<double> parse_number(std::string_view text);

/// Four significant digits with the unit that fits: "870 ns", "41.25 us", "5.031 ms", "1.204 s", "2 min 5 s".
std::string human(Nanos span);
/// "1 request", "12 requests", "1,234 requests": `noun` is one whose plural ends in s.
std::string counted(std::uint64_t count, std::string_view noun);
/// "1,234,567".
std::string human_count(std::uint64_t count);
/// "0 B", "1000 B", "3.6 MiB": in steps of 1024.
std::string human_bytes(double bytes);
/// "87.31", "12,345": per second, without the unit.
std::string human_rate(double per_second);

}  // namespace finishline
