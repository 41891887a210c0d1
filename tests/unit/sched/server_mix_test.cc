#include "lb/sched/server_mix.h"

#include <doctest/doctest.h>

#include <limits>

namespace finishline::sched {
namespace {

constexpr double kNever = std::numeric_limits<double>::infinity();

/// Video servers do video and picture at 1 ms a unit and music at 2; music servers 3, 2 and 1.
ServerMix seed_mix(double video_price = 1, double music_price = 1) {
  return ServerMix({{video_price, {0.001, 0.001, 0.002}}, {music_price, {0.003, 0.002, 0.001}}});
}

TEST_CASE("the busy share is what the work of a second takes of each server") {
  const ServerMix mix = seed_mix();
  CHECK(mix.busy_share({1, 0}, std::vector{500.0, 0.0, 0.0}) == doctest::Approx(0.5));
  CHECK(mix.busy_share({2, 0}, std::vector{500.0, 0.0, 0.0}) == doctest::Approx(0.25));
  CHECK(mix.busy_share({1, 1}, std::vector{500.0, 0.0, 500.0}) == doctest::Approx(0.5));
}

TEST_CASE("work that nobody can do keeps servers busy for ever") {
  const ServerMix mix({{1, {0.001, kNever}}, {1, {kNever, 0.001}}});
  CHECK(mix.busy_share({1, 0}, std::vector{10.0, 1.0}) == kNever);
  CHECK(mix.best_addition({1, 0}, {5, 5}, std::vector{10.0, 1.0}) == 1U);
}

TEST_CASE("what is added is the type that lowers the busy share most for its price") {
  const std::vector music{0.0, 0.0, 900.0}, video{900.0, 0.0, 0.0};
  CHECK(seed_mix().best_addition({1, 1}, {9, 9}, music) == 1U);
  CHECK(seed_mix().best_addition({1, 1}, {9, 9}, video) == 0U);
  // A music server does a third of the video work of a video server, and may cost less than a third of it.
  CHECK(seed_mix(10, 1).best_addition({1, 1}, {9, 9}, video) == 1U);
  CHECK(seed_mix().best_addition({1, 1}, {9, 1}, music) == 0U);
  CHECK(!seed_mix().best_addition({1, 1}, {1, 1}, music));
  CHECK(!seed_mix().best_addition({1, 1}, {9, 9}, std::vector{0.0, 0.0, 0.0}));
}

TEST_CASE("two kinds that are equally short are both added") {
  const ServerMix mix({{1, {0.001, kNever}}, {1, {kNever, 0.001}}});
  CHECK(mix.cheapest({1, 1}, {9, 9}, std::vector{1000.0, 1000.0}, 0.5) == ServerCounts{2, 2});
}

TEST_CASE("the cheapest mix is not the one with the fewest servers where those cost more") {
  const std::vector work{1000.0, 0.0, 0.0};
  CHECK(seed_mix(1, 1).cheapest({0, 0}, {9, 9}, work, 0.5) == ServerCounts{2, 0});
  CHECK(seed_mix(10, 1).cheapest({0, 0}, {9, 9}, work, 0.5) == ServerCounts{0, 6});
}

TEST_CASE("of mixes that cost the same the one that works least is wanted") {
  // One more of either kind is enough; a video server does three times as much of it.
  const std::vector work{1010.0, 0.0, 0.0};
  CHECK(seed_mix().cheapest({2, 1}, {9, 9}, work, 0.4) == ServerCounts{3, 1});
}

TEST_CASE("what is added bit by bit is what the whole is cheapest with") {
  // Half the price for a third of the work: the next one may be just enough, but all together are dear.
  const ServerMix mix = seed_mix(1, 0.5);
  ServerCounts now{1, 1};
  for (double volume = 500; volume <= 10000; volume += 100) {
    const std::vector work{volume, 0.0, 0.0};
    now = mix.grown_towards(now, mix.cheapest({1, 1}, {50, 50}, work, 0.8), work, 0.8);
    CHECK(mix.busy_share(now, work) <= 0.8 + 1e-9);
  }
  CHECK(mix.price(now) <= mix.price(mix.cheapest({1, 1}, {50, 50}, std::vector{10000.0, 0.0, 0.0}, 0.8)) + 1);
}

TEST_CASE("nothing is added that is not needed, and nothing that is there is taken") {
  const std::vector work{1000.0, 0.0, 0.0};
  CHECK(seed_mix().grown_towards({1, 5}, {4, 0}, work, 0.8) == ServerCounts{1, 5});
  CHECK(seed_mix().grown_towards({1, 0}, {4, 0}, work, 0.5) == ServerCounts{2, 0});
}

TEST_CASE("where the limits leave too little, what helps is wanted and nothing else") {
  const ServerCounts wanted = seed_mix().cheapest({1, 1}, {2, 3}, std::vector{9000.0, 0.0, 0.0}, 0.5);
  CHECK(wanted == ServerCounts{2, 3});
  const ServerMix mix({{1, {0.001, kNever}}, {1, {kNever, 0.001}}});
  CHECK(mix.cheapest({1, 1}, {2, 9}, std::vector{9000.0, 1.0}, 0.5) == ServerCounts{2, 1});
}

}  // namespace
}  // namespace finishline::sched
