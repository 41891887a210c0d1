#include "lb/config/quantity.h"

#include <charconv>
#include <cmath>
#include <span>

namespace finishline::config {
namespace {

struct Unit {
  std::string_view name;
  std::int64_t factor;
};

constexpr Unit kDurations[] = {{"h", 3600000000000}, {"m", 60000000000}, {"s", 1000000000},
                               {"ms", 1000000},      {"us", 1000},       {"ns", 1}};
constexpr Unit kSizes[] = {{"GiB", std::int64_t{1} << 30}, {"MiB", 1 << 20}, {"KiB", 1 << 10}, {"B", 1}};
constexpr Unit kRates[] = {{"/s", 3600}, {"/m", 60}, {"/h", 1}};

/// Number and unit, without a blank between them; rounded to the nearest whole.
std::optional<std::int64_t> parse(std::string_view text, std::span<const Unit> units) {
  double number = 0;
  const auto [end, error] =
      std::from_chars(text.data(), text.data() + text.size(), number, std::chars_format::fixed);
  if (error != std::errc{} || !(number >= 0)) return std::nullopt;
  text.remove_prefix(static_cast<std::size_t>(end - text.data()));
  for (const Unit& unit : units) {
    if (text != unit.name) continue;
    const double whole = std::round(number * static_cast<double>(unit.factor));
    if (whole >= 0x1p63) return std::nullopt;
    return static_cast<std::int64_t>(whole);
  }
  return std::nullopt;
}

}  // namespace

std::optional<Nanos> parse_duration(std::string_view text) {
  const auto count = parse(text, kDurations);
  return count ? std::optional<Nanos>(Nanos(*count)) : std::nullopt;
}

std::optional<std::int64_t> parse_size(std::string_view text) { return parse(text, kSizes); }

std::optional<Rate> parse_rate(std::string_view text) {
  const auto per_hour = parse(text, kRates);
  return per_hour ? std::optional<Rate>(*per_hour) : std::nullopt;
}

}  // namespace finishline::config
