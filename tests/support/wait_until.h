// Waiting in tests that meet other processes: for a state, never for a span of time.
#pragma once

#include <chrono>
#include <cstdlib>
#include <thread>

#include "proto/units.h"

namespace finishline::test {

/// How long anything may take before a test gives it up: 20 s, or FINISHLINE_TEST_PATIENCE in seconds, for
/// machines and tools (valgrind) that are slow. The one time-out of all tests.
inline Nanos patience() {
  const char* const seconds = std::getenv("FINISHLINE_TEST_PATIENCE");
  const int given = seconds == nullptr ? 0 : std::atoi(seconds);
  return std::chrono::seconds(given > 0 ? given : 20);
}

/// Asks every few milliseconds; false when the answer is still no at the end.
template <class Predicate>
bool wait_until(Predicate&& holds, Nanos at_most = patience()) {
  const auto end = std::chrono::steady_clock::now() + at_most;
  while (!holds()) {
    if (std::chrono::steady_clock::now() >= end) return false;
    std::this_thread::sleep_for(std::chrono::milliseconds(2));
  }
  return true;
}

}  // namespace finishline::test
