// What the access log is told of requests.
#include "lb/worker/dispatcher.h"

namespace finishline::worker {

void Dispatcher::tell(const Pending& pending, proto::Status status, Nanos service, Instant now) {
  const Nanos total = now - pending.received_at;
  const std::string_view told = access_->reason_to_tell(status, total, now);
  if (told.empty()) return;
  const RequestPool& pool = *pools_[pending.pool];
  access_->tell({.pool = pool.options().name,
                 .type = pending.type,
                 .length = pending.length,
                 .server = &pending.reservation.server,
                 .status = status,
                 .waiting = pending.sent_at - pending.received_at,
                 .service = service,
                 .total = total,
                 .attempts = pending.attempts,
                 .policy = pool.policy()},
                answers_.name_of(pending.client), told);
}

void Dispatcher::tell_unsent(std::size_t pool, const Attempt& attempt, proto::Status status, Instant now) {
  const Nanos total = now - attempt.received_at;
  const std::string_view told = access_->reason_to_tell(status, total, now);
  if (told.empty()) return;
  const Refusals* const failed = attempt.refusals.get();
  const bool lost = status == proto::Status::server_lost && failed != nullptr && !failed->lost_by.empty();
  access_->tell({.pool = pools_[pool]->options().name,
                 .type = attempt.request.type,
                 .length = attempt.request.length,
                 .server = lost ? &failed->lost_by.back() : nullptr,
                 .status = status,
                 .waiting = lost ? failed->lost_since - attempt.received_at : total,
                 .total = total,
                 .attempts = attempt.attempts,
                 .policy = lost ? pools_[pool]->policy() : std::string_view()},
                answers_.name_of(attempt.client), told);
}

}  // namespace finishline::worker
