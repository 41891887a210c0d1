#include "client/quantity.h"

#include <array>
#include <charconv>
#include <cmath>
#include <cstdio>
#include <limits>
#include <span>
#include <utility>

namespace finishline::client {
namespace {

struct Unit {
  std::string_view name;
  double factor;
};

/// A number followed by exactly one of `units`.
std::optional<double> parse_with_unit(std::string_view text, std::span<const Unit> units) {
  double number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc{} || !std::isfinite(number)) return std::nullopt;
  const std::string_view suffix(end, static_cast<std::size_t>(text.data() + text.size() - end));
  for (const Unit& unit : units) {
    if (suffix == unit.name) return number * unit.factor;
  }
  return std::nullopt;
}

std::optional<std::uint64_t> whole(std::optional<double> number) {
  if (!number || *number < 0 || *number > 0x1p53 || *number != std::floor(*number)) return std::nullopt;
  return static_cast<std::uint64_t>(*number);
}

std::string four_digits(double value, const char* unit) {
  const int decimals = value < 9.9995 ? 3 : value < 99.995 ? 2 : value < 999.95 ? 1 : 0;
  std::array<char, 48> text{};
  std::snprintf(text.data(), text.size(), "%.*f %s", decimals, value, unit);
  return text.data();
}

}  // namespace

std::optional<Nanos> parse_duration(std::string_view text) {
  static constexpr std::array<Unit, 8> kUnits{{{"", 1e9},
                                               {"s", 1e9},
                                               {"ms", 1e6},
                                               {"us", 1e3},
                                               {"ns", 1},
                                               {"m", 60e9},
                                               {"min", 60e9},
                                               {"h", 3600e9}}};
  const auto nanos = parse_with_unit(text, kUnits);
  if (!nanos || *nanos < 0 || *nanos >= 0x1p63) return std::nullopt;
  return Nanos{std::llround(*nanos)};
}

std::optional<std::uint64_t> parse_count(std::string_view text) {
  static constexpr std::array<Unit, 3> kUnits{{{"", 1}, {"k", 1e3}, {"M", 1e6}}};
  return whole(parse_with_unit(text, kUnits));
}

std::optional<std::uint64_t> parse_bytes(std::string_view text) {
  static constexpr std::array<Unit, 10> kUnits{{{"", 1},
                                                {"B", 1},
                                                {"k", 0x1p10},
                                                {"K", 0x1p10},
                                                {"Ki", 0x1p10},
                                                {"KiB", 0x1p10},
                                                {"m", 0x1p20},
                                                {"M", 0x1p20},
                                                {"Mi", 0x1p20},
                                                {"MiB", 0x1p20}}};
  return whole(parse_with_unit(text, kUnits));
}

std::optional<double> parse_number(std::string_view text) {
  static constexpr std::array<Unit, 1> kNone{{{"", 1}}};
  return parse_with_unit(text, kNone);
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

std::string human_count(std::uint64_t count) {
  std::string digits = std::to_string(count);
  for (std::size_t at = digits.size(); at > 3;) digits.insert(at -= 3, ",");
  return digits;
}

std::string human_rate(double per_second) {
  if (per_second >= 999.95) return human_count(static_cast<std::uint64_t>(std::llround(per_second)));
  std::array<char, 32> text{};
  std::snprintf(text.data(), text.size(), per_second < 99.995 ? "%.2f" : "%.1f", per_second);
  return text.data();
}

}  // namespace finishline::client
