#include "lb/worker/session_table.h"

#include "lb/worker/client_session.h"

namespace finishline::worker {

using ledger::WorkerCell;

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
}

bool SessionTable::answer(const ReplyAddress& address, const Answer& answer) {
  if (address.session >= slots_.size()) return false;
  const Slot& slot = slots_[address.session];
  if (slot.generation != address.generation || !slot.session) return false;
  // Only sessions of requests hand out addresses.
  static_cast<ClientSession&>(*slot.session).deliver(address.tag, answer);
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

void SessionTable::resume_later(const Session& session) { to_resume_.push_back(session.slot()); }

void SessionTable::end_turn() {
  // By index: a resumed session may be answered at once and ask again.
  for (std::size_t i = 0; i < to_resume_.size(); ++i) {
    if (Session* session = slots_[to_resume_[i]].session.get(); session != nullptr) session->resume();
  }
  to_resume_.clear();
  retired_.clear();
}

void SessionTable::drain_all() {
  for (const Slot& slot : slots_) {
    if (slot.session) slot.session->drain();
  }
}

void SessionTable::check_time(Instant now) {
  for (const Slot& slot : slots_) {
    if (slot.session) slot.session->check_time(now);
  }
}

}  // namespace finishline::worker
