#include "lb/sched/policies.h"

#include <algorithm>
#include <array>

#include "lb/sched/earliest_finish.h"
#include "lb/sched/least_connections.h"
#include "lb/sched/least_work.h"
#include "lb/sched/min_makespan.h"
#include "lb/sched/random_choice.h"
#include "lb/sched/regret.h"
#include "lb/sched/round_robin.h"

namespace finishline::sched {
namespace {

template <class P>
std::unique_ptr<Policy> make(const PolicyParams& /*params*/) {
  return std::make_unique<P>();
}

std::unique_ptr<Policy> make_regret(const PolicyParams& params) {
  return std::make_unique<Regret>(params.gamma);
}

// Policies that weigh a service time choose per request only: a stream declares neither type nor length.
constexpr std::array kPolicies{
    PolicyRow{"makespan", "least raises the latest finish of the pool; then cheapest, then earliest", true,
              false, make<MinMakespan>},
    PolicyRow{"earliest-finish", "completes this request first; then cheapest", true, false,
              make<EarliestFinish>},
    PolicyRow{"regret", "completion + gamma x (cost - cheapest cost)", true, false, make_regret},
    PolicyRow{"least-work", "least work left, blind to the request's own cost", true, true, make<LeastWork>},
    PolicyRow{"least-connections", "fewest requests in flight", true, true, make<LeastConnections>},
    PolicyRow{"round-robin", "one after the other", true, true, make<RoundRobin>},
    PolicyRow{"random", "any that can, by chance", true, true, make<RandomChoice>},
};

}  // namespace

std::span<const PolicyRow> policies() { return kPolicies; }

const PolicyRow* find_policy(std::string_view name) {
  const auto row = std::ranges::find(kPolicies, name, &PolicyRow::name);
  return row == kPolicies.end() ? nullptr : &*row;
}

}  // namespace finishline::sched
