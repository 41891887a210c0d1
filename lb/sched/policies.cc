#include "lb/sched/policies.h"

#include <algorithm>
#include <array>

#include "lb/sched/affinity.h"
#include "lb/sched/consistent_hash.h"
#include "lb/sched/earliest_finish.h"
#include "lb/sched/ip_hash.h"
#include "lb/sched/least_connections.h"
#include "lb/sched/least_response_time.h"
#include "lb/sched/least_work.h"
#include "lb/sched/min_makespan.h"
#include "lb/sched/power_of_two.h"
#include "lb/sched/random_choice.h"
#include "lb/sched/regret.h"
#include "lb/sched/round_robin.h"
#include "lb/sched/weighted_round_robin.h"

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
    PolicyRow{"makespan", 1, "least raises the latest finish of the pool; then cheapest, then earliest", true,
              false, "3 vector passes", "the default: all work done earliest", make<MinMakespan>},
    PolicyRow{"earliest-finish", 2, "completes this request first; then cheapest", true, false, "1 pass",
              "each client wants its own answer soonest", make<EarliestFinish>},
    PolicyRow{"regret", 3, "completion + gamma x (cost - cheapest cost)", true, false, "2 passes",
              "steady load near capacity: keeps work where it is cheap", make_regret},
    PolicyRow{"affinity", 8, "least work left x cost per unit (GB-PANDAS); then cheapest", true, false,
              "1 pass", "heavy load, costs that differ a lot between servers", make<Affinity>},
    PolicyRow{"least-work", 4, "least work left, blind to the request's own cost", true, true, "1 pass",
              "alike servers, lengths that tell the truth", make<LeastWork>},
    PolicyRow{"least-connections", 5, "fewest requests in flight for the weight", true, true, "1 pass",
              "lengths unknown, long connections", make<LeastConnections>},
    PolicyRow{"least-response-time", 9, "lately seen response time x requests in flight (peak EWMA)", true,
              true, "1 pass", "lengths unknown, servers that are slow at times", make<LeastResponseTime>},
    PolicyRow{"round-robin", 6, "one after the other", true, true, "1 look", "alike servers, alike requests",
              make<RoundRobin>},
    PolicyRow{"weighted-round-robin", 10, "turns in proportion to the weights, evenly spread", true, true,
              "1 pass", "as above, with servers of known strengths", make<WeightedRoundRobin>},
    PolicyRow{"random", 7, "any that can, by chance", true, true, "1 draw", "a baseline", make<RandomChoice>},
    PolicyRow{"power-of-two", 11, "the better of two drawn by chance: earlier completion, or fewer in flight",
              true, true, "2 draws", "many proxies before the same servers", make<PowerOfTwo>},
    PolicyRow{"ip-hash", 12, "by client address; moves only the clients of a server that left", true, true,
              "1 pass with logarithms", "sticky clients, weights kept exactly", make<IpHash>},
    PolicyRow{"consistent-hash", 13, "by client address, in a Maglev table; at most 2/n of the clients move",
              true, true, "1 look-up", "sticky clients, large pools, caches", make<ConsistentHash>},
};

constexpr PolicyRow kAdaptive{"adaptive",
                              14,
                              "the candidate that would have done best on the traffic of late",
                              true,
                              false,
                              "its candidate's",
                              "traffic that changes, or that nobody knows yet",
                              nullptr};

}  // namespace

std::span<const PolicyRow> policies() { return kPolicies; }
const PolicyRow& adaptive() { return kAdaptive; }

const PolicyRow* find_policy(std::string_view name) {
  const auto row = std::ranges::find(kPolicies, name, &PolicyRow::name);
  return row == kPolicies.end() ? nullptr : &*row;
}

const PolicyRow* find_policy(std::uint8_t number) {
  const auto row = std::ranges::find(kPolicies, number, &PolicyRow::number);
  return row == kPolicies.end() ? nullptr : &*row;
}

const PolicyRow* find_choice(std::string_view name) {
  return name == kAdaptive.name ? &kAdaptive : find_policy(name);
}

std::string_view name_of_choice(std::uint8_t number) {
  if (number == kAdaptive.number) return kAdaptive.name;
  const PolicyRow* const row = find_policy(number);
  return row == nullptr ? "" : row->name;
}

std::variant<std::vector<const PolicyRow*>, std::string> parse_candidates(std::string_view list) {
  std::vector<const PolicyRow*> rows;
  while (!list.empty()) {
    const std::size_t comma = std::min(list.find(','), list.size());
    const std::string_view entry = list.substr(0, comma);
    const std::size_t first = std::min(entry.find_first_not_of(' '), entry.size());
    const std::string_view name = entry.substr(first, entry.find_last_not_of(' ') + 1 - first);
    list.remove_prefix(std::min(comma + 1, list.size()));
    const PolicyRow* const row = find_policy(name);
    if (row == nullptr) return std::string(name);
    rows.push_back(row);
  }
  if (rows.empty()) return std::string();
  return rows;
}

const PolicyRow& first_rule(std::string_view policy, std::string_view candidates) {
  if (const PolicyRow* const rule = find_policy(policy)) return *rule;
  return *std::get<std::vector<const PolicyRow*>>(parse_candidates(candidates)).front();
}

}  // namespace finishline::sched
