// affinity: the least work left, counted in what this job's type costs there: a server that is good at it may
// be busier than others and still get it.
// GB-PANDAS (Yekkehkhany, Hojjati, Hajiesmaili, arXiv 1709.08115): least weighted workload / service rate.
#pragma once

#include "lb/sched/policy.h"

namespace finishline::sched {

/// Score: time left x cost per unit. Among equals (idle servers score 0) the cheapest, then chance.
class Affinity final : public Policy {
 public:
  bool weighs_time() const override { return true; }
  std::optional<std::size_t> pick(const PoolView& view, const Job& job, Random& random) override;
};

}  // namespace finishline::sched
