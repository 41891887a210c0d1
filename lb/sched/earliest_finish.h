// earliest-finish: the server that would complete this job first.
// Minimum completion time, MCT (Ibarra and Kim, JACM 1977; named so by Braun et al., JPDC 2001).
#pragma once

#include "lb/sched/pick_least.h"
#include "lb/sched/policy.h"

namespace finishline::sched {

/// Among equal completions the cheapest service time, then chance. Inline: late binding asks it for each
/// request that need not wait.
class EarliestFinish final : public Policy {
 public:
  bool weighs_time() const override { return true; }
  std::optional<std::size_t> pick(const PoolView& view, const Job& job, Random& random) override {
    return pick_least(view, random, [&](std::size_t server) {
      const std::int64_t service = view.service(server, job);
      return Rank{view.finish[server] + service, service};
    });
  }
};

}  // namespace finishline::sched
