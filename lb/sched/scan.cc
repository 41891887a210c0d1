#include "lb/sched/scan.h"

#include <algorithm>
#include <array>

#if defined(__x86_64__) && defined(__GNUC__) && !defined(__clang__)
#define FINISHLINE_VECTORS 1
#include <immintrin.h>
#endif

namespace finishline::sched {
namespace {

std::int64_t now_of(const PoolView& view) { return view.now.time_since_epoch().count(); }

// --- server by server: what the passes mean -------------------------------------------------------------
// Each begins at server `i`, with what is known of those before it where that matters.
namespace plain {

[[gnu::always_inline]] inline Load load(const PoolView& view, std::int64_t limit, std::size_t i, Load load) {
  const std::int64_t now = now_of(view);
  for (; i < view.size(); ++i) {
    if (view.finish[i] > limit) continue;
    load.latest = std::max(load.latest, view.finish[i]);
    load.backlog += static_cast<double>(view.finish[i] - now);
    ++load.servers;
  }
  return load;
}

[[gnu::always_inline]] inline double cheapest(const PoolView& view, std::size_t i) {
  double cheapest = kNoCost;
  for (; i < view.size(); ++i)
    if (view.finish[i] != kUnavailable) cheapest = std::min(cheapest, view.nanos_per_unit[i]);
  return cheapest;
}

[[gnu::always_inline]] inline double cheapest_by(const PoolView& view, const Job& job, std::int64_t limit,
                                                 std::size_t i) {
  double cheapest = kNoCost;
  for (; i < view.size(); ++i) {
    const double cost = view.nanos_per_unit[i];
    if (cost < cheapest && view.service(i, job) <= limit - view.finish[i]) cheapest = cost;
  }
  return cheapest;
}

struct Soonest {
  std::int64_t completion = kUnavailable;
  double cost = kNoCost;
};

[[gnu::always_inline]] inline double cheapest_soonest(const PoolView& view, const Job& job, std::size_t i,
                                                      Soonest soonest) {
  for (; i < view.size(); ++i) {
    if (!view.can(i)) continue;
    const Soonest its{view.completion(i, job), view.nanos_per_unit[i]};
    if (its.completion < soonest.completion ||
        (its.completion == soonest.completion && its.cost < soonest.cost))
      soonest = its;
  }
  return soonest.cost;
}

[[gnu::always_inline]] inline Equals earliest(const PoolView& view, double cost, std::size_t i,
                                              Equals equals) {
  for (; i < view.size(); ++i) {
    const std::int64_t finish = view.nanos_per_unit[i] == cost ? view.finish[i] : kUnavailable;
    equals.count = finish < equals.finish ? 1 : equals.count + (finish == equals.finish);
    equals.finish = std::min(equals.finish, finish);
  }
  return equals;
}

/// Stops where it may: a processor that guesses right goes on to the reservation at once (measured: without
/// the branches a decision among 3 servers took twice as long).
[[gnu::always_inline]] inline std::size_t nth(const PoolView& view, double cost, std::int64_t finish,
                                              std::uint32_t n, std::size_t i) {
  const auto is_equal = [&] { return view.nanos_per_unit[i] == cost && view.finish[i] == finish; };
  while (!is_equal() || n-- > 0) ++i;
  return i;
}

constexpr Scan kScan{
    "plain",
    [](const PoolView& view, std::int64_t limit) { return load(view, limit, 0, {.latest = now_of(view)}); },
    [](const PoolView& view) { return cheapest(view, 0); },
    [](const PoolView& view, const Job& job, std::int64_t limit) { return cheapest_by(view, job, limit, 0); },
    [](const PoolView& view, const Job& job) { return cheapest_soonest(view, job, 0, {}); },
    [](const PoolView& view, double cost) { return earliest(view, cost, 0, {}); },
    [](const PoolView& view, double cost, std::int64_t finish, std::uint32_t n) {
      return nth(view, cost, finish, n, 0);
    },
};

}  // namespace plain

// --- many servers at a time ------------------------------------------------------------------------------
#ifdef FINISHLINE_VECTORS

constexpr auto kLongest = static_cast<double>(kMaxServiceTime.count());
constexpr double kNever = 0x1p62;  // ns after now; only kUnavailable lies behind it

#pragma GCC push_options
#pragma GCC target("avx2,bmi2,popcnt")
namespace avx2 {

constexpr int kStrands = 4;
inline double min(double a, double b) { return a < b ? a : b; }
inline __m256d min(__m256d a, __m256d b) { return _mm256_min_pd(a, b); }
inline __m256d whole(__m256d x) { return _mm256_floor_pd(x); }
inline std::uint64_t bits(__m256i strands) {
  return static_cast<unsigned>(_mm256_movemask_pd(_mm256_castsi256_pd(strands)));
}
/// Without an instruction for it: either half becomes the mantissa of a double of known exponent (2^84 and
/// 2^52; 2^63 holds the sign), and what was added to either is taken off again.
inline __m256d to_doubles(__m256i x) {
  const __m256i high = _mm256_xor_si256(_mm256_srli_epi64(x, 32), _mm256_set1_epi64x(0x4530000080000000));
  const __m256i low = _mm256_blend_epi32(_mm256_set1_epi64x(0x4330000000000000), x, 0b01010101);
  const __m256d above = _mm256_sub_pd(_mm256_castsi256_pd(high), _mm256_set1_pd(0x1p84 + 0x1p63 + 0x1p52));
  return _mm256_add_pd(above, _mm256_castsi256_pd(low));
}

#include "lb/sched/scan_strands.h"

}  // namespace avx2
#pragma GCC pop_options

#pragma GCC push_options
#pragma GCC target("avx512f,avx512dq,bmi2,popcnt")
namespace avx512 {

constexpr int kStrands = 8;
inline double min(double a, double b) { return a < b ? a : b; }
inline __m512d min(__m512d a, __m512d b) { return _mm512_maskz_min_pd(0xff, a, b); }
inline __m512d whole(__m512d x) { return _mm512_maskz_roundscale_pd(0xff, x, _MM_FROUND_TO_NEG_INF); }
inline std::uint64_t bits(__m512i strands) { return _mm512_movepi64_mask(strands); }
inline __m512d to_doubles(__m512i x) { return _mm512_cvtepi64_pd(x); }

#include "lb/sched/scan_strands.h"

}  // namespace avx512
#pragma GCC pop_options

constexpr std::array kScans{plain::kScan, avx2::scan_by("avx2"), avx512::scan_by("avx512")};

std::size_t sets_here() {
  if (!__builtin_cpu_supports("avx2") || !__builtin_cpu_supports("bmi2")) return 1;
  return __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512dq") ? 3 : 2;
}

#else

constexpr std::array kScans{plain::kScan};

std::size_t sets_here() { return 1; }

#endif

const std::size_t kSetsHere = sets_here();
const Scan* const kFastest = &kScans[kSetsHere - 1];
constexpr std::size_t kFew = 8;  // where folding strands costs more than it saves

}  // namespace

std::span<const Scan> scans() { return std::span(kScans).first(kSetsHere); }

const Scan& scan_for(std::size_t servers) { return servers < kFew ? plain::kScan : *kFastest; }

std::optional<std::size_t> pick_earliest(const PoolView& view, double cost, Random& random) {
  if (cost == kNoCost) return std::nullopt;
  const Scan& scan = scan_for(view.size());
  const Equals best = scan.earliest(view, cost);
  return scan.nth(view, cost, best.finish, best.count > 1 ? random.below(best.count) : 0);
}

}  // namespace finishline::sched
