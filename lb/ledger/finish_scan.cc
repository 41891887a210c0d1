#include "lb/ledger/finish_scan.h"

#include <algorithm>
#include <cstring>

#include "lb/ledger/ledger.h"

#if defined(__x86_64__)
#include <immintrin.h>
#endif

namespace finishline::ledger {
namespace {

constexpr auto kUp = static_cast<unsigned>(ServerState::up);

// Acquire: whoever goes on to sum the books of a late server sees the rows of all who moved its word.
bool scan_some(const FinishColumns& from, std::span<const std::uint32_t> ids, std::int64_t now,
               std::int64_t* words, std::int64_t* finish) {
  unsigned needs_look = 0;
  for (std::size_t i = 0; i < ids.size(); ++i) {
    const std::int64_t word = from.words[ids[i]].load(std::memory_order_acquire);
    words[i] = word;
    finish[i] = std::max(word, now);
    needs_look |= static_cast<std::uint64_t>(word - 1) < static_cast<std::uint64_t>(now);
    needs_look |= from.states[ids[i]].load(std::memory_order_relaxed) ^ kUp;
  }
  return needs_look != 0;
}

#if defined(__x86_64__)

constexpr std::size_t kStrands = 4, kStep = 2 * kStrands;
const bool kHasAvx2 = __builtin_cpu_supports("avx2") != 0;

/// Four servers. `late` collects the words that are neither idle, which is 0, nor ahead of now.
__attribute__((target("avx2"))) inline void scan_strands(const Cell<std::int64_t>* from, __m256i now,
                                                         std::int64_t* words, std::int64_t* finish,
                                                         __m256i& late) {
  const __m256i word = _mm256_loadu_si256(reinterpret_cast<const __m256i*>(from));
  const __m256i ahead = _mm256_cmpgt_epi64(word, now);
  _mm256_storeu_si256(reinterpret_cast<__m256i*>(words), word);
  _mm256_storeu_si256(reinterpret_cast<__m256i*>(finish), _mm256_blendv_epi8(now, word, ahead));
  late = _mm256_or_si256(late, _mm256_andnot_si256(ahead, word));
}

// Eight servers at a time. On x86-64 every load is an acquire load, and each aligned 8-byte strand of a
// vector load is read whole, as the compiler could have read them one by one; the language has no word for
// it.
__attribute__((target("avx2"))) bool scan_avx2(const FinishColumns& from, std::span<const std::uint32_t> ids,
                                               std::int64_t now, std::int64_t* words, std::int64_t* finish) {
  const __m256i at = _mm256_set1_epi64x(now);
  const __m256i ascending = _mm256_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7);
  __m256i late = _mm256_setzero_si256();
  std::uint64_t other_state = 0;
  bool needs_look = false;
  std::size_t i = 0;
  for (; i + kStep <= ids.size(); i += kStep) {
    const std::uint32_t first = ids[i];
    const __m256i eight = _mm256_loadu_si256(reinterpret_cast<const __m256i*>(&ids[i]));
    const __m256i row = _mm256_add_epi32(_mm256_set1_epi32(static_cast<int>(first)), ascending);
    if (_mm256_movemask_epi8(_mm256_cmpeq_epi32(eight, row)) != -1) {
      needs_look |= scan_some(from, ids.subspan(i, kStep), now, words + i, finish + i);
      continue;
    }
    scan_strands(from.words + first, at, words + i, finish + i, late);
    scan_strands(from.words + first + kStrands, at, words + i + kStrands, finish + i + kStrands, late);
    std::uint64_t states;
    std::memcpy(&states, from.states + first, sizeof states);
    other_state |= states ^ (kUp * 0x0101010101010101U);
  }
  needs_look |= other_state != 0 || _mm256_testz_si256(late, late) == 0;
  return scan_some(from, ids.subspan(i), now, words + i, finish + i) || needs_look;
}

#endif

}  // namespace

bool scan_finish(const FinishColumns& from, std::span<const std::uint32_t> ids, std::int64_t now,
                 std::int64_t* words, std::int64_t* finish) {
#if defined(__x86_64__)
  if (kHasAvx2 && ids.size() >= kStep) return scan_avx2(from, ids, now, words, finish);
#endif
  return scan_some(from, ids, now, words, finish);
}

}  // namespace finishline::ledger
