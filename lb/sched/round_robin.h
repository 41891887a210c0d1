// round-robin: one after the other, the baseline. Servers that cannot do the job are passed over.
#pragma once

#include "lb/sched/policy.h"

namespace finishline::sched {

/// The first turn is drawn by chance, so that the turns of several workers do not coincide. A turn counts
/// only when it was carried out, so a pick that is repeated gives the same server again.
class RoundRobin final : public Policy {
 public:
  std::optional<std::size_t> pick(const PoolView& view, const Job& job, Random& random) override;
  void picked(std::size_t server) override { next_ = server + 1; }

 private:
  std::optional<std::size_t> next_;
};

}  // namespace finishline::sched
