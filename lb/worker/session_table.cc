#include "lb/worker/session_table.h"

#include <algorithm>
#include <utility>

#include "lb/worker/byte_budget.h"

namespace finishline::worker {

using ledger::WorkerCell;

void SessionTable::add(std::unique_ptr<Session> session) {
  metrics_.add(WorkerCell::connections_accepted);
  metrics_.add(WorkerCell::connections_open);
  begin(std::move(session));
}

void SessionTable::begin(std::unique_ptr<Session> session) {
  Session& it = *session;
  const SlotKey key = sessions_.add(std::move(session));
  it.start(key.slot, key.generation);
}

bool SessionTable::answer(const ReplyAddress& address, const Answer& answer) {
  Session* const session = find(address);
  if (session == nullptr) return false;
  session->deliver(address.tag, answer);
  return true;
}

void SessionTable::remember(const Session& session) {
  const ClientName name = session.client_name();
  gone_[{session.slot(), session.generation()}] = {std::string(name.listener), std::string(name.address)};
}

ClientName SessionTable::name_of_gone(const ReplyAddress& address) const {
  const auto found = gone_.find({address.session, address.generation});
  return found == gone_.end() ? ClientName() : ClientName{found->second.listener, found->second.address};
}

void SessionTable::retire(Session& session) {
  retired_.push_back(sessions_.take({session.slot(), session.generation()}));
  metrics_.add(WorkerCell::connections_open, -1);
}

void SessionTable::replace(Session& session, std::unique_ptr<Session> successor) {
  retired_.push_back(sessions_.take({session.slot(), session.generation()}));
  begin(std::move(successor));  // in the same slot
}

void SessionTable::resume_later(const Session& session) { to_resume_.push_back(session.slot()); }

void SessionTable::end_turn() {
  // By index: a resumed session may be answered at once and ask again.
  for (std::size_t i = 0; i < to_resume_.size(); ++i) {
    if (const auto* session = sessions_.at(to_resume_[i]); session != nullptr) (*session)->resume();
  }
  to_resume_.clear();
  ended_ |= !retired_.empty();
  retired_.clear();
}

void SessionTable::hold(Session& session, Instant now) {
  if (session.held_since_) return;
  session.held_since_ = now;
  held_.push_back({session.slot(), session.generation(), 0});
  session.hold_reading();
}

void SessionTable::keep_within(ByteBudget& budget) {
  budget.set_clients(size());
  budget.pace_reads(budget.held());
  while (budget.desperate() && drop_most_stuck(ledger::CloseReason::slow_reader, budget.little() + 1)) {
  }
  const bool overdue = budget.overdue();
  if ((held_.empty() && !overdue) || !walk_is_due(budget.now())) [[likely]]
    return;
  release_those_within();
  while (budget.overdue() && drop_most_stuck(ledger::CloseReason::slow_reader, ByteBudget::kLying)) {
  }
  if (const Session* const waiting = starving(budget.now() - budget.patience()))
    drop_most_stuck(ledger::CloseReason::memory_hog, ByteBudget::kLying, waiting);
}

bool SessionTable::walk_is_due(Instant now) {
  if (size() > kFew && now - walked_at_ < kWalkEvery) return false;
  walked_at_ = now;
  return true;
}

/// In the order in which they were held. Who goes on may be held again at once.
void SessionTable::release_those_within() {
  for (const ReplyAddress& address : std::exchange(held_, {})) {
    Session* const session = find(address);
    if (session == nullptr) continue;
    if (!session->may_go_on()) {
      held_.push_back(address);
      continue;
    }
    session->held_since_.reset();
    session->go_on();
  }
}

Session* SessionTable::starving(Instant since) const {
  Session* least = nullptr;
  for (const ReplyAddress& address : held_) {
    Session* const session = find(address);
    if (session == nullptr || *session->held_since() > since || !session->waits_for_room_alone()) continue;
    if (least == nullptr || session->held() < least->held()) least = session;
  }
  return least;
}

void SessionTable::resume_all() {
  paused_.clear();
  each([this](Session& session) {
    if (session.may_resume()) paused_.push_back(&session);
  });
  const std::size_t ordered = std::min(paused_.size(), kTurns);
  std::ranges::partial_sort(paused_, paused_.begin() + static_cast<std::ptrdiff_t>(ordered), {},
                            &Session::turn_);
  for (std::size_t i = 0; i < paused_.size(); ++i) {
    if (!paused_[i]->may_resume()) continue;  // those before it have taken all
    if (i < ordered) turn_now_ = std::max(turn_now_, paused_[i]->turn_);
    paused_[i]->resume();
  }
}

bool SessionTable::drop_most_stuck(ledger::CloseReason reason, std::size_t least_stuck, const Session* than) {
  Session* most = nullptr;
  each([&](Session& session) {
    if (&session == than || session.stuck() < least_stuck) return;
    if (than != nullptr && session.held() < than->held()) return;
    if (most == nullptr || session.stuck() > most->stuck()) most = &session;
  });
  if (most != nullptr) most->drop(reason);
  return most != nullptr;
}

void SessionTable::drain_all() {
  each([](Session& session) { session.drain(); });
}

void SessionTable::check_time(Instant now) {
  each([now](Session& session) { session.check_time(now); });
}

}  // namespace finishline::worker
