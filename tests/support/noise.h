// Bytes for tests that look whether all arrive, once and in order.
#pragma once

#include <random>
#include <string>

namespace finishline::test {

/// Bytes of which no two stretches are alike.
inline std::string noise(std::size_t bytes, unsigned seed) {
  std::mt19937 random(seed);
  std::string text(bytes, '\0');
  for (char& c : text) c = static_cast<char>(random());
  return text;
}

/// More than all socket buffers between two peers hold.
constexpr std::size_t kMuch = 12U << 20;

}  // namespace finishline::test
