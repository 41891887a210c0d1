// Who is let in: what cannot be done by its deadline is answered before it waits for anything. And what is
// told of the decisions to those who ask.
#include <array>
#include <limits>

#include "lb/config/config.h"
#include "lb/ledger/promises.h"
#include "lb/worker/dispatcher.h"
#include "proto/reply_body.h"

namespace finishline::worker {

using proto::Status;

namespace {

/// Where nothing hangs on it, one request out of so many is foreseen, to know how true that comes.
constexpr std::uint32_t kSampled = 64;

}  // namespace

/// False: it has been answered.
bool Dispatcher::admit(std::size_t pool, Attempt& attempt, Instant now) {
  const RequestPool& it = *pools_[pool];
  const LateBinding* const late = it.makes_wait() ? late_[pool].get() : nullptr;
  const Request& request = attempt.request;
  if (late != nullptr && late->impossible(job_of(request), attempt.deadline, now)) [[unlikely]] {
    answer_unsent(pool, attempt, Status::deadline_exceeded, now);
    return false;
  }
  if (it.options().admits_by_deadline) [[unlikely]]
    return foresee(pool, attempt, now);
  if (late != nullptr && ++unforeseen_ >= kSampled) foresee(pool, attempt, now);
  return true;
}

/// False: it has been refused, because it would be done too late and the pool minds that.
bool Dispatcher::foresee(std::size_t pool, Attempt& attempt, Instant now) {
  unforeseen_ = 0;
  const auto found = prospect(pool, attempt.request, now);
  if (!found) return true;  // it is told so where a server is looked for
  attempt.promised = now + found->until_done;
  if (attempt.promised <= attempt.deadline || !pools_[pool]->options().admits_by_deadline) return true;
  std::array<std::byte, proto::kEarliestBytes> body;
  proto::put_earliest(body, static_cast<std::uint64_t>(found->until_done / 1us));
  answer_unsent(pool, attempt, Status::overloaded, now, attempt.promised - attempt.deadline, body);
  return false;
}

/// So many may wait now for a server with room. A pool that binds late lets wait, unless max_waiting or
/// max_backlog says otherwise, whatever there is memory for.
std::size_t Dispatcher::places(std::size_t pool, Instant now) {
  if (!pools_[pool]->makes_wait()) return 0;
  const RequestPool::Options& options = pools_[pool]->options();
  const bool within = pools_[pool]->binds_late() &&
                      (options.max_backlog == 0ns || late_[pool]->horizon(now) <= options.max_backlog);
  if (within) return options.max_waiting.value_or(std::numeric_limits<std::uint32_t>::max());
  return options.wait_when_full ? options.max_waiting.value_or(config::Pool::kMostWaiting) : 0;
}

/// `wait`: until a server has room.
void Dispatcher::turn_away(std::size_t pool, const Attempt& attempt, Nanos wait, Instant now) {
  if (places(pool, now) > 0) metrics_.add(ledger::WorkerCell::turned_away);
  answer_unsent(pool, attempt, Status::overloaded, now, wait);
}

std::optional<sched::Prospect> Dispatcher::prospect(std::size_t pool, const Request& request, Instant now) {
  RequestPool& it = *pools_[pool];
  const sched::Job job = job_of(request);
  if (late_[pool] != nullptr && it.makes_wait())
    return late_[pool]->prospect(job, proto::priority_of(request.flags), now);
  return it.prospect(it.lane_of(job), request.length, now.time_since_epoch().count(), {}, now);
}

void Dispatcher::explain(std::size_t pool, const Attempt& attempt, const Placement& placed, ledger::Why why,
                         Instant now) {
  if (explainer_ == nullptr) return;
  RequestPool& it = *pools_[pool];
  const Request& request = attempt.request;
  ledger::Decision decision{.received_at = attempt.received_at,
                            .decided_at = now,
                            .service = placed.reservation.service,
                            .length = request.length,
                            .server = placed.reservation.server,
                            .pool = it.options().row,
                            .type = request.type,
                            .priority = proto::priority_of(request.flags),
                            .why = why};
  it.list_alternatives(placed, it.lane_of(job_of(request)), request.length, now, decision);
  explainer_->write(decision);
}

Nanos Dispatcher::prospect_error(std::size_t pool) const {
  return ledger::median_error(ledger::promise_errors(books_.ledger(), pools_[pool]->options().row));
}

}  // namespace finishline::worker
