// How often something may happen, as people write it: "100/s". Pure.
#pragma once

#include <algorithm>
#include <cstdint>
#include <optional>
#include <string_view>

#include "proto/units.h"

namespace finishline::config {

/// So many events in an hour: whole for everything that is written per second, minute or hour.
class Rate {
 public:
  Rate() = default;
  explicit constexpr Rate(std::int64_t per_hour) : per_hour_(per_hour) {}
  explicit constexpr operator std::int64_t() const { return per_hour_; }

  /// Without one there is no limit.
  constexpr bool limits() const { return per_hour_ > 0; }
  /// Time from event to event, at least 1 ns; precondition: limits().
  constexpr Nanos interval() const { return std::max<Nanos>(Nanos(kHour / per_hour_), 1ns); }
  /// Events of one second, at least one.
  constexpr std::uint32_t per_second() const {
    return static_cast<std::uint32_t>(std::clamp<std::int64_t>(per_hour_ / 3600, 1, 1'000'000'000));
  }
  bool operator==(const Rate&) const = default;

 private:
  static constexpr std::int64_t kHour = 3'600'000'000'000;
  std::int64_t per_hour_ = 0;
};

/// A number >= 0 directly followed by /s, /m or /h. Nothing for any other text.
std::optional<Rate> parse_rate(std::string_view text);

}  // namespace finishline::config
