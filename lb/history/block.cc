#include "lb/history/block.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstdint>
#include <limits>

namespace finishline::history {
namespace {

void put(std::string& to, std::uint64_t number) {
  for (; number >= 0x80; number >>= 7) to += static_cast<char>(0x80 | (number & 0x7f));
  to += static_cast<char>(number);
}

/// Nothing at the end, or when it has no end.
std::optional<std::uint64_t> get(std::string_view& from) {
  std::uint64_t number = 0;
  for (unsigned shift = 0; !from.empty() && shift < 64; shift += 7) {
    const auto byte = static_cast<unsigned char>(from.front());
    from.remove_prefix(1);
    number |= static_cast<std::uint64_t>(byte & 0x7f) << shift;
    if (byte < 0x80) return number;
  }
  return std::nullopt;
}

}  // namespace

std::string encode(const ValueBlock& block) {
  std::size_t used = block.size();
  while (used > 0 && std::isnan(block[used - 1])) --used;
  std::string bytes;
  for (std::size_t i = 0; i < used; ++i) {
    const auto bits = std::bit_cast<std::uint32_t>(block[i]);
    for (unsigned shift = 0; shift < 32; shift += 8) bytes += static_cast<char>(bits >> shift);
  }
  return bytes;
}

std::string encode(const HistogramBlock& block) {
  std::string bytes;
  for (std::size_t slot = 0; slot < block.size(); ++slot) {
    if (block[slot].counts.empty()) continue;
    put(bytes, slot);
    put(bytes, block[slot].counts.size());
    for (const auto& [bucket, count] : block[slot].counts) {
      put(bytes, bucket);
      put(bytes, count);
    }
  }
  return bytes;
}

ValueBlock decode_values(std::string_view bytes, std::size_t slots) {
  ValueBlock block(slots, std::numeric_limits<float>::quiet_NaN());
  for (std::size_t i = 0; i < slots && i * 4 + 4 <= bytes.size(); ++i) {
    std::uint32_t bits = 0;
    for (unsigned n = 0; n < 4; ++n)
      bits |= static_cast<std::uint32_t>(static_cast<unsigned char>(bytes[i * 4 + n])) << (8 * n);
    block[i] = std::bit_cast<float>(bits);
  }
  return block;
}

HistogramBlock decode_histograms(std::string_view bytes, std::size_t slots) {
  HistogramBlock block(slots);
  while (!bytes.empty()) {
    const auto slot = get(bytes), size = get(bytes);
    if (!slot || !size || *slot >= slots || *size > model::LatencyBuckets::kCount) return block;
    for (std::uint64_t i = 0; i < *size; ++i) {
      const auto bucket = get(bytes), count = get(bytes);
      if (!bucket || !count || *bucket >= model::LatencyBuckets::kCount) return block;
      block[*slot].counts.emplace_back(static_cast<std::uint16_t>(*bucket),
                                       static_cast<std::uint32_t>(*count));
    }
  }
  return block;
}

}  // namespace finishline::history
