// Hashes that come out the same in every process and after every restart.
#pragma once

#include <cstdint>
#include <string_view>

namespace finishline::sched {

/// Every bit of the result depends on every bit of `x` (the finalizer of splitmix64, Steele et al., OOPSLA
/// 2014).
inline std::uint64_t mix(std::uint64_t x) {
  x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9ULL;
  x = (x ^ (x >> 27)) * 0x94d049bb133111ebULL;
  return x ^ (x >> 31);
}

/// Of two numbers; mix(a, b) and mix(b, a) differ.
inline std::uint64_t mix(std::uint64_t a, std::uint64_t b) { return mix(mix(a + 0x9e3779b97f4a7c15ULL) ^ b); }

/// In (0, 1), as even as the hash.
inline double unit_of(std::uint64_t hash) { return (static_cast<double>(hash >> 12) + 0.5) * 0x1.0p-52; }

/// What a server is called decides where hashing policies place it (FNV-1a, 64 bit, and a mix).
inline std::uint64_t identity_of(std::string_view name) {
  std::uint64_t hash = 0xcbf29ce484222325ULL;
  for (const char c : name) hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001b3ULL;
  return mix(hash);
}

}  // namespace finishline::sched
