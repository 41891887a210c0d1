#include "lb/sched/server_mix.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <utility>

#include "lb/model/fractional_load.h"

namespace finishline::sched {
namespace {

constexpr double kNever = std::numeric_limits<double>::infinity();
constexpr double kNothing = 1e-9;        // of a share: differences below it are rounding
constexpr std::size_t kMostTries = 512;  // mixes that a search looks at, each by a linear programme

bool does(const ServerSort& kind, std::size_t type) { return std::isfinite(kind.seconds_per_unit[type]); }

}  // namespace

ServerMix::ServerMix(std::vector<ServerSort> kinds)
    : kinds_(std::move(kinds)), types_(kinds_.empty() ? 0 : kinds_.front().seconds_per_unit.size()) {}

ServerMix::Solution ServerMix::solve(const ServerCounts& counts, std::span<const double> volume) const {
  std::vector<double> times;
  std::vector<bool> done(types_, false);
  for (std::size_t kind = 0; kind < kinds_.size(); ++kind) {
    for (std::size_t type = 0; type < types_; ++type) {
      const bool can = counts[kind] > 0 && does(kinds_[kind], type);
      if (can) done[type] = true;
      times.push_back(can ? kinds_[kind].seconds_per_unit[type] / counts[kind] : kNever);
    }
  }
  model::FractionalLoad programme(std::move(times), types_);
  Solution solution{.share = programme.solve(volume), .worth = {}, .undone = 0};
  solution.worth.assign(programme.machine_prices().begin(), programme.machine_prices().end());
  for (std::size_t type = 0; type < types_; ++type)
    if (!done[type]) solution.undone += volume[type];
  return solution;
}

double ServerMix::busy_share(const ServerCounts& counts, std::span<const double> volume) const {
  const Solution solution = solve(counts, volume);
  return solution.undone > 0 ? kNever : solution.share;
}

bool ServerMix::covers(const ServerCounts& after, const ServerCounts& before) const {
  for (std::size_t type = 0; type < types_; ++type) {
    bool was = false, is = false;
    for (std::size_t kind = 0; kind < kinds_.size(); ++kind) {
      was |= before[kind] > 0 && does(kinds_[kind], type);
      is |= after[kind] > 0 && does(kinds_[kind], type);
    }
    if (was && !is) return false;
  }
  return true;
}

double ServerMix::price(const ServerCounts& counts) const {
  double sum = 0;
  for (std::size_t kind = 0; kind < kinds_.size(); ++kind) sum += counts[kind] * kinds_[kind].price;
  return sum;
}

std::optional<std::size_t> ServerMix::best_addition(const ServerCounts& counts, const ServerCounts& most,
                                                    std::span<const double> volume) const {
  const Solution now = solve(counts, volume);
  std::optional<std::size_t> best;
  // In this order: work that nobody could do, the cut of the share, what its time is worth; each by price.
  std::array<double, 3> best_gain{kNothing, kNothing, kNothing};
  const auto clear_lead = [](double a, double b) { return a > b + kNothing * std::max(1.0, std::abs(b)); };
  for (std::size_t kind = 0; kind < kinds_.size(); ++kind) {
    if (counts[kind] >= most[kind]) continue;
    ServerCounts more = counts;
    ++more[kind];
    const Solution then = solve(more, volume);
    const double price = kinds_[kind].price;
    const double cut = now.undone > 0 ? 0 : now.share - then.share;
    const std::array<double, 3> gain{(now.undone - then.undone) / price, cut / price,
                                     now.worth[kind] / price};
    const auto differs = [&](std::size_t i) {
      return clear_lead(gain[i], best_gain[i]) || clear_lead(best_gain[i], gain[i]);
    };
    std::size_t at = 0;
    while (at < gain.size() && !differs(at)) ++at;
    if (at == gain.size() || gain[at] <= best_gain[at]) continue;
    best = kind;
    best_gain = gain;
  }
  return best;
}

ServerCounts ServerMix::by_additions(ServerCounts counts, const ServerCounts& most,
                                     std::span<const double> volume, double target) const {
  const ServerCounts least = counts;
  while (busy_share(counts, volume) > target + kNothing) {
    const auto kind = best_addition(counts, most, volume);
    if (!kind) break;
    ++counts[*kind];
  }
  take_back(counts, least, volume, target);
  return counts;
}

void ServerMix::take_back(ServerCounts& counts, const ServerCounts& least, std::span<const double> volume,
                          double target) const {
  const double enough = std::max(target, busy_share(counts, volume));
  while (const auto kind = needless(counts, least, volume, enough)) --counts[*kind];
}

/// The dearest kind of which one can go; of equals the one that is missed least.
std::optional<std::size_t> ServerMix::needless(const ServerCounts& counts, const ServerCounts& least,
                                               std::span<const double> volume, double enough) const {
  std::optional<std::size_t> best;
  double best_share = 0;
  for (std::size_t kind = 0; kind < kinds_.size(); ++kind) {
    if (counts[kind] <= least[kind]) continue;
    ServerCounts fewer = counts;
    --fewer[kind];
    const double share = busy_share(fewer, volume);
    if (share > enough + kNothing) continue;
    const double price = kinds_[kind].price, best_price = best ? kinds_[*best].price : 0;
    if (best && (price < best_price || (price == best_price && share >= best_share))) continue;
    best = kind;
    best_share = share;
  }
  return best;
}

/// Of all kinds but the last every number is tried; of that one the least that is enough.
std::optional<ServerCounts> ServerMix::by_search(const ServerCounts& least, const ServerCounts& most,
                                                 std::span<const double> volume, double target) const {
  const std::size_t last = kinds_.size() - 1;
  const auto enough = [&](const ServerCounts& counts) {
    return busy_share(counts, volume) <= target + kNothing;
  };
  std::optional<ServerCounts> best;
  const auto is_better = [&](const ServerCounts& counts) {
    const double saved = best ? price(*best) - price(counts) : kNever;
    return saved > kNothing || (saved > -kNothing && busy_share(counts, volume) < busy_share(*best, volume));
  };
  ServerCounts counts = least;
  for (bool more = true; more;) {
    std::uint32_t low = least[last], high = most[last];
    counts[last] = high;
    if (enough(counts)) {
      while (low < high) {
        counts[last] = low + (high - low) / 2;
        if (enough(counts))
          high = counts[last];
        else
          low = counts[last] + 1;
      }
      counts[last] = low;
      if (is_better(counts)) best = counts;
    }
    std::size_t kind = 0;
    while (kind < last && counts[kind] == most[kind]) counts[kind] = least[kind], ++kind;
    more = kind < last;
    if (more) ++counts[kind];
  }
  return best;
}

ServerCounts ServerMix::grown_towards(const ServerCounts& now, const ServerCounts& best,
                                      std::span<const double> volume, double target) const {
  ServerCounts counts = now;
  for (std::size_t kind = 0; kind < counts.size(); ++kind) counts[kind] = std::max(now[kind], best[kind]);
  take_back(counts, now, volume, target);
  return counts;
}

ServerCounts ServerMix::cheapest(const ServerCounts& least, const ServerCounts& most,
                                 std::span<const double> volume, double target) const {
  if (kinds_.empty()) return least;
  double tries = 1;
  for (std::size_t kind = 0; kind + 1 < kinds_.size(); ++kind) tries *= most[kind] - least[kind] + 1.0;
  tries *= 1 + std::log2(most.back() - least.back() + 1.0);
  if (tries <= kMostTries)
    if (auto found = by_search(least, most, volume, target)) return *found;
  return by_additions(least, most, volume, target);
}

}  // namespace finishline::sched
