// regret: earliest completion, but a server that is dear for this job pays for the time that it wastes.
// Score: completion + gamma x (service - cheapest service); the penalty is the work that the pool loses
// when the job is not done where it is cheapest (after the sufferage idea of Maheswaran et al., JPDC 1999).
#pragma once

#include "lb/sched/policy.h"

namespace finishline::sched {

/// Among equal scores the cheapest service time, then chance: with gamma 0 this is earliest-finish.
class Regret final : public Policy {
 public:
  /// gamma >= 0: how many nanoseconds of waiting one wasted nanosecond of work is worth.
  explicit Regret(double gamma) : gamma_(gamma) {}
  bool weighs_time() const override { return true; }
  std::optional<std::size_t> pick(const PoolView& view, const Job& job, Random& random) override;

 private:
  double gamma_;
};

}  // namespace finishline::sched
