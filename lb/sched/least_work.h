// least-work: the server with the least work left, blind to what this job would cost there.
// LWL, least work left (Harchol-Balter, Performance Modeling and Design of Computer Systems, ch. 24).
#pragma once

#include "lb/sched/policy.h"

namespace finishline::sched {

/// The work left is what stands before the finish time; among equals chance.
class LeastWork final : public Policy {
 public:
  bool weighs_time() const override { return true; }
  std::optional<std::size_t> pick(const PoolView& view, const Job& job, Random& random) override;
};

}  // namespace finishline::sched
