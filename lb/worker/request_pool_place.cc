// Which server a request that has come is given to: view -> policy -> reservation, or, where requests are
// bound late, the soonest of the cheapest that have room.
#include <algorithm>
#include <limits>

#include "lb/worker/request_pool.h"

namespace finishline::worker {

std::optional<Placement> RequestPool::place(const sched::Job& job, Instant now, Refusers refusers) {
  Refused& others = refused_of(job);
  if (refusers.empty() && others.at == now) [[unlikely]]
    return std::nullopt;  // as they fared in this batch
  // Orders say whether it binds late.
  follow_orders();
  const Demand demand{job, refusers};
  auto placed = binds_late() && refusers.empty() ? place_at_once(job, now) : place_among(demand, now, {});
  if (!placed && now < rest_ends_ && refusers.size() < options_.max_attempts && !others_are_full(demand, now))
    placed = place_among(demand, now, {.resting = true});
  if (!placed && refusers.empty()) {
    others = {.at = now};
    any_refused_now_ = true;
  }
  return placed;
}

/// Some that could do it have no room, and will have: there is no need for one that has refused.
bool RequestPool::others_are_full(const Demand& demand, Instant now) {
  if (!binds_late()) return false;
  const sched::PoolView& pool = view(demand, now, {.full = true});
  for (std::size_t i = 0; i < pool.size(); ++i)
    if (pool.can(i)) return true;
  return false;
}

template <class By>
std::optional<std::size_t> RequestPool::choose(By& by, const sched::PoolView& pool, const sched::Job& job) {
  if (goes_along(pool.now) && by.weighs_time() && pool.can(last_chosen_) &&
      is_soon(pool.completion(last_chosen_, job), pool.now))
    return last_chosen_;
  const auto chosen = by.pick(pool, job, random_);
  if (chosen) note_chosen(*chosen, pool.now);
  return chosen;
}

std::optional<Placement> RequestPool::place_among(const Demand& demand, Instant now, Shown shown) {
  for (int decision = 1;; ++decision) {
    const sched::PoolView& pool = view(demand, now, shown);
    const auto chosen =
        binds_late() ? choose(late_policy_, pool, demand.job) : choose(*policy_, pool, demand.job);
    if (!chosen) return std::nullopt;
    const Nanos service = as_booked(*chosen, Nanos{pool.service(*chosen, demand.job)});
    if (const auto reservation = reserve(*chosen, service, now, decision)) {
      if (!binds_late()) policy_->picked(*chosen);
      return Placement{*chosen, *reservation};
    }
  }
}

/// One of those that do it cheapest, full ones counted among them, that has room and has it done first; or
/// the one that its batch goes to.
std::optional<Placement> RequestPool::place_at_once(const sched::Job& job, Instant now) {
  for (int decision = 1;; ++decision) {
    finish_times(now);
    const auto chosen = goes_along(job, now) ? last_chosen_ : soonest_with_room(job, now);
    if (!chosen) return std::nullopt;
    note_chosen(*chosen, now);
    const Nanos service = service_on(*chosen, job.type, job.length);
    if (const auto booked = reserve(*chosen, service, now, decision)) return Placement{*chosen, *booked};
  }
}

/// When it would be done there, by the finish times that were read last.
std::int64_t RequestPool::completion(std::size_t member, const sched::Job& job) const {
  const double cost = nanos_per_unit_[job.type * finish_.size() + member];
  const Nanos service = service_time(job.length, uneven_ ? cost / share_[member] : cost);
  return finish_[member] + (service + costs_.servers[member].later).count();
}

bool RequestPool::goes_along(const sched::Job& job, Instant now) const {
  return goes_along(now) && has_room(last_chosen_, now) &&
         costs_.cost(last_chosen_, lane_of(job)) < std::numeric_limits<double>::infinity() &&
         is_soon(completion(last_chosen_, job), now);
}

std::optional<std::size_t> RequestPool::soonest_with_room(const sched::Job& job, Instant now) {
  const std::span<const std::uint32_t> cheapest = cheapest_for(job);
  const auto chosen = sched::pick_least(
      cheapest.size(), random_, [&](std::size_t n) { return has_room(cheapest[n], now); },
      [&](std::size_t n) {
        return sched::Rank{completion(cheapest[n], job), 0};
      });
  if (!chosen) return std::nullopt;
  return cheapest[*chosen];
}

/// Mostly the same ones: which they are depends on the request's length only where some are later, and else
/// on who is there only when all of those are not.
std::span<const std::uint32_t> RequestPool::cheapest_for(const sched::Job& job) {
  const std::vector<std::uint32_t>& of_all = cheapest_[lane_of(job)];
  if (!any_later_)
    for (const std::uint32_t i : of_all)
      if (finish_[i] != sched::kUnavailable) return of_all;
  list_cheapest(lane_of(job), job.length, finish_, cheapest_now_);
  return cheapest_now_;
}

/// Of those that are there.
void RequestPool::list_cheapest(std::uint8_t lane, std::uint32_t length, std::span<const std::int64_t> finish,
                                std::vector<std::uint32_t>& to) const {
  constexpr double kNever = std::numeric_limits<double>::infinity();
  const auto done_after = [&](std::size_t i) {
    if (finish[i] == sched::kUnavailable) return kNever;
    return sched::done_after(length, costs_.cost(i, lane), costs_.servers[i].later);
  };
  double least = kNever;
  for (std::size_t i = 0; i < finish.size(); ++i) least = std::min(least, done_after(i));
  to.clear();
  for (std::size_t i = 0; i < finish.size() && least < kNever; ++i)
    if (done_after(i) <= kAlike * least) to.push_back(static_cast<std::uint32_t>(i));
}

/// For each lane, of all members.
void RequestPool::compare_costs() {
  cheapest_.resize(costs_.types);
  const std::vector<std::int64_t> all_there(members_.size(), 0);
  for (std::size_t lane = 0; lane < costs_.types; ++lane)
    list_cheapest(static_cast<std::uint8_t>(lane), 1, all_there, cheapest_[lane]);
}

}  // namespace finishline::worker
