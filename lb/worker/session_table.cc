#include "lb/worker/session_table.h"

#include <utility>

#include "lb/worker/byte_budget.h"
#include "lb/worker/client_session.h"

namespace finishline::worker {

using ledger::WorkerCell;

namespace {

/// So many bytes behind a full socket are no accident of the moment.
constexpr std::size_t kLying = 16 * 1024;

}  // namespace

void SessionTable::add(std::unique_ptr<Session> session) {
  if (free_.empty()) {
    free_.push_back(static_cast<std::uint32_t>(slots_.size()));
    slots_.emplace_back();
  }
  const std::uint32_t at = free_.back();
  free_.pop_back();
  Slot& slot = slots_[at];
  slot.session = std::move(session);
  ++size_;
  metrics_.add(WorkerCell::connections_accepted);
  metrics_.add(WorkerCell::connections_open);
  slot.session->start(at, slot.generation);
  if (holding_ && slot.session) slot.session->hold_reading();  // it may have ended in start()
}

Session* SessionTable::find(const ReplyAddress& address) const {
  if (address.session >= slots_.size()) return nullptr;
  const Slot& slot = slots_[address.session];
  return slot.generation == address.generation ? slot.session.get() : nullptr;
}

bool SessionTable::answer(const ReplyAddress& address, const Answer& answer) {
  Session* const session = find(address);
  if (session == nullptr) return false;
  // Only sessions of requests hand out addresses.
  static_cast<ClientSession&>(*session).deliver(address.tag, answer);
  return true;
}

void SessionTable::retire(Session& session) {
  Slot& slot = slots_[session.slot()];
  ++slot.generation;
  free_.push_back(session.slot());
  retired_.push_back(std::move(slot.session));
  --size_;
  metrics_.add(WorkerCell::connections_open, -1);
}

void SessionTable::replace(Session& session, std::unique_ptr<Session> successor) {
  const std::uint32_t at = session.slot();
  Slot& slot = slots_[at];
  retired_.push_back(std::exchange(slot.session, std::move(successor)));
  slot.session->start(at, ++slot.generation);
  if (holding_ && slot.session) slot.session->hold_reading();  // it may have ended in start()
}

void SessionTable::resume_later(const Session& session) { to_resume_.push_back(session.slot()); }

void SessionTable::end_turn() {
  // By index: a resumed session may be answered at once and ask again.
  for (std::size_t i = 0; i < to_resume_.size(); ++i) {
    if (Session* session = slots_[to_resume_[i]].session.get(); session != nullptr) session->resume();
  }
  to_resume_.clear();
  retired_.clear();
}

void SessionTable::hold_all() {
  if (std::exchange(holding_, true)) return;
  each([](Session& session) { session.hold_reading(); });
}

void SessionTable::keep_within(ByteBudget& budget) {
  if (!budget.exhausted()) return;
  hold_all();
  while (budget.desperate() && drop_slowest(1)) {
  }
  while (budget.overdue() && drop_slowest(kLying)) {
  }
  if (budget.relieve()) release_all();
}

void SessionTable::release_all() {
  holding_ = false;
  each([](Session& session) { session.go_on(); });
}

void SessionTable::resume_all() {
  each([](Session& session) { session.resume(); });
}

/// False when there is nobody who has left at least so much unread.
bool SessionTable::drop_slowest(std::size_t least_unread) {
  Session* slowest = nullptr;
  each([&](Session& session) {
    const std::size_t unread = session.unread();
    if (unread >= least_unread && (slowest == nullptr || unread > slowest->unread())) slowest = &session;
  });
  if (slowest != nullptr) slowest->drop(ledger::CloseReason::slow_reader);
  return slowest != nullptr;
}

void SessionTable::drain_all() {
  each([](Session& session) { session.drain(); });
}

void SessionTable::check_time(Instant now) {
  each([now](Session& session) { session.check_time(now); });
}

}  // namespace finishline::worker
