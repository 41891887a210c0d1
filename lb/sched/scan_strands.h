// The passes of scan.h, kStrands servers at a time. scan.cc includes this once per instruction set, each time
// in a namespace of its own that knows kStrands, min(), whole() and to_doubles(); hence no include guard, and
// nothing here may be the first to call a template of the standard library: compiled for new processors, it
// could be linked for old ones.
//
// A strand is a small pool of its own, of every kStrands-th server. Each pass first answers for all strands
// at once, then folds the strands and the few servers behind the last full vector with the plain code. Times
// are doubles, in ns after now: exact below 2^53, and they compare on any processor.

using Doubles = double __attribute__((vector_size(kStrands * 8)));
using Ints = long long __attribute__((vector_size(kStrands * 8)));

inline Doubles load(const double* from) {
  Doubles v;
  __builtin_memcpy(&v, from, sizeof v);
  return v;
}

inline Ints load(const std::int64_t* from) {
  Ints v;
  __builtin_memcpy(&v, from, sizeof v);
  return v;
}

/// How many servers full vectors hold.
inline std::size_t full(const PoolView& view) { return view.size() / kStrands * kStrands; }

/// service_time(), strand by strand; what cannot be done takes kMaxServiceTime.
inline Doubles service(Doubles cost, double length) {
  const Doubles nanos = cost * length;
  return whole(min(nanos, Doubles{} + kLongest) + 0.5);
}

/// The least of the strands.
inline double least(Doubles v) {
  double of_all = v[0];
  for (int strand = 1; strand < kStrands; ++strand) of_all = min(v[strand], of_all);
  return of_all;
}

Load load(const PoolView& view, std::int64_t limit) {
  const std::size_t end = full(view);
  const std::int64_t now = now_of(view);
  Ints latest = Ints{} + now, servers{};
  Doubles backlog{};
  for (std::size_t i = 0; i < end; i += kStrands) {
    const Ints finish = load(&view.finish[i]);
    const Ints known = finish <= limit ? finish : now;
    latest = known > latest ? known : latest;
    backlog += to_doubles(known - now);
    servers -= finish <= limit;  // true is -1
  }
  Load of_all{now, 0, 0};
  for (int strand = 0; strand < kStrands; ++strand) {
    of_all.latest = latest[strand] > of_all.latest ? latest[strand] : of_all.latest;
    of_all.backlog += backlog[strand];
    of_all.servers += static_cast<std::uint32_t>(servers[strand]);
  }
  return plain::load(view, limit, end, of_all);
}

double cheapest(const PoolView& view) {
  const std::size_t end = full(view);
  const Doubles none = Doubles{} + kNoCost;
  Doubles cheapest = none;
  for (std::size_t i = 0; i < end; i += kStrands)
    cheapest = min(load(&view.finish[i]) == kUnavailable ? none : load(&view.nanos_per_unit[i]), cheapest);
  return min(least(cheapest), plain::cheapest(view, end));
}

double cheapest_by(const PoolView& view, const Job& job, std::int64_t limit) {
  const std::size_t end = full(view);
  const std::int64_t now = now_of(view);
  const Doubles last = Doubles{} + static_cast<double>(limit - now);
  Doubles cheapest = Doubles{} + kNoCost;
  for (std::size_t i = 0; i < end; i += kStrands) {
    const Doubles cost = load(&view.nanos_per_unit[i]);
    const Doubles done = to_doubles(load(&view.finish[i]) - now) + service(cost, job.length);
    const Doubles cheaper = min(cost, cheapest);
    cheapest = done <= last ? cheaper : cheapest;
  }
  return min(least(cheapest), plain::cheapest_by(view, job, limit, end));
}

double cheapest_soonest(const PoolView& view, const Job& job) {
  const std::size_t end = full(view);
  const std::int64_t now = now_of(view);
  const Doubles none = Doubles{} + kNoCost;
  Doubles completion = none, cheapest = none;
  for (std::size_t i = 0; i < end; i += kStrands) {
    const Doubles cost = load(&view.nanos_per_unit[i]);
    const Doubles done = to_doubles(load(&view.finish[i]) - now) + service(cost, job.length);
    const Doubles its = cost < none ? done : none;
    const Doubles cheaper = min(cost, cheapest);
    cheapest = its < completion ? cost : its == completion ? cheaper : cheapest;
    completion = min(its, completion);
  }
  plain::Soonest soonest;
  if (const double first = least(completion); first < kNever)
    soonest = {now + static_cast<std::int64_t>(first), least(completion == first ? cheapest : none)};
  return plain::cheapest_soonest(view, job, end, soonest);
}

Equals earliest(const PoolView& view, double cost) {
  const std::size_t end = full(view);
  const Ints never = Ints{} + kUnavailable;
  Ints finish = never, count{};
  for (std::size_t i = 0; i < end; i += kStrands) {
    const Ints its = load(&view.nanos_per_unit[i]) == cost ? load(&view.finish[i]) : never;
    const Ints one_more = count + 1;
    count = its == finish ? one_more : count;
    count = its < finish ? Ints{} + 1 : count;
    finish = its < finish ? its : finish;
  }
  std::int64_t first = kUnavailable, equals = 0;
  for (int strand = 0; strand < kStrands; ++strand) first = finish[strand] < first ? finish[strand] : first;
  for (int strand = 0; strand < kStrands; ++strand) equals += finish[strand] == first ? count[strand] : 0;
  return plain::earliest(view, cost, end, {first, static_cast<std::uint32_t>(equals)});
}

std::size_t nth(const PoolView& view, double cost, std::int64_t finish, std::uint32_t n) {
  const std::size_t end = full(view);
  std::size_t i = 0;
  while (i < end) {
    const std::size_t block = i;
    std::uint64_t equals = 0;  // bit k: server block + k
    for (; i < end && i < block + 64; i += kStrands)
      equals |= bits((load(&view.nanos_per_unit[i]) == cost) & (load(&view.finish[i]) == finish))
                << (i - block);
    const auto in_block = static_cast<std::uint32_t>(__builtin_popcountll(equals));
    if (n < in_block) return block + static_cast<std::size_t>(__builtin_ctzll(_pdep_u64(1ULL << n, equals)));
    n -= in_block;
  }
  return plain::nth(view, cost, finish, n, end);
}

constexpr Scan scan_by(std::string_view instructions) {
  return {instructions, load, cheapest, cheapest_by, cheapest_soonest, earliest, nth};
}
