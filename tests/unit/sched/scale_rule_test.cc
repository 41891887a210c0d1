#include "lb/sched/scale_rule.h"

#include <doctest/doctest.h>

#include <cmath>
#include <limits>

namespace finishline::sched {
namespace {

constexpr double kNever = std::numeric_limits<double>::infinity();

Instant at(double seconds) { return Instant(Nanos(static_cast<std::int64_t>(seconds * 1e9))); }

/// A pool of servers that do 1000 units a second each, and what becomes of it.
class ScaledPool {
 public:
  explicit ScaledPool(ScaleOptions options, ScaleLimits limits = {.least = 0, .most = 20})
      : rule_(ServerMix(std::vector{ServerSort{1, {0.001}}}), {limits}, options) {
    reading_.kinds.resize(1);
    reading_.kinds[0].fixed = 1;
  }

  /// So much comes for so long, looked at every second. Returns how often the number of servers changed.
  int run(double volume, double seconds) {
    int changes = 0;
    for (const double end = now_ + seconds; now_ < end; now_ += 1) changes += step(volume) ? 1 : 0;
    return changes;
  }
  bool step(double volume) {
    reading_.arriving = {volume};
    reading_.serving = servers();
    reading_.load = volume / 1000 / servers();
    const ScaleDecision decision = rule_.step(reading_, at(now_));
    auto& started = reading_.kinds[0].started;
    const bool changed = decision.wanted[0] != started.size();
    while (started.size() < decision.wanted[0]) started.push_back(at(now_));
    if (started.size() > decision.wanted[0]) started.erase(started.begin());
    return changed;
  }
  std::uint32_t servers() const { return 1 + static_cast<std::uint32_t>(reading_.kinds[0].started.size()); }
  ScaleReading& reading() { return reading_; }
  double now() const { return now_; }

