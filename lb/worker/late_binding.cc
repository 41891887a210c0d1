#include "lb/worker/late_binding.h"

#include <algorithm>
#include <cstdlib>
#include <limits>
#include <utility>

#include "lb/worker/attempt.h"

namespace finishline::worker {

LateBinding::LateBinding(RequestPool& pool, ledger::Demand demand, SeatView seat, WorkerCaller& caller,
                         ledger::WorkerId self, std::uint64_t seed)
    : pool_(pool),
      demand_(std::move(demand)),
      seat_(std::move(seat)),
      caller_(caller),
      self_(self),
      random_(seed),
      matching_(pool.options().matching, pool.costs()),
      queue_(matching_.costs().types, static_cast<std::uint16_t>(self), pool.options().max_ahead),
      peers_(pool.members().size()),
      idle_since_(pool.members().size()),
      served_at_(matching_.costs().types) {}

// --- what waits --------------------------------------------------------------------------------------

void LateBinding::wait(const Pending& pending, double weight) {
  const std::uint8_t lane = lane_of(job_of(pending));
  if (queue_.empty(lane)) served_at_[lane] = pending.received_at;
  const auto service = static_cast<double>(matching_.least_service_of(lane, pending.length).count());
  queue_.push(pending.slot,
              {.key = matching_.key_of(pending.received_at, lane, pending.length,
                                       pool_.worth_of(proto::priority_of(pending.flags))),
               .latest_start = matching_.latest_start_of(pending.deadline, lane, pending.length),
               .length = pending.length,
               .type = lane,
               .priority = proto::priority_of(pending.flags),
               .client = pending.client.session,
               .since = pending.received_at.time_since_epoch().count(),
               .work = weight > 0 ? std::max(service, 1.0) / weight : 0});
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

std::optional<LateBinding::Pulled> LateBinding::pull_if(std::size_t member, Instant now, const May& may) {
  if (!decides(member, now)) return std::nullopt;
  for (int tries = 0; tries < kTries; ++tries) {
    const auto choice = choose(member, now);
    if (!choice) break;
    if (choice->handle != sched::kNobody) {
      if (may && !may(choice->handle)) break;
      if (const auto pulled = book(member, choice->handle, choice->reason, now)) return pulled;
    } else if (led_ && is_remote(choice->worker)) {
      if (!call_proxy(*choice, member, now)) break;
    } else if (call(choice->worker, member, now)) {
      break;
    }
  }
  look_at(member, now);
  return std::nullopt;
}

std::optional<LateBinding::Pulled> LateBinding::book(std::size_t member, std::uint32_t slot,
                                                     sched::Reason reason, Instant now) {
  const sched::Waiter& waiter = queue_.waiter(slot);
  const auto booked = pool_.book(member, pool_.type_of_lane(waiter.type), waiter.length, now);
  if (!booked) return std::nullopt;
  look_at(member, now);
  return Pulled{slot, {member, *booked}, reason};
}

/// In the seat, what waits here may go as late as what was settled elsewhere seems to be: finish_rule.h.
std::optional<sched::Choice> LateBinding::choose(std::size_t member, Instant now) {
  queue_.set_time(now.time_since_epoch().count());
  pool_.finish_times(now);
  follow_plan();
  if (led_) seat_.expect_called(pool_, now);
  if (!pool_.has_room(member, now + lead())) return std::nullopt;
  const auto choice = matching_.choose(ask(member, now), random_);
  const bool early =
      led_ && choice && !is_remote(choice->worker) && !pool_.has_room(member, now + ledger::kFirstTurn);
  return early ? std::nullopt : choice;
}

/// By the finish times that were read last.
sched::Ask LateBinding::ask(std::size_t member, Instant now) {
  return {.server = member,
          .now = now,
          .start = pool_.start_at(member, now),
          .finish = pool_.last_finish_times(),
          .lanes = lanes(member, now),
          .own = &queue_,
          .worker = static_cast<std::uint16_t>(self_),
          .urgent_within = 2 * pool_.mark(member),
          .first_remote = static_cast<std::uint16_t>(
              led_ ? 0xffff : std::min<ledger::WorkerId>(demand_.first_remote(), 0xffff)),
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
  if (!demand_.read_plan(plan_number_, plan_)) return;
  // How much comes to other proxies is not known, so nothing is critical.
  if (led_ && demand_.sharing() == ledger::Sharing::rows) plan_.load = std::max(plan_.load, 1.0);
  matching_.follow(plan_);
  queue_.set_mean_work(plan_.mean_service.count());
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
  if (led_) seat_.leave_out_called(lanes_, member, demand_.first_remote(), now);
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
  const Instant by = remote ? now + kRemotePatience + pool_.mark(member)
                            : std::max(now, pool_.start_at(member, now)) + kPatience;
  if (came || it.awaited_until == Instant{}) {
    it.awaited_until = by;
    caller_.call(worker);
    return true;
  }
  it.awaited_until = std::min(it.awaited_until, by);  // the server may be free sooner than it seemed
  if (now < it.awaited_until) return true;
  it.awaited_until = {};
  it.left_out = std::clamp(2 * it.left_out, kFirstLeftOut, kLongestLeftOut);
  it.left_out_until = now + (remote ? kRemoteLeftOut : it.left_out);
  return false;
}

// --- with a seat -------------------------------------------------------------------------------------

bool LateBinding::decides(std::size_t member, Instant now) {
  const SeatView::Role role = seat_.role(now);
  led_ = role == SeatView::Role::leads;
  if (role != SeatView::Role::follows) return true;
  const Instant idle_since = idle_since_[member];
  return idle_since != Instant{} && now - idle_since >= kNeglected;
}

/// By the finish times that were read last.
void LateBinding::note_idle(std::size_t member, Instant now) {
  Instant& since = idle_since_[member];
  if (!pool_.has_room(member, now))
    since = {};
  else if (since == Instant{})
    since = now;
}

bool LateBinding::call_proxy(const sched::Choice& choice, std::size_t member, Instant now) {
  if (!seat_.call(member, choice, demand_.first_remote(), now)) return false;
  caller_.tell_peer_of_call();
  return true;
}

std::optional<LateBinding::Pulled> LateBinding::pull(const ledger::SeatGrant& grant, Instant now) {
  const std::uint32_t slot = meant_by(grant);
  const auto& members = pool_.members();
  const auto found = std::ranges::find(members, grant.server, &Member::id);
  if (slot == sched::kNobody || found == members.end()) return std::nullopt;
  const auto member = static_cast<std::size_t>(found - members.begin());
  idle_since_[member] = {};
  for (int tries = 0; tries < kTries; ++tries) {
    const bool can = pool_.finish_times(now)[member] != sched::kUnavailable &&
                     pool_.costs().cost(member, grant.lane) < std::numeric_limits<double>::infinity();
    if (!can) return std::nullopt;
    if (const auto pulled = book(member, slot, static_cast<sched::Reason>(grant.reason), now)) return pulled;
  }
  return std::nullopt;
}

/// Whoever is in the seat knows the first, the longest, the shortest and the most urgent of each lane, as
/// they were a while ago.
std::uint32_t LateBinding::meant_by(const ledger::SeatGrant& grant) const {
  if (grant.lane >= matching_.costs().types || queue_.empty(grant.lane)) return sched::kNobody;
  const std::uint32_t head = queue_.head(grant.lane), longest = queue_.longest(grant.lane);
  switch (static_cast<sched::Reason>(grant.reason)) {
    case sched::Reason::urgent:
      if (const std::uint32_t first = queue_.most_urgent(grant.lane); first != sched::kNobody) return first;
      return head;
    case sched::Reason::critical:
      return longest;
    case sched::Reason::in_order:
      return head;
    case sched::Reason::steal:
      break;
  }
  const auto off = [&](std::uint32_t slot) {
    const std::int64_t length = queue_.waiter(slot).length;
    return std::abs(length - std::int64_t{grant.length});
  };
  const std::uint32_t shortest = queue_.shortest(grant.lane);
  return std::min({head, longest, shortest},
                  [&](std::uint32_t a, std::uint32_t b) { return off(a) < off(b); });
}

// --- when to look again ------------------------------------------------------------------------------

std::span<const std::size_t> LateBinding::with_room(Instant now) {
  with_room_.clear();
  next_look_ = Instant::max();
  pool_.finish_times(now);
  const SeatView::Role role = seat_.role(now);
  led_ = role == SeatView::Role::leads;
  if (led_) seat_.expect_called(pool_, now);
  for (std::size_t member = 0; member < pool_.members().size(); ++member) {
    if (role == SeatView::Role::follows) note_idle(member, now);
    if (!decides(member, now)) continue;
    if (pool_.has_room(member, now + lead()))
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
  const Nanos ahead = led_ ? ledger::kFirstTurn : 0ns;
  Instant at = now + kPatience;
  if (!pool_.has_room(member, now + ahead)) at = pool_.room_at(member) - ahead;
  if (!pool_.has_room(member, now + lead())) at = pool_.room_at(member) - lead();
  next_look_ = std::min(next_look_, std::max(at, now + kShortestSleep));
}

}  // namespace finishline::worker
