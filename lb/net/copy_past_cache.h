// memcpy for bytes that will not be read again soon: they go to memory without being fetched into the cache
// first and without driving out what is wanted there. Pure; any process.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>

#ifdef __SSE2__
#include <emmintrin.h>
#endif

namespace finishline::net {

#ifdef __SSE2__
inline void copy_past_cache(std::byte* to, const std::byte* from, std::size_t n) {
  constexpr std::size_t kLine = 64;
  const std::size_t head = std::min(n, (kLine - reinterpret_cast<std::uintptr_t>(to) % kLine) % kLine);
  std::memcpy(to, from, head);
  std::size_t at = head;
  for (; at + kLine <= n; at += kLine) {
    for (std::size_t part = 0; part < kLine; part += sizeof(__m128i)) {
      const __m128i word = _mm_loadu_si128(reinterpret_cast<const __m128i*>(from + at + part));
      _mm_stream_si128(reinterpret_cast<__m128i*>(to + at + part), word);
    }
  }
  std::memcpy(to + at, from + at, n - at);
}
#else
inline void copy_past_cache(std::byte* to, const std::byte* from, std::size_t n) { std::memcpy(to, from, n); }
#endif

}  // namespace finishline::net
