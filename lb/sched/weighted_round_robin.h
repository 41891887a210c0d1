// weighted-round-robin: turns in proportion to the weights, spread as evenly as can be: with weights 3, 1 and
// 1 the turns are a b a c a, not a a a b c. The smooth algorithm of nginx
// (ngx_http_upstream_round_robin, 1.3.1).
#pragma once

#include <vector>

#include "lb/sched/policy.h"

namespace finishline::sched {

/// At each turn every server that can do the job earns its weight, and the richest has the turn and pays what
/// all have earned: over a cycle (sum of weights) each has exactly its share. A server that is away earns
/// nothing, so it brings no arrears back. The first turns are passed over, a number drawn by chance, so that
/// workers do not go in step.
class WeightedRoundRobin final : public Policy {
 public:
  unsigned inputs() const override { return kWeight; }
  std::optional<std::size_t> pick(const PoolView& view, const Job& job, Random& random) override;
  void picked(std::size_t /*server*/) override { earned_.swap(after_); }

 private:
  void begin(const PoolView& view, Random& random);
  std::optional<std::size_t> turn(const PoolView& view);

  std::vector<double> earned_;
  std::vector<double> after_;  // the same, should the last pick be carried out
};

}  // namespace finishline::sched
