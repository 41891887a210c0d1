// What is bound to a server and not sent yet goes elsewhere when it will be done sooner there, or when its
// server takes no work any more, or cannot be reached.
#include "lb/worker/dispatcher.h"

namespace finishline::worker {

using ledger::Why;

/// The latest first, so that those before it keep their turn. Links whose pool does not have them any more
/// have nothing to compare with.
void Dispatcher::rebalance(LinkId link, Instant now) {
  constexpr int kMostMoved = 64;  // in a tick
  for (int moved = 0; moved < kMostMoved; ++moved) {
    const Link& it = links_[link];
    if (it.port == nullptr || it.spare()) return;
    const auto token = it.port->unsent();
    Pending* const pending = token ? pending_.find(*token) : nullptr;
    if (pending == nullptr || pending->abandoned() || !move_unsent(link, *pending, now)) return;
  }
}

/// It was never begun, so it may be sent whatever it is, and that it was bound before is no attempt.
bool Dispatcher::move_unsent(LinkId link, Pending& pending, Instant now) {
  const Link& it = links_[link];
  const std::size_t pool = it.pool;
  const auto placed =
      pools_[pool]->place_sooner(job_of(pending), it.member, now, refusers_in(pending.refusals));
  if (!placed) return false;
  it.port->take_back(pending.token());
  books_.release(pending.reservation, now);
  count_outcome(pending, proto::Status::cancelled);
  metrics_.add(ledger::WorkerCell::moves);
  pools_[pool]->room_changed();
  Attempt attempt = attempt_of(pending, now);
  remove(pending);
  --attempt.attempts;
  launch(pool, attempt, *placed, Why::moved, now);
  return true;
}

/// Its link is down. One that is abandoned goes with what is lost.
void Dispatcher::give_back(LinkId link, Token token, Instant now) {
  Pending* const pending = pending_.find(token);
  if (pending == nullptr || pending->link != link || pending->abandoned()) return;
  books_.release(pending->reservation, now);
  pools_[pending->pool]->room_changed();
  redirect(*pending, {.status = proto::Status::no_server}, now);
}

}  // namespace finishline::worker
