// What holds for scaling whatever the servers, the limits and the load.
#include <doctest/doctest.h>
#include <rapidcheck.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <ranges>

#include "lb/sched/scale_rule.h"

namespace finishline::sched {
namespace {

constexpr double kNever = std::numeric_limits<double>::infinity();

int below(int n) { return *rc::gen::resize(rc::kNominalSize, rc::gen::inRange(0, n)); }
Instant at(std::int64_t seconds) { return Instant(std::chrono::seconds(seconds)); }

/// Each type can be done by the first kind.
ServerMix any_mix(std::size_t kinds, std::size_t types) {
  std::vector<ServerSort> all;
  for (std::size_t kind = 0; kind < kinds; ++kind) {
    ServerSort it{.price = 1.0 + below(4), .seconds_per_unit = {}};
    for (std::size_t type = 0; type < types; ++type)
      it.seconds_per_unit.push_back(kind > 0 && below(4) == 0 ? kNever : 0.001 * (1 + below(4)));
    all.push_back(std::move(it));
  }
  return ServerMix(std::move(all));
}

std::vector<double> any_volume(std::size_t types, int most) {
  std::vector<double> volume;
  for (std::size_t type = 0; type < types; ++type) volume.push_back(below(most));
  return volume;
}

/// The least price of all mixes that are enough, one by one; infinity: none is.
double least_price(const ServerMix& mix, ServerCounts counts, const ServerCounts& most, std::size_t kind,
                   const std::vector<double>& volume, double target) {
  if (kind == most.size())
    return mix.busy_share(counts, volume) <= target + 1e-9 ? mix.price(counts) : kNever;
  double best = kNever;
  for (; counts[kind] <= most[kind]; ++counts[kind])
    best = std::min(best, least_price(mix, counts, most, kind + 1, volume, target));
  return best;
}

TEST_CASE("no mix that is enough costs less than the one that is wanted") {
  REQUIRE(rc::check([] {
    const std::size_t kinds = static_cast<std::size_t>(1 + below(3)),
                      types = static_cast<std::size_t>(1 + below(3));
    const ServerMix mix = any_mix(kinds, types);
    const auto volume = any_volume(types, 3000);
    ServerCounts least(kinds), most(kinds);
    for (std::size_t kind = 0; kind < kinds; ++kind)
      most[kind] =
          (least[kind] = static_cast<std::uint32_t>(below(2))) + static_cast<std::uint32_t>(below(5));
    const double target = 0.3 + below(7) / 10.0;
    const ServerCounts wanted = mix.cheapest(least, most, volume, target);
    const double best = least_price(mix, least, most, 0, volume, target);
    if (std::isfinite(best)) {
      RC_ASSERT(mix.busy_share(wanted, volume) <= target + 1e-6);
      RC_ASSERT(std::abs(mix.price(wanted) - best) < 1e-6);
    }
    for (std::size_t kind = 0; kind < kinds; ++kind)
      RC_ASSERT(wanted[kind] >= least[kind] && wanted[kind] <= most[kind]);
  }));
}

/// Does at once what is wanted, but that servers take their time to start.
class World {
 public:
  World(ServerMix mix, std::vector<ScaleLimits> limits, ScaleOptions options)
      : rule_(std::move(mix), limits, options), limits_(std::move(limits)), options_(options) {
    reading_.kinds.resize(limits_.size());
    reading_.kinds[0].fixed = 1;
  }

  ScaleDecision step(std::vector<double> volume) {
    ++now_;
    reading_.arriving = std::move(volume);
    reading_.serving = 0;
    for (const KindReading& kind : reading_.kinds)
      reading_.serving += kind.fixed + static_cast<std::uint32_t>(kind.started.size());
    reading_.load = reading_.arriving[0] / 1000 / reading_.serving;
    ScaleDecision decision = rule_.step(reading_, at(now_));
    check(decision);
    for (std::size_t kind = 0; kind < limits_.size(); ++kind) {
      auto& started = reading_.kinds[kind].started;
      while (started.size() < decision.wanted[kind]) started.push_back(at(now_));
      while (started.size() > decision.wanted[kind]) started.erase(started.begin());
    }
    return decision;
  }

