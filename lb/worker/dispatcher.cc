#include "lb/worker/dispatcher.h"

#include <algorithm>
#include <memory>
#include <tuple>
#include <utility>

#include "proto/mini.h"

namespace finishline::worker {

using ledger::ServerCell;
using ledger::Why;
using ledger::WorkerCell;
using proto::Status;

namespace {

/// Of a dispatcher that is alone.
struct NobodyToCall final : WorkerCaller {
  void call(ledger::WorkerId /*worker*/) override {}
} kNobodyToCall;

Instant deadline_of(const Request& request, Nanos timeout, Instant now) {
  const Nanos span = request.deadline_ms > 0 ? std::chrono::milliseconds(request.deadline_ms) : timeout;
  return span > 0ns ? now + span : Instant::max();
}

Why why_of(sched::Reason reason) {
  return static_cast<Why>(static_cast<int>(Why::urgent) + static_cast<int>(reason));
}
static_assert(static_cast<int>(Why::steal) - static_cast<int>(Why::urgent) ==
              static_cast<int>(sched::Reason::steal));

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
  pending.promised = attempt.promised;
  pending.client_key = attempt.request.client_key;
  pending.length = attempt.request.length;
  pending.type = attempt.request.type;
  pending.code = attempt.request.code;
  pending.flags = attempt.request.flags;
  pending.refusals = std::move(attempt.refusals);
}

/// The body of an attempt that goes on is kept already; a request's own borrows from the reader's buffer.
void Dispatcher::keep_body(Pending& pending, Attempt& attempt) {
  const Request& request = attempt.request;
  const std::size_t bytes = request.headers.size() + request.body.size();
  if (bytes == 0) return;
  answers_.kept(pending.client, bytes);
  if (attempt.kept_body.empty()) {
    pending_.keep_body(pending, request.headers, request.body);
  } else {
    pending_.keep_body(pending, std::move(attempt.kept_body), request.headers.size());
  }
}

Dispatcher::Dispatcher(ledger::WorkerBooks& books, ledger::WorkerMetrics& metrics, AnswerSink& answers,
                       ledger::RecordWriter* recorder, WorkerCaller* caller)
    : books_(books),
      metrics_(metrics),
      answers_(answers, metrics),
      recorder_(recorder),
      caller_(caller != nullptr ? *caller : kNobodyToCall) {}

std::size_t Dispatcher::add_pool(RequestPool pool) {
  links_.add_pool(pool.members().size());
  waiting_.emplace_back();
  bare_since_.emplace_back();
  any_seat_ |= pool.options().has_seat;
  pools_.push_back(std::make_unique<RequestPool>(std::move(pool)));
  late_.push_back(late_binding_of(*pools_.back()));
  arrivals_.push_back(arrivals_of(pools_.size() - 1));
  return pools_.size() - 1;
}

LinkId Dispatcher::add_link(std::size_t pool, std::size_t member, LinkPort& port) {
  const LinkId link = add_spare_link(pool, pools_[pool]->members()[member].id, port);
  assign_link(link, member);
  return link;
}

// --- changes ---------------------------------------------------------------------------------------

void Dispatcher::replace_pool(std::size_t position, RequestPool pool) {
  links_.replace_pool(position, pool.members().size());
  pool.learn_from(*pools_[position]);
  any_seat_ |= pool.options().has_seat;
  late_[position].reset();
  pools_[position] = std::make_unique<RequestPool>(std::move(pool));
  late_[position] = late_binding_of(*pools_[position]);
  arrivals_[position] = arrivals_of(position);
  wait_anew(position);
}

std::unique_ptr<LateBinding> Dispatcher::late_binding_of(RequestPool& pool) {
  if (!pool.may_make_wait() || pool.options().streams) return nullptr;
  return std::make_unique<LateBinding>(
      pool, ledger::Demand(books_.ledger(), pool.options().row, books_.self()),
      SeatView(books_.ledger(), pool), caller_, books_.self(), pool.options().row);
}

/// Where nothing is bound late, what comes is counted all the same: pools are scaled by it.
std::optional<ledger::Demand> Dispatcher::arrivals_of(std::size_t position) const {
  const RequestPool::Options& options = pools_[position]->options();
  if (late_[position] != nullptr || options.streams) return std::nullopt;
  return ledger::Demand(books_.ledger(), options.row, books_.self());
}

/// What waited in the pool before this one waits here, if requests of this one do.
void Dispatcher::wait_anew(std::size_t position) {
  pending_.each([this, position](Pending& pending) {
    if (pending.pool != position || pending.wait != Waiting::matched) return;
    if (late_[position] != nullptr) return late_[position]->wait(pending, answers_.weight_of(pending.client));
    waiting_[position].move(pending_, pending, Waiting::again);
  });
}

void Dispatcher::remove_link(LinkId link, Instant now) {
  if (links_[link].up) metrics_.add(links_[link].server, ServerCell::links_up, -1);
  lose_all(link, now);
  links_.remove(link);
}

// --- the way to a server ---------------------------------------------------------------------------

/// Of work that has come, whether it is bound late or early.
void Dispatcher::note_arrival(std::size_t pool, const sched::Job& job) {
  if (late_[pool] != nullptr) return late_[pool]->arrived(job);
  if (arrivals_[pool]) arrivals_[pool]->arrived(pools_[pool]->lane_of(job), job.length);
}

void Dispatcher::dispatch(std::size_t pool, const Request& request, const ReplyAddress& client, Instant now) {
  answers_.expect(request);
  note_arrival(pool, job_of(request));
  Attempt attempt{.request = request,
                  .client = client,
                  .received_at = now,
                  .deadline = deadline_of(request, pools_[pool]->options().timeout, now)};
  if (admit(pool, attempt, now)) send(pool, std::move(attempt), now);
}

void Dispatcher::send(std::size_t pool, Attempt&& attempt, Instant now) {
  const sched::Job job = job_of(attempt.request);
  const LateBinding* const late = pools_[pool]->makes_wait() ? late_[pool].get() : nullptr;
  const bool has_to_wait =
      late != nullptr && attempt.first_try() && (late->waits(job) || late->has_seat(now));
  if (has_to_wait && may_wait(pool, now)) return wait_for_room(pool, attempt, now);
  const auto placed = place(pool, job, attempt.refusals.get(), now);
  if (!placed) [[unlikely]]
    return wait_or_refuse(pool, attempt, now);
  const Why chosen = late != nullptr ? Why::at_once : Why::policy;
  launch(pool, attempt, *placed, attempt.first_try() ? chosen : Why::again, now);
}

/// One that was lost goes to a server that has not lost it; to one that has, only where no other does such
/// work, for one that answers at once that it cannot would draw all that come.
std::optional<Placement> Dispatcher::place(std::size_t pool, const sched::Job& job, const Refusals* refusals,
                                           Instant now) {
  RequestPool& it = *pools_[pool];
  if (refusals == nullptr) [[likely]]
    return it.place(job, now);
  if (refusals->lost_by.empty()) return it.place(job, now, refusals->servers);
  std::vector<ledger::ServerId> tried = refusals->servers;
  tried.insert(tried.end(), refusals->lost_by.begin(), refusals->lost_by.end());
  if (const auto elsewhere = it.place(job, now, tried)) return elsewhere;
  const bool others_are_busy = it.why_not(job, now, tried).status == Status::overloaded;
  return others_are_busy ? std::nullopt : it.place(job, now, refusals->servers);
}

void Dispatcher::launch(std::size_t pool, Attempt& attempt, const Placement& placed, Why why, Instant now) {
  if (pools_[pool]->explaining()) [[unlikely]]
    explain(pool, attempt, placed, why, now);
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
  if (!pending.kept_body.empty()) links_.carry(chosen, static_cast<std::ptrdiff_t>(pending.kept_body.size()));
}

// --- waiting for a server ----------------------------------------------------------------------------

/// No server takes it now.
void Dispatcher::wait_or_refuse(std::size_t pool, Attempt& attempt, Instant now) {
  const Refusal why = pools_[pool]->why_not(job_of(attempt.request), now, refusers_in(attempt.refusals));
  if (why.status == Status::no_server && may_come_back(pool, attempt, now))
    return wait(pool, Waiting::back, attempt, now);
  if (why.status != Status::overloaded) return give_up(pool, attempt, why.status, now);
  if (attempt.attempts > 0) return wait(pool, Waiting::again, attempt, now);
  if (!may_wait(pool, now)) return turn_away(pool, attempt, why.wait, now);
  if (!attempt.first_try()) return wait(pool, Waiting::again, attempt, now);
  wait_for_room(pool, attempt, now);
}

/// The first of its kind looks for room once it can be seen to wait: see ledger/demand.h.
void Dispatcher::wait_for_room(std::size_t pool, Attempt& attempt, Instant now) {
  const bool first = !late_[pool]->waits_here(job_of(attempt.request));
  wait(pool, Waiting::matched, attempt, now);
  if (first) serve_waiting(pool, now);
}

/// There is no server for it, or none that has not refused it. What was lost once may have been done.
void Dispatcher::give_up(std::size_t pool, const Attempt& attempt, Status why_not, Instant now) {
  if (attempt.attempts > 0) return answer_unsent(pool, attempt, Status::server_lost, now);
  if (!attempt.refusals) return answer_unsent(pool, attempt, why_not, now);
  const Refusals& refusals = *attempt.refusals;
  answer_unsent(pool, attempt, sched::told_to_client(refusals.status), now, refusals.wait);
}

void Dispatcher::answer_unsent(std::size_t pool, const Attempt& attempt, Status status, Instant now,
                               Nanos wait, std::span<const std::byte> body) {
  if (status == Status::deadline_exceeded)  // refusals are fast, and nobody is served by that
    metrics_.latencies().timed_out(pools_[pool]->options().row, attempt.request.type,
                                   now - attempt.received_at);
  if (access_ != nullptr) [[unlikely]]
    tell_unsent(pool, attempt, status, now);
  answers_.give_unsent(attempt, status, wait, body);
}

void Dispatcher::wait(std::size_t pool, Waiting how, Attempt& attempt, Instant now) {
  Pending& pending = waiting_[pool].add(pending_, how);
  fill(pending, attempt);
  pending.sent_at = now;
  pending.link = kNoLink;  // a reply to it can only be invented
  pending.pool = static_cast<std::uint16_t>(pool);
  pending.attempts = attempt.attempts;
  if (pending.deadline != Instant::max()) pending_.watch_deadline(pending);
  keep_body(pending, attempt);
  ++waiting_in_all_;
  metrics_.add(WorkerCell::requests_waiting);
  if (how == Waiting::matched) late_[pool]->wait(pending, answers_.weight_of(pending.client));
}

/// Whatever has changed: all that can go on does.
void Dispatcher::serve_waiting(std::size_t pool, Instant now) {
  LateBinding* const late = late_[pool].get();
  if (late != nullptr && (late->size() > 0 || late->leads(now))) {
    expire_late(*late, now);
    for (const std::size_t member : late->with_room(now)) serve(pool, member, now);
    while (const auto slot = late->hopeless(now))
      if (!go_on(pending_.at(*slot), now)) break;
  }
  serve_again(pool, now);
}

/// Nobody works on what cannot be done in time.
void Dispatcher::expire_late(const LateBinding& late, Instant now) {
  while (const auto slot = late.too_late(now)) expire(pending_.at(*slot), now);
}

/// This member may have room.
void Dispatcher::serve(std::size_t pool, std::size_t member, Instant now) {
  LateBinding& late = *late_[pool];
  expire_late(late, now);
  while (const auto pulled = late.pull(member, now)) launch(pool, *pulled, now);
}

void Dispatcher::launch(std::size_t pool, const LateBinding::Pulled& pulled, Instant now) {
  Pending& pending = pending_.at(pulled.slot);
  Attempt attempt = attempt_of(pending, now);
  remove(pending);
  metrics_.add(WorkerCell::pulls);
  launch(pool, attempt, pulled.placement, why_of(pulled.reason), now);
}

/// Those that were lost or refused, in the order in which they came.
void Dispatcher::serve_again(std::size_t pool, Instant now) {
  if (!waiting_[pool].empty(Waiting::back)) [[unlikely]]
    look_for_servers(pool, now);
  while (Pending* const first = waiting_[pool].first(pending_, Waiting::again))
    if (!retry_budget_left(*first) || !go_on(*first, now)) return;
}

/// For those that had none: who has one again goes on as all that are sent again, who has waited long enough
/// is answered.
void Dispatcher::look_for_servers(std::size_t pool, Instant now) {
  std::vector<Token> waiting;  // an answer may bring anything about
  for (const Pending* it = waiting_[pool].first(pending_, Waiting::back); it != nullptr;
       it = pending_.newer(*it))
    waiting.push_back(it->token());
  for (const Token token : waiting) {
    Pending* const it = pending_.find(token);
    if (it == nullptr || it->wait != Waiting::back) continue;
    const Refusal why = pools_[pool]->why_not(job_of(*it), now, refusers_in(it->refusals));
    if (why.status == Status::overloaded) {
      waiting_[pool].move(pending_, *it, Waiting::again);
    } else if (why.status != Status::no_server || !may_come_back(*it, now)) {
      go_on(*it, now);
    }
  }
}

/// A server for one that has none: after it was lost, and as long as the pool has not been without for long.
bool Dispatcher::may_come_back(std::size_t pool, const Attempt& attempt, Instant now) {
  const RequestPool& it = *pools_[pool];
  if (attempt.attempts > 0) return it.options().retry_wait > 0ns;
  if (!attempt.first_try() || !it.ever_does(job_of(attempt.request))) return false;
  if (!bare_since_[pool]) bare_since_[pool] = now;
  return now - *bare_since_[pool] < it.options().retry_wait;
}

bool Dispatcher::may_come_back(const Pending& waiter, Instant now) const {
  const Instant since = waiter.attempts > 0 ? waiter.sent_at : bare_since_[waiter.pool].value_or(now);
  return now - since < pools_[waiter.pool]->options().retry_wait;
}

/// One that waits goes to a server, or is answered because there is none any more. False: it stays.
bool Dispatcher::go_on(Pending& waiter, Instant now) {
  const std::size_t pool = waiter.pool;
  const sched::Job job = job_of(waiter);
  const auto placed = place(pool, job, waiter.refusals.get(), now);
  const Refusal why = placed ? Refusal{} : pools_[pool]->why_not(job, now, refusers_in(waiter.refusals));
  if (!placed && why.status == Status::overloaded) return false;
  const Waiting waited = waiter.wait;
  if (!placed && waited != Waiting::matched && why.status == Status::no_server &&
      may_come_back(waiter, now)) {
    waiting_[pool].move(pending_, waiter, Waiting::back);
    return true;
  }
  Attempt attempt = attempt_of(waiter, now);
  remove(waiter);
  if (placed) {
    launch(pool, attempt, *placed, Why::again, now);
  } else if (waited == Waiting::matched) {
    wait_or_refuse(pool, attempt, now);
  } else {
    give_up(pool, attempt, why.status, now);
  }
  return true;
}

net::Buffer Dispatcher::take_body(Pending& pending) {
  const std::size_t bytes = pending.kept_body.size();
  if (bytes > 0) answers_.kept_no_more(pending.client, bytes);
  if (bytes > 0 && !pending.waiting()) links_.carry(pending.link, -static_cast<std::ptrdiff_t>(bytes));
  return pending_.take_body(pending);
}

/// What is needed to send it again; takes the body out of it.
Attempt Dispatcher::attempt_of(Pending& pending, Instant now) {
  const std::size_t headers = pending.kept_headers;
  Attempt attempt{.request = {.type = pending.type,
                              .code = pending.code,
                              .flags = pending.flags,
                              .length = pending.length,
                              .deadline_ms = whole_ms_left(pending.deadline, now),
                              .client_key = pending.client_key},
                  .client = pending.client,
                  .received_at = pending.received_at,
                  .deadline = pending.deadline,
                  .promised = pending.promised,
                  .attempts = pending.attempts,
                  .kept_body = take_body(pending),
                  .refusals = std::move(pending.refusals)};
  const std::span<const std::byte> kept = attempt.kept_body.bytes();
  if (kept.empty()) return attempt;
  attempt.request.headers = {reinterpret_cast<const char*>(kept.data()), headers};
  attempt.request.body = kept.subspan(headers);
  return attempt;
}

}  // namespace finishline::worker
