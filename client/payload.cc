#include "client/payload.h"

#include <algorithm>
#include <cstring>
#include <random>

namespace finishline::client {

Payload::Payload(std::uint64_t seed, std::size_t bytes) : bytes_(bytes), table_(kWindows + bytes) {
  std::mt19937_64 generator(seed);
  for (std::size_t at = 0; at < table_.size(); at += sizeof(std::uint64_t)) {
    const std::uint64_t word = generator();
    std::memcpy(&table_[at], &word, std::min(sizeof word, table_.size() - at));
  }
}

}  // namespace finishline::client
