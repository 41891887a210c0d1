#include "lb/worker/late_binding.h"

#include <algorithm>
#include <utility>

#include "lb/worker/attempt.h"

namespace finishline::worker {

LateBinding::LateBinding(RequestPool& pool, ledger::Demand demand, WorkerCaller& caller,
                         ledger::WorkerId self, std::uint64_t seed)
    : pool_(pool),
      demand_(std::move(demand)),
      caller_(caller),
      self_(self),
      random_(seed),
      matching_(pool.options().matching, pool.costs()),
      queue_(matching_.costs().types, static_cast<std::uint16_t>(self), pool.options().max_ahead),
      peers_(pool.members().size()),
      served_at_(matching_.costs().types) {}

// --- what waits --------------------------------------------------------------------------------------

void LateBinding::wait(const Pending& pending) {
  const std::uint8_t lane = lane_of(job_of(pending));
  if (queue_.empty(lane)) served_at_[lane] = pending.received_at;
  queue_.push(pending.slot,
              {.key = matching_.key_of(pending.received_at, lane, pending.length,
                                       pool_.worth_of(proto::priority_of(pending.flags))),
               .latest_start = matching_.latest_start_of(pending.deadline, lane, pending.length),
               .length = pending.length,
               .type = lane,
               .priority = proto::priority_of(pending.flags),
               .client = pending.client.session,
               .since = pending.received_at.time_since_epoch().count()});
  demand_.show(queue_.lanes()[lane]);
}

void LateBinding::remove(const Pending& pending) {
  const std::uint8_t lane = queue_.waiter(pending.slot).type;
  queue_.remove(pending.slot);
  demand_.show(queue_.lanes()[lane]);
  if (queue_.size() == 0) next_look_ = Instant::max();
}

std::optional<std::uint32_t> LateBinding::too_late(Instant now) const {
  for (const sched::WaitLane& lane : queue_.lanes()) {
    const std::uint32_t slot = queue_.too_late(lane.type, now.time_since_epoch().count());
    if (slot != sched::kNobody) return slot;
  }
  return std::nullopt;
}

std::optional<std::uint32_t> LateBinding::hopeless(Instant now) {
  const std::span<const std::int64_t> finish = pool_.finish_times(now);
  const sched::PoolCosts& costs = matching_.costs();
  for (std::uint8_t lane = 0; lane < costs.types; ++lane) {
    if (queue_.empty(lane)) continue;
    const auto can = [&](std::size_t member) {
      return finish[member] != sched::kUnavailable &&
             costs.cost(member, lane) < std::numeric_limits<double>::infinity();
    };
    bool any = false;
    for (std::size_t member = 0; member < finish.size() && !any; ++member) any = can(member);
    if (any) {
      served_at_[lane] = now;
    } else if (now - served_at_[lane] >= kGrace) {
      return queue_.head(lane);
    }
  }
  return std::nullopt;
}

// --- who is served -----------------------------------------------------------------------------------

std::optional<LateBinding::Pulled> LateBinding::pull(std::size_t member, Instant now) {
  for (int tries = 0; tries < kTries; ++tries) {
    const auto choice = choose(member, now);
    if (!choice) break;
    if (choice->handle == sched::kNobody) {
      if (call(choice->worker, member, now)) break;
      continue;
    }
    const sched::Waiter& waiter = queue_.waiter(choice->handle);
    if (const auto booked = pool_.book(member, pool_.type_of_lane(waiter.type), waiter.length, now)) {
      look_at(member, now);
      return Pulled{choice->handle, {member, *booked}, choice->reason};
    }
  }
  look_at(member, now);
  return std::nullopt;
}

std::optional<sched::Choice> LateBinding::choose(std::size_t member, Instant now) {
  queue_.set_time(now.time_since_epoch().count());
  pool_.finish_times(now);
  follow_plan();
  if (!pool_.has_room(member, now)) return std::nullopt;
  return matching_.choose(ask(member, now), random_);
}

/// By the finish times that were read last.
sched::Ask LateBinding::ask(std::size_t member, Instant now) {
  return {
      .server = member,
      .now = now,
      .start = pool_.start_at(member, now),
      .finish = pool_.last_finish_times(),
      .lanes = lanes(member, now),
      .own = &queue_,
      .worker = static_cast<std::uint16_t>(self_),
      .urgent_within = 2 * pool_.mark(member),
      .first_remote = static_cast<std::uint16_t>(std::min<ledger::WorkerId>(demand_.first_remote(), 0xffff)),
      .turn = kTurns * plan_.mean_service + kTurnAnyway,
      .steals = demand_.sharing() != ledger::Sharing::lost};
}

Nanos LateBinding::horizon(Instant now) {
  pool_.finish_times(now);
  follow_plan();
  return matching_.horizon_of(ask(0, now));
}

std::optional<sched::Prospect> LateBinding::prospect(const sched::Job& job, std::uint8_t priority,
                                                     Instant now) {
  follow_plan();
  const std::uint8_t lane = lane_of(job);
  lanes_.assign(queue_.lanes().begin(), queue_.lanes().end());
  demand_.read_others(matching_.costs().types, lanes_);
  return pool_.prospect(lane, job.length, matching_.key_of(now, lane, job.length, pool_.worth_of(priority)),
                        lanes_, now);
}

void LateBinding::follow_plan() {
  if (const std::uint32_t revision = pool_.cost_revision(); revision != cost_revision_) [[unlikely]] {
    cost_revision_ = revision;
    matching_.set_costs(pool_.costs());
  }
  if (demand_.read_plan(plan_number_, plan_)) matching_.follow(plan_);
}

/// Our own, and those of all workers that come when they are called for this member.
std::span<const sched::WaitLane> LateBinding::lanes(std::size_t member, Instant now) {
  lanes_.assign(queue_.lanes().begin(), queue_.lanes().end());
  demand_.read_others(matching_.costs().types, lanes_);
  const std::vector<Peer>& peers = peers_[member];
  if (!peers.empty()) [[unlikely]]
    std::erase_if(lanes_, [&peers, now](const sched::WaitLane& lane) {
      return lane.worker < peers.size() && now < peers[lane.worker].left_out_until;
    });
  return lanes_;
}

LateBinding::Peer& LateBinding::peer(std::size_t member, std::size_t worker) {
  std::vector<Peer>& peers = peers_[member];
  if (peers.size() <= worker) peers.resize(worker + 1);
  return peers[worker];
}

/// It has come when it has sent the member something. One that cannot, because it has no link to it, is as
/// good as one that sleeps.
bool LateBinding::call(ledger::WorkerId worker, std::size_t member, Instant now) {
  Peer& it = peer(member, worker);
  const std::int64_t sent = demand_.sent(worker, pool_.members()[member].id);
  const bool came = std::exchange(it.sent, sent) != sent;
  if (came) it.left_out = 0ns;
  const bool remote = worker >= demand_.first_remote();
  if (came || it.awaited_until == Instant{}) {
    it.awaited_until = remote ? now + kRemotePatience + pool_.mark(member)
                              : std::max(now, pool_.start_at(member, now)) + kPatience;
    caller_.call(worker);
    return true;
  }
  if (now < it.awaited_until) return true;
  it.awaited_until = {};
  it.left_out = std::clamp(2 * it.left_out, kFirstLeftOut, kLongestLeftOut);
  it.left_out_until = now + (remote ? kRemoteLeftOut : it.left_out);
  return false;
}

// --- when to look again ------------------------------------------------------------------------------

std::span<const std::size_t> LateBinding::with_room(Instant now) {
  with_room_.clear();
  next_look_ = Instant::max();
  pool_.finish_times(now);
  for (std::size_t member = 0; member < pool_.members().size(); ++member) {
    if (pool_.has_room(member, now))
      with_room_.push_back(member);
    else
      look_at(member, now);
  }
  for (std::size_t left = with_room_.size(); left > 1; --left)
    std::swap(with_room_[left - 1], with_room_[random_.below(static_cast<std::uint32_t>(left))]);
  return with_room_;
}

/// When it will have room, as the columns are that were read last; one that has room and is left idle, or for
/// which another worker was called, is looked at again before long.
void LateBinding::look_at(std::size_t member, Instant now) {
  const Instant at = pool_.has_room(member, now) ? now + kPatience : pool_.room_at(member);
  next_look_ = std::min(next_look_, std::max(at, now + kShortestSleep));
}

}  // namespace finishline::worker
