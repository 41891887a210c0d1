// What becomes of requests that nobody wants any more.
#include <algorithm>
#include <utility>

#include "lb/worker/dispatcher.h"

namespace finishline::worker {

using ledger::WorkerCell;
using proto::Status;

/// To find it takes a look at all that are open, which is worth it for many at once: at the next tick, or, so
/// that who cancels what is not open can fill no memory, as soon as they are as many as those.
void Dispatcher::cancel(const ReplyAddress& client, Instant now) {
  constexpr std::size_t kMostAtOnce = 256;
  cancelled_.add(client, now);
  if (cancelled_.size() >= std::max(kMostAtOnce, pending_.in_use())) withdraw_unwanted(now);
}

void Dispatcher::withdraw_unwanted(Instant now) {
  const bool departed = std::exchange(departed_, false);
  const CancelList cancelled = std::exchange(cancelled_, {});
  pending_.each([&](Pending& pending) {
    if (pending.abandoned()) return;
    const bool withdrawn = !cancelled.empty() && cancelled.has(pending.client, pending.received_at);
    if (withdrawn) metrics_.add(WorkerCell::cancels);
    if (withdrawn || (departed && !answers_.awaited(pending.client))) withdraw(pending, now);
  });
}

/// What waits is answered and gone; what a server has is abandoned.
void Dispatcher::withdraw(Pending& pending, Instant now) {
  if (!pending.waiting()) return abandon(pending, Status::cancelled, now);
  const std::size_t pool = pending.pool;
  const Attempt attempt = attempt_of(pending, now);
  remove(pending);
  answer_unsent(pool, attempt, Status::cancelled, now);
}

}  // namespace finishline::worker
