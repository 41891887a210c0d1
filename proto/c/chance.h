// Numbers by chance, for pauses that must not fall together. Not for secrets.
#pragma once

#include <sys/random.h>

#include <chrono>
#include <random>

namespace finishline::clib {

class Chance {
 public:
  Chance() : engine_(seed()) {}
  /// In [0, 1).
  double next() { return std::uniform_real_distribution<double>(0.0, 1.0)(engine_); }

 private:
  static unsigned seed() {
    unsigned value = 0;
    if (::getrandom(&value, sizeof value, GRND_NONBLOCK) == sizeof value) return value;
    return static_cast<unsigned>(std::chrono::steady_clock::now().time_since_epoch().count());
  }

  std::minstd_rand engine_;
};

}  // namespace finishline::clib
