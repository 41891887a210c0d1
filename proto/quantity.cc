#include "proto/quantity.h"

#include <array>
#include <charconv>
#include <cmath>
#include <cstdio>

namespace finishline {
namespace {

constexpr Unit kDurations[] = {
    {"s", 1'000'000'000},  {"ms", 1'000'000},       {"us", 1'000},           {"ns", 1},
    {"m", 60'000'000'000}, {"min", 60'000'000'000}, {"h", 3'600'000'000'000}};
constexpr Unit kSizes[] = {{"B", 1},
                           {"KiB", 1 << 10},
                           {"k", 1 << 10},
                           {"K", 1 << 10},
                           {"MiB", 1 << 20},
                           {"M", 1 << 20},
                           {"GiB", std::int64_t{1} << 30},
                           {"G", std::int64_t{1} << 30},
                           {"kB", 1000},
                           {"MB", 1'000'000},
                           {"GB", 1'000'000'000}};
constexpr Unit kRates[] = {{"/s", 3600}, {"/m", 60}, {"/h", 1}};

/// What stands behind a number.
std::string_view rest(std::string_view text, const char* end) {
  return text.substr(static_cast<std::size_t>(end - text.data()));
}

/// The number alone is in the first of the units, where it may be.
std::optional<std::int64_t> parse(std::string_view text, std::span<const Unit> units, Bare bare) {
  const bool alone = text.find_first_not_of("0123456789.") == std::string_view::npos;
  if (!alone || bare == Bare::refused || (bare == Bare::zero && text != "0"))
    return parse_in_units(text, units);
  return parse_in_units(std::string(text).append(units.front().name), units);
}

std::string four_digits(double value, const char* unit) {
  const int decimals = value < 9.9995 ? 3 : value < 99.995 ? 2 : value < 999.95 ? 1 : 0;
  std::array<char, 48> text{};
  std::snprintf(text.data(), text.size(), "%.*f %s", decimals, value, unit);
  return text.data();
}

}  // namespace

std::optional<std::int64_t> parse_in_units(std::string_view text, std::span<const Unit> units) {
  double number = 0;
  const auto [end, error] =
      std::from_chars(text.data(), text.data() + text.size(), number, std::chars_format::fixed);
  if (error != std::errc{} || !(number >= 0)) return std::nullopt;
  for (const Unit& unit : units) {
    if (rest(text, end) != unit.name) continue;
    const double whole = std::round(number * static_cast<double>(unit.factor));
    if (whole >= 0x1p63) return std::nullopt;
    return static_cast<std::int64_t>(whole);
  }
  return std::nullopt;
}

std::optional<Nanos> parse_duration(std::string_view text, Bare bare) {
  const auto nanos = parse(text, kDurations, bare);
  return nanos ? std::optional(Nanos(*nanos)) : std::nullopt;
}

std::string duration_problem(std::string_view text) {
  const std::string quoted = "'" + std::string(text) + "'";
  if (!text.empty() && text.find_first_not_of("0123456789.") == std::string_view::npos)
    return quoted + " has no unit: say " + std::string(text) + "ms or " + std::string(text) + "s";
  return quoted + " is no duration, as 250us, 1.5ms, 2s or 3min are";
}

std::optional<std::int64_t> parse_size(std::string_view text, Bare bare) { return parse(text, kSizes, bare); }

std::string size_problem(std::string_view text) {
  return "'" + std::string(text) + "' is no size, as 512B, 4KiB, 16MiB or 64MB are";
}

std::optional<std::int64_t> parse_rate_per_hour(std::string_view text) {
  return parse_in_units(text, kRates);
}

std::optional<double> parse_rate(std::string_view text) {
  if (const auto count = parse_count(text)) return static_cast<double>(*count);
  if (const auto per_hour = parse_rate_per_hour(text)) return static_cast<double>(*per_hour) / 3600;
  const auto number = parse_number(text);
  return number && *number >= 0 ? number : std::nullopt;
}

std::optional<double> parse_number(std::string_view text) {
  double number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc{} || !rest(text, end).empty() || !std::isfinite(number)) return std::nullopt;
  return number;
}

std::optional<std::uint64_t> parse_count(std::string_view text) {
  double factor = 1;
  if (text.ends_with('k')) factor = 1e3;
  if (text.ends_with('M')) factor = 1e6;
  if (factor > 1) text.remove_suffix(1);
  const auto number = parse_number(text);
  if (!number) return std::nullopt;
  const double count = *number * factor;
  if (count < 0 || count > 0x1p53 || count != std::floor(count)) return std::nullopt;
  return static_cast<std::uint64_t>(count);
}

std::string human(Nanos span) {
  const double ns = static_cast<double>(span.count());
  if (ns < 0) return "-" + human(-span);
  if (ns < 1e3) return std::to_string(span.count()) + " ns";
  if (ns < 999.95e3) return four_digits(ns / 1e3, "us");
  if (ns < 999.95e6) return four_digits(ns / 1e6, "ms");
  if (ns < 120e9) return four_digits(ns / 1e9, "s");
  const auto seconds = std::llround(ns / 1e9);
  if (seconds < 7200) return std::to_string(seconds / 60) + " min " + std::to_string(seconds % 60) + " s";
  return std::to_string(seconds / 3600) + " h " + std::to_string(seconds % 3600 / 60) + " min";
}

std::string counted(std::uint64_t count, std::string_view noun) {
  return human_count(count) + " " + std::string(noun) + (count == 1 ? "" : "s");
}

std::string human_count(std::uint64_t count) {
  std::string digits = std::to_string(count);
  for (std::size_t at = digits.size(); at > 3;) digits.insert(at -= 3, ",");
  return digits;
}

std::string human_bytes(double bytes) {
  constexpr std::array<const char*, 5> kPatterns{"%.0f B", "%.1f KiB", "%.1f MiB", "%.1f GiB", "%.1f TiB"};
  std::size_t unit = 0;
  while (bytes >= 1023.95 && unit + 1 < kPatterns.size()) bytes /= 1024, ++unit;
  std::array<char, 48> text{};
  std::snprintf(text.data(), text.size(), kPatterns[unit], bytes);
  return text.data();
}

std::string human_rate(double per_second) {
  if (per_second >= 999.95) return human_count(static_cast<std::uint64_t>(std::llround(per_second)));
  std::array<char, 32> text{};
  std::snprintf(text.data(), text.size(), per_second < 99.995 ? "%.2f" : "%.1f", per_second);
  return text.data();
}

}  // namespace finishline
