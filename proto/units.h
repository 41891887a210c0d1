// Time as types, the same in every program. Ground floor: standard library only, any process.
#pragma once

#include <chrono>
#include <cstdint>

namespace finishline {

/// A span of time. Nanoseconds in 64 bits reach 292 years.
using Nanos = std::chrono::nanoseconds;

/// A point on CLOCK_MONOTONIC, which all processes of one machine share; never wall-clock time.
using Instant = std::chrono::time_point<std::chrono::steady_clock, Nanos>;

using std::chrono_literals::operator""ns;
using std::chrono_literals::operator""us;
using std::chrono_literals::operator""ms;
using std::chrono_literals::operator""s;

/// Whole microseconds, as the wire carries them: rounded down, held to [0, 2^32 - 1].
constexpr std::uint32_t to_wire_us(Nanos span) {
  const auto us = std::chrono::duration_cast<std::chrono::microseconds>(span).count();
  if (us < 0) return 0;
  return us > 0xffffffffLL ? 0xffffffffU : static_cast<std::uint32_t>(us);
}

constexpr double to_seconds(Nanos span) { return static_cast<double>(span.count()) * 1e-9; }

}  // namespace finishline
