#include "lb/worker/dispatcher.h"

#include <algorithm>
#include <memory>
#include <tuple>
#include <utility>

#include "proto/mini.h"

namespace finishline::worker {

using ledger::ServerCell;
using ledger::WorkerCell;
using proto::Status;

namespace {

constexpr std::uint32_t kMiniMaxLength = 9;

bool fits_mini(const Request& request) { return request.body.empty() && request.length <= kMiniMaxLength; }

Instant deadline_of(const Request& request, Nanos timeout, Instant now) {
  const Nanos span = request.deadline_ms > 0 ? std::chrono::milliseconds(request.deadline_ms) : timeout;
  return span > 0ns ? now + span : Instant::max();
}

/// What a second server is told of the deadline: 0 is none, so less than a millisecond is one.
std::uint32_t whole_ms_left(Instant deadline, Instant now) {
  if (deadline == Instant::max()) return 0;
  const auto left = std::chrono::ceil<std::chrono::milliseconds>(deadline - now).count();
  return static_cast<std::uint32_t>(std::clamp<std::int64_t>(left, 1, 0xffffffff));
}

}  // namespace

/// What server, queue and link do not add to it.
void Dispatcher::fill(Pending& pending, Attempt& attempt) {
  pending.client = attempt.client;
  pending.received_at = attempt.received_at;
  pending.deadline = attempt.deadline;
  pending.client_key = attempt.request.client_key;
  pending.length = attempt.request.length;
  pending.type = attempt.request.type;
  pending.code = attempt.request.code;
  pending.flags = attempt.request.flags;
  pending.refusals = std::move(attempt.refusals);
}

/// The body of a attempt that goes on is kept already; a request's own borrows from the reader's buffer.
void Dispatcher::keep_body(Pending& pending, Attempt& attempt) {
  if (attempt.request.body.empty()) return;
  answers_.kept(pending.client, attempt.request.body.size());
  if (attempt.kept_body.empty()) {
    pending_.keep_body(pending, attempt.request.body);
  } else {
    pending_.keep_body(pending, std::move(attempt.kept_body));
  }
}

Dispatcher::Dispatcher(ledger::WorkerBooks& books, ledger::WorkerMetrics& metrics, AnswerSink& answers,
                       ledger::RecordWriter* recorder)
    : books_(books), metrics_(metrics), answers_(answers, metrics), recorder_(recorder) {}

std::size_t Dispatcher::add_pool(Pool pool) {
  links_.add_pool(pool.members().size());
  waiting_.emplace_back();
  pools_.push_back(std::make_unique<Pool>(std::move(pool)));
  return pools_.size() - 1;
}

LinkId Dispatcher::add_link(std::size_t pool, std::size_t member, LinkPort& port) {
  const LinkId link = add_spare_link(pool, pools_[pool]->members()[member].id, port);
  assign_link(link, member);
  return link;
}

// --- changes ---------------------------------------------------------------------------------------

void Dispatcher::replace_pool(std::size_t position, Pool pool) {
  links_.replace_pool(position, pool.members().size());
  pool.learn_from(*pools_[position]);
  pools_[position] = std::make_unique<Pool>(std::move(pool));
}

void Dispatcher::remove_link(LinkId link, Instant now) {
  if (links_[link].up) metrics_.add(links_[link].server, ServerCell::links_up, -1);
  lose_all(link, now);
  links_.remove(link);
}

// --- the way to a server ---------------------------------------------------------------------------

void Dispatcher::dispatch(std::size_t pool, const Request& request, const ReplyAddress& client, Instant now) {
  answers_.expect(request);
  send(pool, {request, client, now, deadline_of(request, pools_[pool]->options().timeout, now), 0, {}, {}},
       now);
}

void Dispatcher::send(std::size_t pool, Attempt&& attempt, Instant now) {
  const Request& request = attempt.request;
  const bool mini = fits_mini(request);
  const WaitingRoom& room = waiting_[pool];
  const bool others_wait =
      room.size() > 0 && attempt.first_try() && !room.empty(WaitingRoom::lane_of(request.type, mini));
  if (others_wait) [[unlikely]]
    return turn_away(pool, attempt, now);
  const auto placed = pools_[pool]->place({request.type, request.length, request.client_key}, mini, now,
                                          refusers_in(attempt.refusals));
  if (!placed) [[unlikely]]
    return turn_away(pool, attempt, now);
  launch(pool, attempt, *placed, now);
}

void Dispatcher::launch(std::size_t pool, Attempt& attempt, const Placement& placed, Instant now) {
  const Request& request = attempt.request;
  const LinkId chosen = links_.least_loaded(pool, placed.member);
  Link& link = links_[chosen];
  Pending& pending = pending_.add(link.queue);
  fill(pending, attempt);
  pending.reservation = placed.reservation;
  pending.sent_at = now;
  pending.link = chosen;
  pending.pool = static_cast<std::uint16_t>(pool);
  pending.attempts = static_cast<std::uint8_t>(attempt.attempts + 1);
  if (pending.attempts > 1) {
    retries_.sent_again();
    metrics_.add(WorkerCell::retries);
  }
  if (pending.deadline != Instant::max()) pending_.watch_deadline(pending);

  metrics_.add(placed.reservation.server, ServerCell::sent);
  link.port->send(pending.token(), request);
  keep_body(pending, attempt);  // also of what may not be done twice: a server may refuse it
}

// --- waiting for a server ----------------------------------------------------------------------------

void Dispatcher::turn_away(std::size_t pool, Attempt& attempt, Instant now) {
  const Request& request = attempt.request;
  const bool mini = fits_mini(request);
  const Refusal why = pools_[pool]->why_not({request.type, request.length, request.client_key}, mini, now,
                                            refusers_in(attempt.refusals));
  const bool lost_before = attempt.attempts > 0;
  if (why.status != Status::overloaded) return give_up(attempt, why.status);
  if (lost_before) return wait(pool, WaitingRoom::kRetries, attempt);
  const Pool::Options& options = pools_[pool]->options();
  if (options.wait_when_full && waiting_[pool].size() < options.max_waiting)
    return wait(pool, WaitingRoom::lane_of(request.type, mini), attempt);
  answers_.give_unsent(attempt, Status::overloaded, why.wait);
}

/// There is no server for it, or none that has not refused it. What was lost once may have been done.
void Dispatcher::give_up(const Attempt& attempt, Status why_not) {
  if (attempt.attempts > 0) return answers_.give_unsent(attempt, Status::server_lost);
  if (!attempt.refusals) return answers_.give_unsent(attempt, why_not);
  answers_.give_unsent(attempt, sched::told_to_client(attempt.refusals->status), attempt.refusals->wait);
}

void Dispatcher::wait(std::size_t pool, WaitingRoom::Lane lane, Attempt& attempt) {
  Pending& pending = waiting_[pool].add(pending_, lane);
  fill(pending, attempt);
  pending.link = kNoLink;  // a reply to it can only be invented
  pending.pool = static_cast<std::uint16_t>(pool);
  pending.attempts = attempt.attempts;
  if (pending.deadline != Instant::max()) pending_.watch_deadline(pending);
  keep_body(pending, attempt);
  ++waiting_in_all_;
  metrics_.add(WorkerCell::requests_waiting);
}

void Dispatcher::serve_waiting(std::size_t pool, Instant now) {
  if (waiting_[pool].size() == 0) return;
  waiting_[pool].move_up(pending_, [this, now](Pending& head) { return move_up(head, now); });
}

/// The first of its lane goes to a server, or is answered because there is none any more. False: it stays.
bool Dispatcher::move_up(Pending& head, Instant now) {
  const std::size_t pool = head.pool;
  if (head.lane == WaitingRoom::kRetries && !retry_budget_left(head)) return false;
  const sched::Job job{head.type, head.length, head.client_key};
  const bool mini = head.kept_body.empty() && head.length <= kMiniMaxLength;
  const Pool::Refusers refusers = refusers_in(head.refusals);
  const auto placed = pools_[pool]->place(job, mini, now, refusers);
  const Refusal why = placed ? Refusal{} : pools_[pool]->why_not(job, mini, now, refusers);
  if (!placed && why.status == Status::overloaded) return false;
  Attempt attempt = attempt_of(head, now);
  remove(head);
  if (placed) {
    launch(pool, attempt, *placed, now);
  } else {
    give_up(attempt, why.status);
  }
  return true;
}

net::Buffer Dispatcher::take_body(Pending& pending) {
  if (!pending.kept_body.empty()) answers_.kept_no_more(pending.client, pending.kept_body.size());
  return pending_.take_body(pending);
}

/// What is needed to send it again; takes the body out of it.
Attempt Dispatcher::attempt_of(Pending& pending, Instant now) {
  Attempt attempt{.request = {.type = pending.type,
                              .code = pending.code,
                              .flags = pending.flags,
                              .length = pending.length,
                              .deadline_ms = whole_ms_left(pending.deadline, now),
                              .client_key = pending.client_key},
                  .client = pending.client,
                  .received_at = pending.received_at,
                  .deadline = pending.deadline,
                  .attempts = pending.attempts,
                  .kept_body = take_body(pending),
                  .refusals = std::move(pending.refusals)};
  attempt.request.body = attempt.kept_body.bytes();
  return attempt;
}

}  // namespace finishline::worker
