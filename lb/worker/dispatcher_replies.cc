// The way back: replies, and what becomes of requests without one.
#include "lb/worker/dispatcher.h"

#include <algorithm>
#include <memory>
#include <utility>

#include "lb/ledger/promises.h"

namespace finishline::worker {

using ledger::ServerCell;
using ledger::WorkerCell;
using proto::Status;

// --- the way back ----------------------------------------------------------------------------------

bool Dispatcher::on_reply(LinkId link, Token token, const ServerReply& reply, Instant now) {
  Pending* pending = pending_.find(token);
  if (pending == nullptr || pending->link != link) [[unlikely]] {
    if (pending != nullptr || !may_be_ours(token)) links_[link].pace.misdelivered();
    return false;
  }

  const sched::Asked asked{
      .has_body = pending->has_body(), .in_time = pending->deadline > now, .done = reply.done};
  links_[link].pace.replied(pending->older == kNoSlot, pending->sent_at, pending->reservation.due, now);
  settle(*pending, reply, now);
  note_experience(*pending, reply.status, reply.service, asked, now);
  if (!links_[link].spare()) pools_[pending->pool]->note_backlog(links_[link].member, reply.backlog, now);
  const std::size_t pool = pending->pool;
  pools_[pool]->room_changed();
  if (pending->abandoned()) {
    if (!pending->released) count_outcome(*pending, pending->abandoned_as);
    remove(*pending);
  } else {
    take_reply(*pending, reply, sched::outcome_of(reply.status, asked), now);
  }
  on_room(link, now);
  return true;
}

namespace {

/// A reply that is so late, and as late as its work takes, may be lost.
constexpr Nanos kLate = 10ms;

Served service_of(const Pending& pending, Nanos worked, Instant now) {
  const ledger::Reservation& booked = pending.reservation;
  return {.booked = booked.service,
          .worked = worked,
          .took = now - pending.sent_at,
          .expected = booked.due - pending.sent_at,
          .was_idle = booked.due - booked.service <= pending.sent_at};
}

}  // namespace

/// A server has got rid of something.
void Dispatcher::on_room(LinkId link, Instant now) {
  const Link& it = links_[link];
  if (!it.spare() && late_[it.pool] != nullptr && late_[it.pool]->wanted()) serve(it.pool, it.member, now);
  if (waiting_[it.pool].size() > 0) serve_again(it.pool, now);
}

void Dispatcher::look_at_waiting(Instant now) {
  if (any_seat_) [[unlikely]]
    serve_called(now);
  for (std::size_t pool = 0; pool < pools_.size(); ++pool)
    if (waiting_[pool].size() > 0 || leads(pool, now)) serve_waiting(pool, now);
}

bool Dispatcher::leads(std::size_t pool, Instant now) const {
  return any_seat_ && late_[pool] != nullptr && late_[pool]->leads(now);
}

/// What the proxy in the seat of a pool has called for.
void Dispatcher::serve_called(Instant now) {
  while (const auto grant = ledger::take_grant(books_.ledger(), books_.self(), now)) {
    for (std::size_t pool = 0; pool < pools_.size(); ++pool) {
      if (late_[pool] == nullptr || late_[pool]->size() == 0) continue;
      expire_late(*late_[pool], now);
      if (const auto pulled = late_[pool]->pull(*grant, now)) launch(pool, *pulled, now);
    }
  }
}

Instant Dispatcher::next_look() const {
  Instant next = Instant::max();
  if (waiting_in_all_ == 0 && !any_seat_) return next;
  for (const auto& late : late_)
    if (late != nullptr) next = std::min(next, late->next_look());
  return next;
}

void Dispatcher::settle(const Pending& pending, const ServerReply& reply, Instant now) {
  const ledger::Reservation& booked = pending.reservation;
  const Nanos worked = reply.service > 0ns || reply.status != Status::ok ? reply.service : booked.service;
  if (!pending.released)
    books_.settle(booked, worked, pools_[pending.pool]->believed(reply.backlog), now, reply.backlog);
  metrics_.add(booked.server, ServerCell::service_us, to_wire_us(reply.service));
  if (pools_[pending.pool]->recording()) [[unlikely]]
    record(pending, reply, worked, now);
}

void Dispatcher::take_reply(Pending& pending, const ServerReply& reply, sched::ReplyOutcome outcome,
                            Instant now) {
  if (outcome == sched::ReplyOutcome::refused) [[unlikely]]
    return redirect(pending, reply, now);
  if (outcome == sched::ReplyOutcome::undone) [[unlikely]]
    return lose(pending, reply.status, now);
  count_outcome(pending, reply.status);
  note_latencies(pending, reply.service, now);
  if (access_ != nullptr) [[unlikely]]
    tell(pending, reply.status, reply.service, now);
  if (pending.promised != Instant::max() && reply.status == Status::ok) [[unlikely]]
    ledger::count_promise(books_.ledger(), pools_[pending.pool]->options().row, now - pending.promised);
  answers_.give(pending, reply, pending.reservation.server);
  remove(pending);
}

void Dispatcher::note_latencies(const Pending& pending, Nanos service, Instant now) {
  metrics_.latencies().answered(pools_[pending.pool]->options().row, pending.type,
                                {.request = now - pending.received_at,
                                 .waiting = pending.sent_at - pending.received_at,
                                 .first_answer = now - pending.sent_at,
                                 .service = service});
}

void Dispatcher::note_experience(const Pending& pending, Status status, Nanos worked,
                                 const sched::Asked& asked, Instant now) {
  const sched::Verdict verdict = sched::verdict_on(status, asked);
  if (verdict != sched::Verdict::served) [[unlikely]]
    return note_fault(pending, status, asked, now);
  const ledger::ServerId server = pending.reservation.server;
  metrics_.add(server, ServerCell::good_replies);
  metrics_.latencies().responded(server, now - pending.sent_at);
  const std::uint32_t member = links_[pending.link].member;
  if (member == Link::kSpare) return;  // the pool does not have this server any more
  RequestPool& pool = *pools_[pending.pool];
  pool.served(member, now - pending.sent_at, now);
  const Served served = service_of(pending, worked, now);
  pool.note_service(member, served);
  if (status == Status::ok) pool.note_cost(member, pending.type, pending.length, served);
}

void Dispatcher::note_fault(const Pending& pending, Status status, const sched::Asked& asked, Instant now) {
  if (status == Status::cancelled && pending.abandoned()) return;  // it did as it was told
  if (sched::verdict_on(status, asked) != sched::Verdict::failed) return;
  metrics_.add(pending.reservation.server, ServerCell::faults);
  const std::uint32_t member = links_[pending.link].member;
  if (member == Link::kSpare) return;
  RequestPool& pool = *pools_[pending.pool];
  const ledger::Reservation& booked = pending.reservation;
  pool.failed(member, std::min(booked.due - now, booked.service), now);
  if (sched::outcome_of(status, asked) == sched::ReplyOutcome::refused)
    pool.refused(member, sched::is_leaving(status), now);
}

void Dispatcher::redirect(Pending& pending, const ServerReply& refusal, Instant now) {
  count_outcome(pending, refusal.status);
  metrics_.add(WorkerCell::refusals);
  const ledger::ServerId server = pending.reservation.server;
  const std::size_t pool = pending.pool;
  Attempt attempt = attempt_of(pending, now);
  remove(pending);
  --attempt.attempts;  // it was none
  Refusals& refusals = attempt.has_failed();
  refusals.servers.push_back(server);
  refusals.status = refusal.status;
  refusals.wait = refusal.service;
  if (!answers_.awaited(attempt.client)) return answer_unsent(pool, attempt, Status::cancelled, now);
  send(pool, std::move(attempt), now);
}

void Dispatcher::record(const Pending& pending, const ServerReply& reply, Nanos worked, Instant now) {
  if (recorder_ == nullptr) return;
  metrics_.sources().request([&] { return answers_.host_of(pending.client); }, now);
  recorder_->write({.received_at = pending.received_at,
                    .service = worked,
                    .response = now - pending.received_at,
                    .length = pending.length,
                    .server = pending.reservation.server,
                    .pool = pools_[pending.pool]->options().row,
                    .type = pending.type,
                    .status = reply.status});
}

void Dispatcher::count_outcome(const Pending& pending, Status status) {
  const ledger::ServerId server = pending.reservation.server;
  if (status == Status::ok) return metrics_.served(server, pending.type);
  metrics_.failed(server, status);
}

void Dispatcher::remove(Pending& pending) {
  if (!pending.kept_body.empty()) answers_.kept_no_more(pending.client, pending.kept_body.size());
  if (pending.waiting()) {
    --waiting_in_all_;
    metrics_.add(WorkerCell::requests_waiting, -1);
    if (pending.wait == Waiting::matched) late_[pending.pool]->remove(pending);
    return waiting_[pending.pool].remove(pending_, pending);
  }
  if (pending.attempts > 1) retries_.ended();
  const LinkId link = pending.link;
  const auto body = static_cast<std::ptrdiff_t>(pending.kept_body.size());
  pending_.remove(pending, links_[link].queue);
  if (body > 0) links_.carry(link, -body);
}

const Pending* Dispatcher::oldest(LinkId link) { return pending_.oldest(links_[link].queue); }

// --- links come and go -----------------------------------------------------------------------------

void Dispatcher::on_link_up(LinkId link, Instant now) {
  links_.set_up(link);
  const Link& it = links_[link];
  metrics_.add(it.server, ServerCell::links_up);
  if (it.spare()) return;
  pools_[it.pool]->recovered(it.member);
  bare_since_[it.pool].reset();
  serve_waiting(it.pool, now);
}

void Dispatcher::on_server_leaving(LinkId link, Instant now) {
  const Link& it = links_[link];
  if (!it.spare()) pools_[it.pool]->refused(it.member, true, now);
}

void Dispatcher::on_link_down(LinkId link, Instant now, std::span<const Token> unsent) {
  const Link& it = links_[link];
  metrics_.add(it.server, ServerCell::link_failures);
  if (it.up) {
    metrics_.add(it.server, ServerCell::links_up, -1);
    if (!it.spare()) bare_since_[it.pool].reset();  // else its pool may not even be there yet
  }
  links_.set_down(link);
  for (const Token token : unsent) give_back(link, token, now);
  if (it.queue.size > 0 && !it.spare()) pools_[it.pool]->failed(it.member, 0ns, now);
  lose_all(link, now);
}

void Dispatcher::on_link_drained(LinkId link, Instant now) {
  links_.set_backed_up(link, false);
  if (!links_[link].spare()) serve_waiting(links_[link].pool, now);
}

void Dispatcher::lose_all(LinkId link, Instant now) {
  while (Pending* pending = pending_.oldest(links_[link].queue)) {
    if (!pending->released) books_.release(pending->reservation, now);
    pools_[pending->pool]->room_changed();
    lose(*pending, Status::server_lost, now);
  }
}

void Dispatcher::lose(Pending& pending, Status why, Instant now) {
  const bool answered = pending.abandoned();
  if (!pending.released) count_outcome(pending, answered ? pending.abandoned_as : why);
  const bool again = may_retry(pending, now);
  const bool at_once = retry_budget_left(pending);
  const std::size_t pool = pending.pool;
  const ledger::ServerId server = pending.reservation.server;
  const Instant sent_at = pending.sent_at;
  Attempt attempt = attempt_of(pending, now);
  remove(pending);
  if (answered) return;
  if (!answers_.awaited(attempt.client)) return answer_unsent(pool, attempt, Status::cancelled, now);
  attempt.has_failed().lost_by.push_back(server);
  attempt.has_failed().lost_since = sent_at;
  if (!again) return answer_unsent(pool, attempt, why, now);
  if (!at_once) return wait(pool, Waiting::again, attempt, now);
  send(pool, std::move(attempt), now);
}

bool Dispatcher::may_retry(const Pending& pending, Instant now) const {
  return pending.retryable() && pending.deadline > now &&
         pending.attempts < pools_[pending.pool]->options().max_attempts;
}

/// Whether one more request, this one, may be sent again.
bool Dispatcher::retry_budget_left(const Pending& pending) const {
  return retries_.allows(pending_.in_use(), pending.attempts > 1 && !pending.waiting());
}

// --- time ------------------------------------------------------------------------------------------

void Dispatcher::tick(Instant now) {
  while (Pending* pending = pending_.expired(now)) expire(*pending, now);
  if (departed_ || !cancelled_.empty()) withdraw_unwanted(now);
  for (std::size_t pool = 0; waiting_in_all_ > 0 && pool < pools_.size(); ++pool) serve_waiting(pool, now);
  for (Link& link : links_.all()) look_after(link, now);
  for (LinkId link = 0; link < links_.all().size(); ++link) rebalance(link, now);
}

/// A request that is late makes its server look busy, for a time: else a lost reply would keep all work from
/// a server that could show that it is lost. One that is lost makes its link useless.
void Dispatcher::look_after(Link& it, Instant now) {
  const Pending* oldest = pending_.oldest(it.queue);
  if (oldest == nullptr || oldest->reservation.due >= now) return;
  const ledger::Reservation& booked = oldest->reservation;
  if (it.pace.is_lost(oldest->sent_at, booked.due, now)) return it.port->give_up("a reply is long overdue");
  if (it.pace.keeps_silent(oldest->sent_at, booked.due, pending_.at(it.queue.newest).sent_at, now))
    note_silence(it, now);
  if (!oldest->released && !it.pace.is_long_overdue(oldest->sent_at, booked.due, now))
    books_.overdue(booked.server, booked.due, now);
  if (now - booked.due < std::max(kLate, booked.service) || it.spare()) return;
  if (late_[it.pool] == nullptr || !late_[it.pool]->wanted()) return;
  if (pools_[it.pool]->opens_for_probe(it.member, now)) probe(it, now);
}

/// One that waits shows whether it answers at all. It may be lost there: one that may not be done twice is
/// taken where none waits that may.
void Dispatcher::probe(const Link& silent, Instant now) {
  RequestPool& pool = *pools_[silent.pool];
  bool safe = true;
  const auto pulled = late_[silent.pool]->pull_if(silent.member, now, [&](std::uint32_t slot) {
    safe = pending_.at(slot).retryable();
    return safe || (pool.may_risk(silent.member) && !any_retryable_waits(silent.pool));
  });
  pool.probed(silent.member, pulled.has_value(), safe, now);
  if (pulled) launch(silent.pool, *pulled, now);
}

bool Dispatcher::any_retryable_waits(std::size_t pool) {
  bool any = false;
  pending_.each([&](const Pending& it) { any |= it.pool == pool && it.waiting() && it.retryable(); });
  return any;
}

void Dispatcher::expire(Pending& pending, Instant now) {
  if (pending.waiting()) {
    const std::size_t pool = pending.pool;
    const Attempt attempt = attempt_of(pending, now);
    remove(pending);
    return answer_unsent(pool, attempt, Status::deadline_exceeded, now);
  }
  if (pending.abandoned()) return forget(pending, now);
  Link& link = links_[pending.link];
  const ledger::Reservation& booked = pending.reservation;
  if (link.pace.shows_silence(pending.sent_at, booked.due, booked.service, now)) note_silence(link, now);
  abandon(pending, Status::deadline_exceeded, now);
}

/// A server that takes requests and answers none has failed, whatever it says to health checks.
void Dispatcher::note_silence(const Link& link, Instant now) {
  metrics_.add(link.server, ServerCell::faults);
  if (!link.spare()) pools_[link.pool]->failed(link.member, 0ns, now);
}

/// The client hears of it now. A server that has the request still works on it, so the booking stays for a
/// while.
void Dispatcher::abandon(Pending& pending, Status status, Instant now) {
  const ledger::Reservation& booked = pending.reservation;
  pending.abandoned_as = status;
  take_body(pending);
  pending.deadline = sched::booking_end(booked.due, booked.service, now);
  pending_.watch_deadline(pending);
  if (status == Status::deadline_exceeded)
    metrics_.latencies().timed_out(pools_[pending.pool]->options().row, pending.type,
                                   now - pending.received_at);
  if (access_ != nullptr) [[unlikely]]
    tell(pending, status, 0ns, now);
  answers_.give(pending, {.status = status}, booked.server);
  links_[pending.link].port->cancel(pending.token());
}

/// Where order is all there is, its place stays: a tombstone, until the reply comes or the link is given up.
void Dispatcher::forget(Pending& pending, Instant now) {
  books_.release(pending.reservation, now);
  pools_[pending.pool]->room_changed();
  count_outcome(pending, pending.abandoned_as);
  pending.released = true;
  if (!links_[pending.link].port->in_order()) remove(pending);
}

void Dispatcher::hold_replies(bool yes) {
  if (!yes && !replies_held_) [[likely]]
    return;
  replies_held_ = yes;
  const auto half = [](const Link& link) { return link.port == nullptr ? 0 : link.port->half_reply(); };
  const auto most = std::ranges::max_element(links_.all(), {}, half);
  for (const Link& link : links_.all())
    if (link.port != nullptr) link.port->allow_reading(!yes || half(link) == 0 || &link == &*most);
}

Instant Dispatcher::oldest_due(LinkId link) {
  const Pending* oldest = pending_.oldest(links_[link].queue);
  return oldest == nullptr ? Instant::max() : oldest->reservation.due;
}

}  // namespace finishline::worker
