#include "lb/sched/scale_rule.h"

#include <algorithm>
#include <array>
#include <limits>
#include <utility>

namespace finishline::sched {
namespace {

constexpr int kSlices = 60;
constexpr double kNothing = 1e-9;
constexpr double kDoubled = 2;

bool passed(std::optional<Instant> since, Nanos wait, Instant now) { return !since || now - *since >= wait; }

std::uint32_t sum_of(const ServerCounts& counts) {
  std::uint32_t sum = 0;
  for (const std::uint32_t count : counts) sum += count;
  return sum;
}

ServerCounts added(const ServerCounts& a, const ServerCounts& b) {
  ServerCounts sum = a;
  for (std::size_t i = 0; i < sum.size(); ++i) sum[i] += b[i];
  return sum;
}

void raise_to(std::vector<double>& volume, const std::vector<double>& other) {
  for (std::size_t i = 0; i < volume.size() && i < other.size(); ++i)
    volume[i] = std::max(volume[i], other[i]);
}

ServerCounts scaled_in(const ScaleReading& reading) {
  ServerCounts counts;
  for (const KindReading& kind : reading.kinds)
    counts.push_back(static_cast<std::uint32_t>(kind.started.size()));
  return counts;
}

ServerCounts fixed_in(const ScaleReading& reading) {
  ServerCounts counts;
  for (const KindReading& kind : reading.kinds) counts.push_back(kind.fixed);
  return counts;
}

}  // namespace

std::string_view name_of(ScaleMove move) {
  constexpr std::array<std::string_view, 3> kNames{"stay", "up", "down"};
  return kNames[static_cast<std::size_t>(move)];
}

ScaleRule::ScaleRule(ServerMix mix, std::vector<ScaleLimits> limits, ScaleOptions options)
    : mix_(std::move(mix)), limits_(std::move(limits)), options_(options) {}

void ScaleRule::change_to(ServerMix mix, std::vector<ScaleLimits> limits, ScaleOptions options) {
  mix_ = std::move(mix);
  limits_ = std::move(limits);
  options_ = options;
  for (Slice& slice : slices_) slice.volume.resize(mix_.request_types());
}

// --- what is demanded ------------------------------------------------------------------------------

ScaleRule::Demanded ScaleRule::demanded(const ScaleReading& reading) const {
  Demanded demand{.volume = reading.arriving, .load = reading.load * reading.serving};
  demand.volume.resize(mix_.request_types());
  const double catch_up = std::max(to_seconds(options_.catch_up), 0.001);
  for (std::size_t type = 0; type < reading.waiting.size() && type < demand.volume.size(); ++type)
    demand.volume[type] += reading.waiting[type] / catch_up;
  raise_to(demand.volume, reading.forecast);
  return demand;
}

void ScaleRule::remember(const Demanded& demand, Instant now) {
  while (!slices_.empty() && now - slices_.front().since > options_.settle) slices_.pop_front();
  if (slices_.empty() || now - slices_.back().since > options_.settle / kSlices)
    return slices_.push_back({now, demand.volume, demand.load});
  raise_to(slices_.back().volume, demand.volume);
  slices_.back().load = std::max(slices_.back().load, demand.load);
}

ScaleRule::Demanded ScaleRule::highest() const {
  Demanded most{.volume = std::vector<double>(mix_.request_types()), .load = 0};
  for (const Slice& slice : slices_) {
    raise_to(most.volume, slice.volume);
    most.load = std::max(most.load, slice.load);
  }
  return most;
}

double ScaleRule::strain(const ServerCounts& counts, const Demanded& demand) const {
  if (options_.by == ScaleBy::work) return mix_.busy_share(counts, demand.volume);
  const std::uint32_t servers = sum_of(counts);
  if (servers == 0) return demand.load > 0 ? std::numeric_limits<double>::infinity() : 0;
  return demand.load / servers;
}

// --- what is done about it -------------------------------------------------------------------------

/// What the limits want is no reason to wait with the rest: perhaps it cannot be had.
ScaleDecision ScaleRule::step(const ScaleReading& reading, Instant now) {
  if (!first_at_) first_at_ = now;
  const ServerCounts fixed = fixed_in(reading), scaled = scaled_in(reading);
  const Demanded demand = demanded(reading);
  remember(demand, now);
  ScaleDecision decision{.wanted = held(reading, fixed, scaled),
                         .strain = strain(added(fixed, scaled), demand)};
  const ServerCounts by_demand = demanded_servers(reading, fixed, scaled, demand, decision.strain, now);
  for (std::size_t kind = 0; kind < scaled.size(); ++kind) {
    std::uint32_t& wanted = decision.wanted[kind];
    if (by_demand[kind] > scaled[kind] && wanted >= scaled[kind]) wanted = std::max(wanted, by_demand[kind]);
    if (by_demand[kind] < scaled[kind]) wanted = std::min(wanted, by_demand[kind]);
  }
  if (decision.wanted != scaled && decision.wanted != wanted_) changed_at_ = now;
  wanted_ = decision.wanted;
  if (decision.wanted == scaled) return decision;
  decision.move = sum_of(decision.wanted) > sum_of(scaled) ? ScaleMove::up : ScaleMove::down;
  return decision;
}

ServerCounts ScaleRule::demanded_servers(const ScaleReading& reading, const ServerCounts& fixed,
                                         const ServerCounts& scaled, const Demanded& demand, double strain,
                                         Instant now) {
  ServerCounts wanted = scaled;
  if (strain > options_.up_over + kNothing) {
    if (!may_grow(scaled, strain, now)) return wanted;
    wanted = grown(reading, fixed, scaled, demand);
    if (wanted == scaled) return wanted;
    up_at_ = now;
    asked_for_ = sum_of(wanted);
  } else if (passed(changed_at_, options_.cooldown_down, now) && now - *first_at_ >= options_.settle) {
    if (const auto kind = needless(reading, fixed, scaled, now)) --wanted[*kind];
  }
  return wanted;
}

/// The first readings of a wave are of half of it: what was asked for then must not hold the rest back.
bool ScaleRule::may_grow(const ServerCounts& scaled, double strain, Instant now) const {
  if (passed(up_at_, options_.cooldown_up, now)) return true;
  return !options_.one_step && sum_of(scaled) >= asked_for_ && strain > kDoubled * options_.up_over;
}

/// Of the places that can be used.
ScaleLimits ScaleRule::limits(const ScaleReading& reading, std::size_t kind) const {
  const std::uint32_t most = limits_[kind].most - std::min(limits_[kind].most, reading.kinds[kind].given_up);
  const bool all = reading.kinds[kind].given_up == 0;
  return {.least = all ? limits_[kind].least : std::min(limits_[kind].least, most), .most = most};
}

/// Within the limits, whatever is demanded.
ServerCounts ScaleRule::held(const ScaleReading& reading, const ServerCounts& fixed,
                             const ServerCounts& scaled) const {
  ServerCounts wanted = scaled;
  for (std::size_t kind = 0; kind < wanted.size(); ++kind) {
    const std::uint32_t before = wanted[kind];
    const auto [least, most] = limits(reading, kind);
    wanted[kind] = std::clamp(before, least, std::max(least, most));
    while (wanted[kind] < before && !mix_.covers(added(fixed, wanted), added(fixed, scaled))) ++wanted[kind];
  }
  return wanted;
}

std::optional<std::size_t> ScaleRule::next_addition(const ServerCounts& counts, const ServerCounts& most,
                                                    const Demanded& demand) const {
  if (auto kind = mix_.best_addition(counts, most, demand.volume)) return kind;
  if (options_.by == ScaleBy::work) return std::nullopt;
  std::optional<std::size_t> cheapest;  // where no work is known to tell them apart
  for (std::size_t kind = 0; kind < counts.size(); ++kind) {
    if (counts[kind] >= most[kind]) continue;
    if (!cheapest || mix_.kinds()[kind].price < mix_.kinds()[*cheapest].price) cheapest = kind;
  }
  return cheapest;
}

ServerCounts ScaleRule::grown(const ScaleReading& reading, const ServerCounts& fixed,
                              const ServerCounts& scaled, const Demanded& demand) const {
  const ServerCounts now = added(fixed, scaled);
  ServerCounts most = now;
  for (std::size_t kind = 0; kind < most.size(); ++kind)
    most[kind] = fixed[kind] + std::max(scaled[kind], limits(reading, kind).most);
  ServerCounts wanted = now;
  if (options_.one_step) {
    if (const auto kind = next_addition(now, most, demand)) ++wanted[*kind];
  } else if (options_.by == ScaleBy::work) {
    ServerCounts least = fixed;
    for (std::size_t kind = 0; kind < least.size(); ++kind) least[kind] += limits(reading, kind).least;
    const ServerCounts best = mix_.cheapest(least, most, demand.volume, options_.up_over);
    wanted = mix_.grown_towards(now, best, demand.volume, options_.up_over);
  } else {
    while (strain(wanted, demand) > options_.up_over + kNothing) {
      const auto kind = next_addition(wanted, most, demand);
      if (!kind) break;
      ++wanted[*kind];
    }
  }
  for (std::size_t kind = 0; kind < wanted.size(); ++kind) wanted[kind] -= fixed[kind];
  return wanted;
}

/// The kind of which one can go: the dearest, of equals the one that is missed least. One that serves goes
/// only where those that serve without it will do, and one that is being started before it.
std::optional<std::size_t> ScaleRule::needless(const ScaleReading& reading, const ServerCounts& fixed,
                                               const ServerCounts& scaled, Instant now) const {
  const Demanded demand = highest();
  const ServerCounts all = added(fixed, scaled);
  ServerCounts serving = all;
  for (std::size_t kind = 0; kind < all.size(); ++kind) serving[kind] -= reading.kinds[kind].starting;
  if (options_.by != ScaleBy::work && strain(all, demand) >= options_.down_under) return std::nullopt;
  std::optional<std::size_t> best;
  double best_strain = 0;
  for (std::size_t kind = 0; kind < all.size(); ++kind) {
    const auto old = [&](Instant started) { return now - started >= options_.min_life; };
    if (scaled[kind] <= limits_[kind].least || std::ranges::none_of(reading.kinds[kind].started, old))
      continue;
    ServerCounts fewer = serving;
    if (reading.kinds[kind].starting == 0) --fewer[kind];
    const double after = strain(fewer, demand);
    if (sum_of(fewer) == 0 || !mix_.covers(fewer, all)) continue;
    if (after > options_.up_over * (1 - options_.hysteresis) + kNothing) continue;
    const double price = mix_.kinds()[kind].price;
    const double best_price = best ? mix_.kinds()[*best].price : 0;
    if (best && (price < best_price || (price == best_price && after >= best_strain))) continue;
    best = kind;
    best_strain = after;
  }
  return best;
}

}  // namespace finishline::sched
