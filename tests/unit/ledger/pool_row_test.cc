#include "lb/ledger/pool_row.h"

#include <doctest/doctest.h>

#include <string>

using namespace finishline::ledger;

namespace {

constexpr std::uint8_t kMakespan = 1, kRegret = 3, kRandom = 7, kAdaptive = 14;

Ledger make_ledger() { return std::get<Ledger>(Ledger::create({1, 2})); }

}  // namespace

TEST_CASE("a pool has one row, found by its name") {
  Ledger ledger = make_ledger();
  const PoolId media = *ensure_pool(ledger, "media");
  const PoolId other = *ensure_pool(ledger, "other");
  CHECK(media != other);
  CHECK(ensure_pool(ledger, "media") == media);
  CHECK(find_pool(ledger, "other") == other);
  CHECK_FALSE(find_pool(ledger, "nobody"));
  CHECK(pool_name(ledger, media) == "media");
  CHECK(pool_count(ledger) == 2);
}

TEST_CASE("there is room for kMaxPools pools and no name may be too long") {
  Ledger ledger = make_ledger();
  CHECK_FALSE(ensure_pool(ledger, std::string(65, 'x')));
  for (PoolId pool = 0; pool < kMaxPools; ++pool) REQUIRE(ensure_pool(ledger, std::to_string(pool)));
  CHECK_FALSE(ensure_pool(ledger, "one more"));
}

TEST_CASE("pools come and go, many more of them than there are rows, and each finds its row clean") {
  Ledger ledger = make_ledger();
  for (PoolId pool = 0; pool < kMaxPools - 2; ++pool)
    REQUIRE(ensure_pool(ledger, "old-" + std::to_string(pool)));
  for (std::uint32_t generation = 2; generation < 50; ++generation) {
    const auto pool =
        ensure_pool(ledger, std::to_string(generation), {.oldest = generation, .ours = generation});
    REQUIRE(pool);
    const auto stays = ensure_pool(ledger, "stays", {.oldest = generation, .ours = generation});
    REQUIRE(stays);
    REQUIRE(find_pool(ledger, "stays") == stays);
    REQUIRE(pool_policy(ledger, *pool).running == 0);
    REQUIRE(pool_policy(ledger, *pool).chosen == 0);
    configure_policy(ledger, *pool, kRegret, kRegret);
    want_recording(ledger, *pool, Reader::adaptive, true);
  }
  CHECK(pool_count(ledger) == kMaxPools);
  CHECK_FALSE(find_pool(ledger, "old-0"));
}

TEST_CASE("a row is not let while workers of a generation that had its pool are left") {
  Ledger ledger = make_ledger();
  for (PoolId pool = 0; pool < kMaxPools; ++pool)
    REQUIRE(ensure_pool(ledger, std::to_string(pool), {.oldest = 1, .ours = pool == 0 ? 1U : 2U}));
  CHECK_FALSE(ensure_pool(ledger, "new", {.oldest = 1, .ours = 3}));
  CHECK(ensure_pool(ledger, "new", {.oldest = 2, .ours = 3}) == PoolId{0});
  CHECK_FALSE(ensure_pool(ledger, "another", {.oldest = 2, .ours = 3}));
  CHECK(ensure_pool(ledger, "another", {.oldest = 3, .ours = 3}));
}

TEST_CASE("workers hear of a policy once per change") {
  Ledger ledger = make_ledger();
  const PoolId pool = *ensure_pool(ledger, "media");
  const PoolOrders orders(ledger, pool);
  configure_policy(ledger, pool, kMakespan, kMakespan);
  const auto first = orders.word();
  CHECK(PoolOrders::policy_in(first) == kMakespan);
  choose_policy(ledger, pool, kMakespan, true);
  CHECK(orders.word() == first);
  choose_policy(ledger, pool, kRegret, true);
  CHECK(orders.word() != first);
  choose_policy(ledger, pool, kMakespan, true);
  CHECK(orders.word() != first);                  // there and back is two changes
  CHECK(pool_policy(ledger, pool).changes == 2);  // the beginning is none
}

TEST_CASE("a reload keeps an operator's choice while the file says what it said, else the file wins") {
  Ledger ledger = make_ledger();
  const PoolId pool = *ensure_pool(ledger, "media");
  configure_policy(ledger, pool, kMakespan, kMakespan);
  choose_policy(ledger, pool, kRegret, true);
  configure_policy(ledger, pool, kMakespan, kMakespan);
  CHECK(pool_policy(ledger, pool).running == kRegret);
  CHECK(pool_policy(ledger, pool).chosen == kRegret);
  CHECK(pool_policy(ledger, pool).configured == kMakespan);
  configure_policy(ledger, pool, kRandom, kRandom);
  CHECK(pool_policy(ledger, pool).running == kRandom);
  CHECK(pool_policy(ledger, pool).chosen == kRandom);
}

TEST_CASE("a choice that workers cannot follow leaves them what they follow") {
  Ledger ledger = make_ledger();
  const PoolId pool = *ensure_pool(ledger, "media");
  configure_policy(ledger, pool, kMakespan, kMakespan);
  choose_policy(ledger, pool, kAdaptive, false);
  CHECK(pool_policy(ledger, pool).running == kMakespan);
  CHECK(pool_policy(ledger, pool).chosen == kAdaptive);
  run_policy(ledger, pool, kRegret);
  CHECK(pool_policy(ledger, pool).running == kRegret);
  CHECK(pool_policy(ledger, pool).chosen == kAdaptive);
}

TEST_CASE("a pool is recorded while somebody wants it") {
  Ledger ledger = make_ledger();
  const PoolId pool = *ensure_pool(ledger, "media");
  const PoolOrders orders(ledger, pool);
  CHECK_FALSE(orders.recording());
  want_recording(ledger, pool, Reader::recorder, true);
  want_recording(ledger, pool, Reader::adaptive, true);
  want_recording(ledger, pool, Reader::recorder, false);
  CHECK(orders.recording());
  want_recording(ledger, pool, Reader::adaptive, false);
  CHECK_FALSE(orders.recording());
}

TEST_CASE("a pool without a row gets no orders") {
  CHECK(PoolOrders().word() == 0);
  CHECK_FALSE(PoolOrders().recording());
}
