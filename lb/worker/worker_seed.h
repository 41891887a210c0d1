// From what all random choices of a worker begin. Worker process.
#pragma once

#include <chrono>
#include <cstdint>

#include "lb/process/heritage.h"

namespace finishline::worker {

/// Different for every worker and every start, the same for the same configured seed and worker.
inline std::uint64_t worker_seed(const process::Heritage& heritage) {
  const std::uint64_t base = heritage.config.proxy.seed;
  if (base != 0) return base + heritage.worker;
  return static_cast<std::uint64_t>(std::chrono::steady_clock::now().time_since_epoch().count()) ^
         (std::uint64_t{heritage.worker} << 56);
}

}  // namespace finishline::worker
