// A small seeded generator (splitmix64, Steele et al., OOPSLA 2014), so that every run can be repeated.
#pragma once

#include <cstdint>

#include "lb/sched/hash.h"

namespace finishline::sched {

class Random {
 public:
  explicit Random(std::uint64_t seed) : state_(seed) {}

  std::uint64_t next() { return mix(state_ += 0x9e3779b97f4a7c15ULL); }
  /// Uniform in [0, n); n > 0. Multiply-shift: the bias is below n / 2^32.
  std::uint32_t below(std::uint32_t n) { return static_cast<std::uint32_t>(((next() >> 32) * n) >> 32); }
  /// Uniform in [0, 1).
  double unit() { return static_cast<double>(next() >> 11) * 0x1.0p-53; }

 private:
  std::uint64_t state_;
};

}  // namespace finishline::sched
