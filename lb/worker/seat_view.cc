#include "lb/worker/seat_view.h"

#include <algorithm>

#include "lb/ledger/finish_rule.h"

namespace finishline::worker {
namespace {

constexpr Nanos kFirstLead = 1ms, kLongestLead = 4ms;

bool on_its_way(const ledger::SeatCall& call, Instant now) { return now - call.at <= ledger::kSeatCallHolds; }

}  // namespace

SeatView::Role SeatView::role(Instant now) const {
  if (!pool_.options().has_seat || !pool_.binds_late()) return Role::alone;
  switch (ledger::seat_holder(ledger_, pool_.options().row, now).who) {
    case ledger::SeatHolder::Who::self:
      return Role::leads;
    case ledger::SeatHolder::Who::node:
      return Role::follows;
    case ledger::SeatHolder::Who::nobody:
      break;
  }
  return Role::alone;
}

/// Of the way there and back the longer part: back, it is the report of what was sent meanwhile.
Nanos SeatView::lead() const {
  const Nanos trip = seat_calls_status(ledger_).trip;
  return trip == 0ns ? kFirstLead : std::clamp(trip * 2 / 3, ledger::kFirstTurn, kLongestLead);
}

void SeatView::expect_called(RequestPool& pool, Instant now) {
  for (std::size_t member = 0; member < of_member_.size(); ++member) {
    of_member_[member].clear();
    calls_.read(pool.members()[member].id, now, of_member_[member]);
    for (const ledger::SeatCall& call : of_member_[member])
      if (on_its_way(call, now)) pool.expect(member, call.service);
  }
}

void SeatView::leave_out_called(std::vector<sched::WaitLane>& lanes, std::size_t member,
                                ledger::WorkerId first_remote, Instant now) const {
  for (const std::vector<ledger::SeatCall>& calls : of_member_)
    for (const ledger::SeatCall& call : calls)
      for (sched::WaitLane& lane : lanes)
        if (lane.worker == first_remote + call.node && lane.type == call.lane && on_its_way(call, now))
          take_one(lane, call);
  const auto does_not_come = [&](const sched::WaitLane& lane) {
    return std::ranges::any_of(of_member_[member], [&](const ledger::SeatCall& call) {
      return lane.worker == first_remote + call.node && !on_its_way(call, now);
    });
  };
  std::erase_if(lanes, [&](const sched::WaitLane& lane) { return lane.count == 0 || does_not_come(lane); });
}

/// What stands behind its head is not known, but for how long it is on average.
void SeatView::take_one(sched::WaitLane& lane, const ledger::SeatCall& call) const {
  if (lane.count == 0) return;
  --lane.count;
  lane.volume -= std::min<std::uint64_t>(lane.volume, call.length);
  if (lane.count == 0) return;
  const auto mean = static_cast<std::uint32_t>(lane.volume / lane.count);
  switch (static_cast<sched::Reason>(call.reason)) {
    case sched::Reason::urgent:
      lane.urgent_start = sched::kNoKey;
      break;
    case sched::Reason::critical:
      lane.longest = std::max(lane.shortest, mean);
      break;
    case sched::Reason::in_order:
    case sched::Reason::steal:
      lane.head_length = std::clamp(mean, lane.shortest, std::max(lane.shortest, lane.longest));
      break;
  }
}

bool SeatView::call(std::size_t member, const sched::Choice& choice, ledger::WorkerId first_remote,
                    Instant now) const {
  const double cost = pool_.costs().cost(member, choice.type);
  return calls_.call(pool_.members()[member].id, {.node = choice.worker - first_remote,
                                                  .lane = choice.type,
                                                  .reason = static_cast<std::uint8_t>(choice.reason),
                                                  .length = choice.length,
                                                  .service = service_time(choice.length, cost),
                                                  .at = now});
}

}  // namespace finishline::worker