 private:
  ServerCounts servers(const ServerCounts* scaled = nullptr) const {
    ServerCounts all;
    for (std::size_t kind = 0; kind < limits_.size(); ++kind)
      all.push_back(reading_.kinds[kind].fixed +
                    (scaled != nullptr ? (*scaled)[kind]
                                       : static_cast<std::uint32_t>(reading_.kinds[kind].started.size())));
    return all;
  }

  void check(const ScaleDecision& decision) {
    for (std::size_t kind = 0; kind < limits_.size(); ++kind) {
      const std::size_t before = reading_.kinds[kind].started.size();
      const std::uint32_t wanted = decision.wanted[kind];
      RC_ASSERT(wanted >= limits_[kind].least && wanted <= limits_[kind].most);
      if (wanted >= before) continue;
      RC_ASSERT(before - wanted == 1);
      RC_ASSERT(at(now_) - reading_.kinds[kind].started.front() >= options_.min_life);
      RC_ASSERT(changed_at_ == 0 || at(now_) - at(changed_at_) >= options_.cooldown_down);
    }
    RC_ASSERT(rule_.mix().covers(servers(&decision.wanted), servers()));
    const bool at_least = std::ranges::all_of(
        std::views::iota(std::size_t{0}, limits_.size()),
        [&](auto kind) { return reading_.kinds[kind].started.size() >= limits_[kind].least; });
    if (decision.move == ScaleMove::up && at_least) {
      const bool doubled = !options_.one_step && decision.strain > 2 * options_.up_over;
      RC_ASSERT(up_at_ == 0 || doubled || at(now_) - at(up_at_) >= options_.cooldown_up);
      up_at_ = now_;
    }
    if (decision.move != ScaleMove::stay) changed_at_ = now_;
  }

  ScaleRule rule_;
  std::vector<ScaleLimits> limits_;
  ScaleOptions options_;
  ScaleReading reading_;
  std::int64_t now_ = 1000, up_at_ = 0, changed_at_ = 0;
};

ScaleOptions any_options() {
  return {.by = static_cast<ScaleBy>(below(3)),
          .up_over = 0.4 + below(5) / 10.0,
          .down_under = 0.1 + below(3) / 10.0,
          .hysteresis = below(5) / 10.0,
          .cooldown_up = std::chrono::seconds(below(10)),
          .cooldown_down = std::chrono::seconds(below(30)),
          .settle = std::chrono::seconds(20 + below(100)),
          .min_life = std::chrono::seconds(below(60)),
          .one_step = below(2) == 0};
}

std::vector<ScaleLimits> any_limits(std::size_t kinds) {
  std::vector<ScaleLimits> limits(kinds);
  for (ScaleLimits& it : limits) {
    it.least = static_cast<std::uint32_t>(below(2));
    it.most = it.least + static_cast<std::uint32_t>(below(12));
  }
  return limits;
}

TEST_CASE("limits, cool-downs and lives are kept, and every type keeps a server, whatever comes") {
  REQUIRE(rc::check([] {
    const std::size_t kinds = static_cast<std::size_t>(1 + below(3)),
                      types = static_cast<std::size_t>(1 + below(3));
    World world(any_mix(kinds, types), any_limits(kinds), any_options());
    auto volume = any_volume(types, 4000);
    for (int i = 0; i < 200; ++i) {
      if (below(20) == 0) volume = any_volume(types, 4000);
      world.step(volume);
    }
  }));
}

TEST_CASE("a load that comes back within the time to settle ends no server that it has started") {
  REQUIRE(rc::check([] {
    const std::size_t types = static_cast<std::size_t>(1 + below(3)),
                      kinds = static_cast<std::size_t>(1 + below(3));
    const ScaleOptions options = any_options();
    World world(any_mix(kinds, types), any_limits(kinds), options);
    const auto high = any_volume(types, 4000);
    const double low = below(10) / 10.0;
    const int period = 2 + below(static_cast<int>(options.settle.count() / 1'000'000'000) / 2);
    const auto wave = [&](int i) {
      auto volume = high;
      for (double& it : volume) it *= i % period < period / 2 ? 1 : low;
      return volume;
    };
    const int until_steady = 3 * static_cast<int>(options.settle.count() / 1'000'000'000) + 500;
    for (int i = 0; i < until_steady; ++i) world.step(wave(i));
    for (int i = until_steady; i < until_steady + 10 * period; ++i)
      RC_ASSERT(world.step(wave(i)).move == ScaleMove::stay);
  }));
}

}  // namespace
}  // namespace finishline::sched
