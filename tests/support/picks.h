// What a policy picks, as tests ask for it.
#pragma once

#include <set>
#include <vector>

#include "lb/sched/policies.h"
#include "tests/support/pool_columns.h"

namespace finishline::test {

/// What a fresh policy of this name picks for a job of length 1 under one seed; nothing when no server can.
inline std::optional<std::size_t> pick_of(std::string_view policy, const PoolColumns& pool,
                                          std::uint64_t seed = 1, sched::PolicyParams params = {}) {
  sched::Random random(seed);
  return sched::find_policy(policy)->make(params)->pick(pool.view(), sched::Job{0, 1, 0}, random);
}

/// All servers that it picks under many seeds: where there is no tie, exactly one.
inline std::set<std::size_t> picks_of(std::string_view policy, const PoolColumns& pool,
                                      sched::PolicyParams params = {}) {
  std::set<std::size_t> picks;
  for (std::uint64_t seed = 0; seed < 200; ++seed) {
    if (const auto server = pick_of(policy, pool, seed, params)) picks.insert(*server);
  }
  return picks;
}

}  // namespace finishline::test