 private:
  ScaleRule rule_;
  ScaleReading reading_;
  double now_ = 1000;
};

TEST_CASE("servers are wanted until the work of a second is at most the target of one") {
  ScaledPool pool({.up_over = 0.5});
  pool.run(400, 10);
  CHECK(pool.servers() == 1);
  pool.run(2400, 1);
  CHECK(pool.servers() == 5);
}

TEST_CASE(
    "what comes doubles behind the first readings of a wave: the rest of the servers is asked for at once") {
  ScaledPool pool({.up_over = 0.5, .cooldown_up = 10s});
  pool.run(800, 1);
  CHECK(pool.servers() == 2);
  pool.run(1900, 1);  // not twice what two can do
  CHECK(pool.servers() == 2);
  pool.run(4000, 1);
  CHECK(pool.servers() == 8);
  pool.run(4500, 1);
  CHECK(pool.servers() == 8);
  pool.run(4500, 11);
  CHECK(pool.servers() == 9);
}

TEST_CASE("servers that were asked for and have not come are not asked for again at once") {
  ScaledPool pool({.up_over = 0.5, .cooldown_up = 10s});
  pool.run(4000, 1);
  CHECK(pool.servers() == 8);
  pool.reading().kinds[0].started.clear();
  pool.run(4000, 8);
  CHECK(pool.servers() == 1);
  pool.run(4000, 2);
  CHECK(pool.servers() == 8);
}

TEST_CASE("one step at a time waits for the cool-down between two") {
  ScaledPool pool({.up_over = 0.5, .cooldown_up = 10s, .one_step = true});
  pool.run(2400, 10);
  CHECK(pool.servers() == 2);
  pool.run(2400, 31);
  CHECK(pool.servers() == 5);
}

TEST_CASE("a server over 80 % of its load is given company, and one under 20 % loses it") {
  ScaledPool pool({.by = ScaleBy::load, .up_over = 0.8, .down_under = 0.2, .settle = 10s, .one_step = true});
  pool.run(790, 30);
  CHECK(pool.servers() == 1);
  pool.run(810, 30);
  CHECK(pool.servers() == 2);
  pool.run(450, 300);
  CHECK(pool.servers() == 2);
  pool.run(390, 300);
  CHECK(pool.servers() == 1);
}

TEST_CASE("servers of connections are added until their load is at most a half") {
  ScaledPool pool({.by = ScaleBy::connections, .up_over = 0.5, .down_under = 0.2});
  pool.run(1700, 1);
  CHECK(pool.servers() == 4);
}

TEST_CASE("what waits counts as work that is to be caught up with") {
  ScaledPool pool({.up_over = 0.5, .catch_up = 2s});
  pool.reading().waiting = {2000};
  pool.run(0, 1);
  CHECK(pool.servers() == 2);
}

TEST_CASE("a forecast adds servers, and takes none away") {
  ScaledPool pool({.up_over = 0.5, .cooldown_down = 1s, .settle = 5s, .min_life = 0s});
  pool.reading().forecast = {1400};
  pool.run(300, 20);
  CHECK(pool.servers() == 3);
  pool.reading().forecast = {0};
  pool.run(1400, 60);
  CHECK(pool.servers() == 3);
  pool.run(300, 60);
  CHECK(pool.servers() == 1);
}

TEST_CASE("servers stay for the highest load of the time in which it may come back") {
  ScaledPool pool({.up_over = 0.5, .cooldown_down = 1s, .settle = 100s, .min_life = 0s});
  pool.run(10, 200);
  pool.run(1900, 1);
  REQUIRE(pool.servers() == 4);
  pool.run(100, 95);
  CHECK(pool.servers() == 4);
  pool.run(100, 20);
  CHECK(pool.servers() == 1);
}

TEST_CASE("a young server is not taken away") {
  ScaledPool pool({.up_over = 0.5, .cooldown_down = 1s, .settle = 5s, .min_life = 200s});
  pool.run(10, 10);
  pool.run(900, 1);
  REQUIRE(pool.servers() == 2);
  pool.run(10, 190);
  CHECK(pool.servers() == 2);
  pool.run(10, 20);
  CHECK(pool.servers() == 1);
}

TEST_CASE("limits stand over the load") {
  ScaledPool pool({.up_over = 0.5, .cooldown_down = 1s, .settle = 5s, .min_life = 0s},
                  {.least = 2, .most = 4});
  pool.run(0, 1);
  CHECK(pool.servers() == 3);
  pool.run(9000, 20);
  CHECK(pool.servers() == 5);
  pool.run(0, 60);
  CHECK(pool.servers() == 3);
}

TEST_CASE("a load that swings around the threshold changes nothing") {
  for (const ScaleBy by : {ScaleBy::work, ScaleBy::load, ScaleBy::connections}) {
    CAPTURE(static_cast<int>(by));
    ScaledPool pool({.by = by,
                     .up_over = 0.8,
                     .down_under = 0.5,
                     .cooldown_up = 1s,
                     .cooldown_down = 2s,
                     .settle = 60s,
                     .min_life = 0s});
    const auto swing = [&](double seconds, double width) {
      int changes = 0;
      for (int i = 0; i < seconds; ++i) changes += pool.run(1600 * (1 + width * std::sin(i * 0.7)), 1);
      return changes;
    };
    swing(120, 0.3);
    CHECK(swing(2000, 0.3) == 0);
    CHECK(swing(2000, 0.1) <= 1);
  }
}

TEST_CASE("the last server that can do a type is not taken away, however little comes") {
  ScaleRule rule(ServerMix({{1, {0.001, kNever}}, {5, {kNever, 0.001}}}), {{0, 5}, {0, 5}},
                 {.cooldown_down = 0s, .settle = 0s, .min_life = 0s});
  ScaleReading reading{.kinds = {{.fixed = 1, .started = {}}, {.fixed = 0, .started = {at(0)}}},
                       .arriving = {0, 0},
                       .waiting = {},
                       .forecast = {}};
  for (int i = 1; i < 100; ++i) CHECK(rule.step(reading, at(i)).wanted == ServerCounts{0, 1});
  reading.kinds[1].started.push_back(at(0));
  CHECK(rule.step(reading, at(200)).wanted == ServerCounts{0, 1});
}

/// Of two kinds; either can do one type only.
struct TwoKinds {
  ScaleRule rule{ServerMix({{1, {0.001, kNever}}, {1, {kNever, 0.001}}}),
                 {{0, 4}, {1, 2}},
                 {.cooldown_up = 3s, .cooldown_down = 1s, .settle = 5s, .min_life = 1s}};
  ScaleReading reading{.kinds = {{}, {}}, .arriving = {1000, 0}, .waiting = {}, .forecast = {}};
};

TEST_CASE("a kind of which there cannot be as many as there should be holds no other one back") {
  TwoKinds pool;
  CHECK(pool.rule.step(pool.reading, at(1)).wanted == ServerCounts{2, 1});
  pool.reading.kinds[0].started.resize(2, at(1));
  pool.reading.arriving = {2000, 0};
  CHECK(pool.rule.step(pool.reading, at(2)).wanted == ServerCounts{2, 1});
  CHECK(pool.rule.step(pool.reading, at(5)).wanted == ServerCounts{3, 1});
  pool.reading.kinds[0].started.resize(3, at(5));
  pool.reading.arriving = {0, 0};
  for (int i = 6; i < 12; ++i) pool.rule.step(pool.reading, at(i));
  CHECK(pool.rule.step(pool.reading, at(13)).wanted == ServerCounts{2, 1});
}

TEST_CASE("places that are given up are not asked for") {
  TwoKinds pool;
  pool.reading.kinds[1].given_up = 2;
  CHECK(pool.rule.step(pool.reading, at(1)).wanted == ServerCounts{2, 0});
}

TEST_CASE("who is being started does not stand for one that goes, and goes first") {
  TwoKinds pool;
  pool.reading.arriving = {0, 0};
  pool.reading.kinds[1].started = {at(0)};
  pool.reading.kinds[0].started = {at(0), at(0), at(0)};
  pool.reading.kinds[0].starting = 2;
  pool.rule.step(pool.reading, at(1));
  CHECK(pool.rule.step(pool.reading, at(10)).wanted == ServerCounts{2, 1});
  pool.reading.kinds[0].starting = 3;
  CHECK(pool.rule.step(pool.reading, at(20)).wanted == ServerCounts{3, 1});
}

}  // namespace
}  // namespace finishline::sched
