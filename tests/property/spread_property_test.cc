// How policies spread clients and turns: weights to the letter, few clients moved, slow starters and failing
// servers given less.
#include <doctest/doctest.h>
#include <rapidcheck.h>

#include <map>
#include <numeric>
#include <string>
#include <vector>

#include "tests/support/picks.h"

namespace finishline::sched {
namespace {

using Choice = std::vector<std::size_t>;  // by client or turn

test::PoolColumns pool_of(std::size_t servers) {
  return {std::vector<std::int64_t>(servers, 0), std::vector<double>(servers, 1)};
}

std::unique_ptr<Policy> fresh(std::string_view name) { return find_policy(name)->make({}); }

constexpr std::size_t kClients = 4000;

/// Whom each of kClients gets, from a policy object of its own.
Choice placed(std::string_view policy, const test::PoolColumns& pool) {
  const auto made = fresh(policy);
  Random random(1);
  Choice of;
  for (std::uint64_t client = 0; client < kClients; ++client)
    of.push_back(*made->pick(pool.view(), {0, 1, mix(client)}, random));
  return of;
}

std::vector<double> shares(const Choice& choice, std::size_t servers) {
  std::vector<double> of(servers);
  for (const std::size_t server : choice) of[server] += 1.0 / static_cast<double>(choice.size());
  return of;
}

/// `turns` picks in a row, each carried out.
Choice turns_of(Policy& policy, const test::PoolColumns& pool, std::size_t turns, std::uint64_t seed = 1) {
  Random random(seed);
  Choice of;
  for (std::size_t i = 0; i < turns; ++i) {
    of.push_back(*policy.pick(pool.view(), {0, 1, 0}, random));
    policy.picked(of.back());
  }
  return of;
}

/// The pool without server `gone`, which has been taken out of the configuration.
test::PoolColumns without(std::size_t servers, std::size_t gone) {
  auto pool = pool_of(servers - 1);
  pool.identity = test::PoolColumns::identities(servers);
  pool.identity.erase(pool.identity.begin() + static_cast<std::ptrdiff_t>(gone));
  return pool;
}

int below(int n) { return *rc::gen::resize(rc::kNominalSize, rc::gen::inRange(0, n)); }

constexpr const char* kHashing[] = {"ip-hash", "consistent-hash"};

TEST_CASE("weighted-round-robin gives each server exactly its weight in every cycle") {
  CHECK(rc::check("any weights, any beginning", [] {
    const std::size_t servers = 1 + static_cast<std::size_t>(below(7));
    auto pool = pool_of(servers);
    for (double& weight : pool.weight) weight = 1 + below(9);
    const double cycle = std::accumulate(pool.weight.begin(), pool.weight.end(), 0.0);
    const auto policy = fresh("weighted-round-robin");
    turns_of(*policy, pool, static_cast<std::size_t>(below(20)), static_cast<std::uint64_t>(below(1000)));
    std::vector<double> turns(servers);
    for (const std::size_t server : turns_of(*policy, pool, static_cast<std::size_t>(cycle))) ++turns[server];
    RC_ASSERT(turns == pool.weight);
  }));
}

TEST_CASE("weighted-round-robin spreads the turns of the heavy evenly") {
  const auto policy = fresh("weighted-round-robin");
  auto pool = pool_of(3);
  pool.weight = {3, 1, 1};
  const Choice of = turns_of(*policy, pool, 50);
  for (std::size_t i = 2; i < of.size(); ++i) CHECK_FALSE((of[i] == 0 && of[i - 1] == 0 && of[i - 2] == 0));
}

TEST_CASE("weighted-round-robin lets a server that was away catch up on nothing") {
  const auto policy = fresh("weighted-round-robin");
  auto pool = pool_of(3);
  pool.finish[1] = kUnavailable;
  turns_of(*policy, pool, 300);
  pool.finish[1] = 0;
  const auto back = shares(turns_of(*policy, pool, 30), 3);
  CHECK(back[1] == doctest::Approx(1.0 / 3).epsilon(0.11));
}

TEST_CASE("hashing policies spread clients by weight") {
  for (const std::string policy : kHashing) {
    CAPTURE(policy);
    auto pool = pool_of(4);
    pool.weight = {1, 2, 3, 4};
    const auto of = shares(placed(policy, pool), 4);
    for (std::size_t i = 0; i < 4; ++i) CHECK(of[i] == doctest::Approx(0.1 * pool.weight[i]).epsilon(0.15));
  }
}

TEST_CASE("when one of n servers fails only its own clients move, and they come back with it") {
  for (const std::string policy : kHashing) {
    CHECK(rc::check(policy, [&] {
      const std::size_t servers = 2 + static_cast<std::size_t>(below(9));
      auto pool = pool_of(servers);
      const Choice before = placed(policy, pool);
      const auto gone = static_cast<std::size_t>(below(static_cast<int>(servers)));
      pool.finish[gone] = kUnavailable;
      const Choice during = placed(policy, pool);
      pool.finish[gone] = 0;
      for (std::size_t i = 0; i < kClients; ++i) RC_ASSERT((before[i] == gone) != (before[i] == during[i]));
      RC_ASSERT(placed(policy, pool) == before);
    }));
  }
}

TEST_CASE("when one of n servers is removed for good at most 2/n of the clients move") {
  for (const std::string policy : kHashing) {
    CHECK(rc::check(policy, [&] {
      const std::size_t servers = 2 + static_cast<std::size_t>(below(9));
      const auto gone = static_cast<std::size_t>(below(static_cast<int>(servers)));
      const Choice before = placed(policy, pool_of(servers));
      const Choice after = placed(policy, without(servers, gone));
      std::size_t moved = 0;
      for (std::size_t i = 0; i < kClients; ++i) {
        const std::size_t same = after[i] + (after[i] >= gone ? 1 : 0);  // its position among all of before
        moved += same != before[i];
      }
      RC_ASSERT(moved * servers <= 2 * kClients);
    }));
  }
}

TEST_CASE("a server that starts slowly takes its own clients back one by one") {
  for (const std::string policy : kHashing) {
    CAPTURE(policy);
    auto pool = pool_of(5);
    const Choice whole = placed(policy, pool);
    Choice before;
    for (const double share : {0.1, 0.3, 0.6, 0.9}) {
      pool.share = {1, 1, share, 1, 1};
      const Choice now = placed(policy, pool);
      for (std::size_t i = 0; i < kClients; ++i) {
        if (now[i] != whole[i]) REQUIRE(whole[i] == 2);               // the others keep theirs
        if (!before.empty() && before[i] == 2) REQUIRE(now[i] == 2);  // and what it took it keeps
      }
      CHECK(shares(now, 5)[2] == doctest::Approx(share / (4 + share)).epsilon(0.25));
      before = now;
    }
  }
}

TEST_CASE("every policy that spreads by turns, chance or count gives less to a server that counts less") {
  for (const std::string name : {"round-robin", "weighted-round-robin", "random", "least-connections",
                                 "least-response-time", "power-of-two"}) {
    CAPTURE(name);
    const auto policy = fresh(name);
    auto pool = pool_of(4);
    pool.share = {1, 0.2, 1, 1};
    for (std::size_t i = 0; i < 4; ++i) pool.nanos_per_unit[i] /= pool.share[i];
    Random random(5);
    std::vector<double> given(4);
    for (int i = 0; i < 8000; ++i) {  // nothing is ever done: what was given stays in flight
      const std::size_t server = *policy->pick(pool.view(), {0, i % 2 ? 1U : 0U, 0}, random);
      policy->picked(server);
      ++pool.in_flight[server];
      pool.finish[server] += static_cast<std::int64_t>(pool.nanos_per_unit[server]);
      ++given[server];
    }
    CHECK(given[1] / 8000 < 0.1);
    CHECK(given[1] > 0);
    CHECK(given[0] == doctest::Approx(given[2]).epsilon(0.1));
  }
}

TEST_CASE("power-of-two never takes the worst of three and takes the best twice in three times") {
  auto pool = pool_of(3);
  pool.finish = {9, 5, 1};
  const auto policy = fresh("power-of-two");
  const auto of = shares(turns_of(*policy, pool, 3000), 3);
  CHECK(of[0] == 0);
  CHECK(of[1] == doctest::Approx(1.0 / 3).epsilon(0.1));
  CHECK(of[2] == doctest::Approx(2.0 / 3).epsilon(0.1));
}

TEST_CASE("power-of-two counts requests where no length is declared") {
  auto pool = pool_of(2);
  pool.finish = {9, 1};
  pool.in_flight = {0, 3};
  Random random(1);
  const auto policy = fresh("power-of-two");
  for (int i = 0; i < 20; ++i) CHECK(policy->pick(pool.view(), {0, 0, 0}, random) == 0);
}

}  // namespace
}  // namespace finishline::sched
