#include "lb/control/policy_service.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "lb/log/log.h"
#include "lb/sched/policies.h"
#include "proto/joined.h"
#include "proto/nearest.h"

namespace finishline::control {
namespace {

using sched::name_of_choice;

std::string no_such_policy(std::string_view name) {
  std::vector<std::string_view> known;
  for (const sched::PolicyRow& row : sched::policies()) known.push_back(row.name);
  known.push_back(sched::adaptive().name);
  std::string words = no_such("policy", name, known);
  return words.ends_with('?') ? words : words + "; there are " + joined(known);
}

}  // namespace

PolicyService::PolicyService(ledger::Ledger& ledger, std::vector<PolicyPool> pools)
    : ledger_(ledger), pools_(std::move(pools)) {}

std::optional<ledger::PoolId> PolicyService::find(std::string_view pool) const {
  const auto found = std::ranges::find(pools_, pool, &PolicyPool::name);
  return found == pools_.end() ? std::nullopt : std::optional(found->row);
}

std::string PolicyService::no_such_pool(std::string_view name) const {
  std::vector<std::string_view> names;
  for (const PolicyPool& pool : pools_) names.push_back(pool.name);
  return no_such("pool", name, names);
}

std::string PolicyService::choose(std::string_view pool, std::string_view policy) {
  const auto found = std::ranges::find(pools_, pool, &PolicyPool::name);
  if (found == pools_.end()) return no_such_pool(pool);
  const sched::PolicyRow* const row = sched::find_choice(policy);
  if (row == nullptr) return no_such_policy(policy);
  if (found->streams && !row->streams)
    return "policy " + std::string(policy) + " chooses per request, and this pool is given connections";
  const ledger::PoolPolicy before = ledger::pool_policy(ledger_, found->row);
  ledger::choose_policy(ledger_, found->row, row->number, row->make != nullptr);
  if (before.chosen != row->number)
    log::write(log::Event::policy_changed, {{"pool", pool},
                                            {"policy", policy},
                                            {"was", name_of_choice(before.chosen)},
                                            {"file", name_of_choice(before.configured)},
                                            {"reason", "asked for"}});
  return "";
}

void PolicyService::run(ledger::PoolId pool, std::string_view policy, std::string_view reason) {
  const ledger::PoolPolicy before = ledger::pool_policy(ledger_, pool);
  ledger::run_policy(ledger_, pool, sched::find_policy(policy)->number);
  log::write(log::Event::policy_changed, {{"pool", pool_name(ledger_, pool)},
                                          {"policy", policy},
                                          {"was", name_of_choice(before.running)},
                                          {"reason", reason}});
}

void PolicyService::tell_of_differences() const {
  for (const PolicyPool& pool : pools_) {
    const ledger::PoolPolicy policy = ledger::pool_policy(ledger_, pool.row);
    if (policy.chosen == policy.configured) continue;
    log::write(log::Event::policy_kept, {{"pool", pool.name},
                                         {"policy", name_of_choice(policy.chosen)},
                                         {"file", name_of_choice(policy.configured)}});
  }
}

}  // namespace finishline::control
