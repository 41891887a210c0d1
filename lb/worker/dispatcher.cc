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

/// Retries in flight may be this share of all requests in flight, so that they cannot become a storm.
constexpr std::size_t kRetrySharePercent = 20;
constexpr std::size_t kRetriesAtLeast = 3;

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
  answers_.kept(pending.client, static_cast<std::ptrdiff_t>(attempt.request.body.size()));
  if (attempt.kept_body.empty()) {
    pending_.keep_body(pending, attempt.request.body);
  } else {
    pending_.keep_body(pending, std::move(attempt.kept_body));
  }
}

Dispatcher::Dispatcher(ledger::WorkerBooks& books, ledger::WorkerMetrics& metrics, AnswerSink& answers,
                       ledger::RecordWriter* recorder)
    : books_(books), metrics_(metrics), answers_(answers), recorder_(recorder) {}

std::size_t Dispatcher::add_pool(Pool pool) {
  members_.emplace_back(pool.members().size());
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
  for (Link& link : links_) {
    if (link.pool == position) link.member = kSpare;
  }
  members_[position].assign(pool.members().size(), {});
  pool.learn_from(*pools_[position]);
  pools_[position] = std::make_unique<Pool>(std::move(pool));
}

LinkId Dispatcher::add_spare_link(std::size_t pool, ledger::ServerId server, LinkPort& port) {
  if (free_links_.empty()) {
    free_links_.push_back(static_cast<LinkId>(links_.size()));
    links_.emplace_back();
  }
  const LinkId link = free_links_.back();
  free_links_.pop_back();
  links_[link] = {.port = &port,
                  .pool = static_cast<std::uint16_t>(pool),
                  .server = server,
                  .pace = sched::LinkPace(port.in_order())};
  return link;
}

void Dispatcher::assign_link(LinkId link, std::size_t member) {
  Link& it = links_[link];
  it.member = static_cast<std::uint32_t>(member);
  members_[it.pool][member].links.push_back(link);
  if (it.up) note_up(it);
}

void Dispatcher::remove_link(LinkId link, Instant now) {
  if (links_[link].up) metrics_.add(links_[link].server, ServerCell::links_up, -1);
  lose_all(link, now);
  links_[link] = {};
  free_links_.push_back(link);
}

// --- the way to a server ---------------------------------------------------------------------------

void Dispatcher::dispatch(std::size_t pool, const Request& request, const ReplyAddress& client, Instant now) {
  metrics_.received(request.type);
  metrics_.add(WorkerCell::requests_open);
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
  const auto placed =
      pools_[pool]->place({request.type, request.length, request.client_key}, mini, now, attempt.refusers());
  if (!placed) [[unlikely]]
    return turn_away(pool, attempt, now);
  launch(pool, attempt, *placed, now);
}

void Dispatcher::launch(std::size_t pool, Attempt& attempt, const Placement& placed, Instant now) {
  const Request& request = attempt.request;
  const LinkId chosen = least_loaded_link(pool, placed.member);
  Link& link = links_[chosen];
  Pending& pending = pending_.add(link.queue);
  fill(pending, attempt);
  pending.reservation = placed.reservation;
  pending.sent_at = now;
  pending.link = chosen;
  pending.pool = static_cast<std::uint16_t>(pool);
  pending.attempts = static_cast<std::uint8_t>(attempt.attempts + 1);
  if (pending.attempts > 1) {
    ++retries_in_flight_;
    metrics_.add(WorkerCell::retries);
  }
  if (pending.deadline != Instant::max()) pending_.watch_deadline(pending);

  metrics_.add(placed.reservation.server, ServerCell::sent);
  link.port->send(pending.token(), request);
  keep_body(pending, attempt);  // also of what may not be done twice: a server may refuse it
}

LinkId Dispatcher::least_loaded_link(std::size_t pool, std::size_t member) const {
  const std::vector<LinkId>& links = members_[pool][member].links;
  if (links.size() == 1) return links.front();
  return *std::min_element(links.begin(), links.end(), [this](LinkId a, LinkId b) {
    const auto rank = [this](LinkId link) {
      const Link& it = links_[link];
      return std::tuple(!it.up, it.full, it.queue.size);
    };
    return rank(a) < rank(b);
  });
}

// --- waiting for a server ----------------------------------------------------------------------------

void Dispatcher::turn_away(std::size_t pool, Attempt& attempt, Instant now) {
  const Request& request = attempt.request;
  const bool mini = fits_mini(request);
  const Refusal why = pools_[pool]->why_not({request.type, request.length, request.client_key}, mini, now,
                                            attempt.refusers());
  const bool lost_before = attempt.attempts > 0;
  if (why.status != Status::overloaded) return give_up(attempt, why.status);
  if (lost_before) return wait(pool, WaitingRoom::kRetries, attempt);
  const Pool::Options& options = pools_[pool]->options();
  if (options.wait_when_full && waiting_[pool].size() < options.max_waiting)
    return wait(pool, WaitingRoom::lane_of(request.type, mini), attempt);
  answer_unsent(attempt, Status::overloaded, why.wait);
}

/// There is no server for it, or none that has not refused it. What was lost once may have been done.
void Dispatcher::give_up(const Attempt& attempt, Status why_not) {
  if (attempt.attempts > 0) return answer_unsent(attempt, Status::server_lost);
  if (!attempt.refusals) return answer_unsent(attempt, why_not);
  answer_unsent(attempt, sched::told_to_client(attempt.refusals->status), attempt.refusals->wait);
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
  if (!pending.kept_body.empty())
    answers_.kept(pending.client, -static_cast<std::ptrdiff_t>(pending.kept_body.size()));
  return pending_.take_body(pending);
}

/// What is needed to send it again; takes the body out of it.
Dispatcher::Attempt Dispatcher::attempt_of(Pending& pending, Instant now) {
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

// --- the way back ----------------------------------------------------------------------------------

bool Dispatcher::on_reply(LinkId link, Token token, const ServerReply& reply, Instant now) {
  Pending* pending = pending_.find(token);
  if (pending == nullptr || pending->link != link) return false;

  const sched::Asked asked{.has_body = !pending->kept_body.empty(), .in_time = pending->deadline > now};
  links_[link].pace.replied(pending->older == kNoSlot, pending->sent_at, pending->reservation.due, now);
  settle(*pending, reply, now);
  note_experience(*pending, reply.status, asked, now);
  const std::size_t pool = pending->pool;
  pools_[pool]->room_changed();
  if (pending->abandoned()) {
    if (!pending->released) count_outcome(*pending, pending->abandoned_as);
    remove(*pending);
  } else {
    take_reply(*pending, reply, sched::outcome_of(reply.status, asked), now);
  }
  serve_waiting(pool, now);
  return true;
}

void Dispatcher::settle(const Pending& pending, const ServerReply& reply, Instant now) {
  const ledger::Reservation& booked = pending.reservation;
  const Nanos worked = reply.service > 0ns || reply.status != Status::ok ? reply.service : booked.service;
  if (!pending.released) books_.settle(booked, worked, reply.backlog, now);
  metrics_.add(booked.server, ServerCell::service_us, to_wire_us(reply.service));
  if (pools_[pending.pool]->recording()) [[unlikely]]
    record(pending, reply, worked, now);
}

void Dispatcher::take_reply(Pending& pending, const ServerReply& reply, sched::Outcome outcome, Instant now) {
  if (outcome == sched::Outcome::refused) [[unlikely]]
    return redirect(pending, reply, now);
  if (outcome == sched::Outcome::undone) [[unlikely]]
    return lose(pending, reply.status, now);
  count_outcome(pending, reply.status);
  answer(pending, reply, pending.reservation.server);
  remove(pending);
}

void Dispatcher::note_experience(const Pending& pending, Status status, const sched::Asked& asked,
                                 Instant now) {
  const ledger::ServerId server = pending.reservation.server;
  const sched::Verdict verdict = sched::verdict_on(status, asked);
  if (verdict == sched::Verdict::served) metrics_.add(server, ServerCell::good_replies);
  if (verdict == sched::Verdict::failed) metrics_.add(server, ServerCell::faults);
  const std::uint32_t member = links_[pending.link].member;
  if (member == kSpare) return;  // the pool does not have this server any more
  Pool& pool = *pools_[pending.pool];
  if (verdict == sched::Verdict::served) return pool.served(member, now - pending.sent_at, now);
  if (verdict != sched::Verdict::failed) return;
  pool.failed(member, now);
  if (sched::outcome_of(status, asked) == sched::Outcome::refused)
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
  if (!attempt.refusals) attempt.refusals = std::make_unique<Refusals>();
  attempt.refusals->servers.push_back(server);
  attempt.refusals->status = refusal.status;
  attempt.refusals->wait = refusal.service;
  if (!answers_.awaited(attempt.client)) return answer_unsent(attempt, Status::cancelled);
  send(pool, std::move(attempt), now);
}

void Dispatcher::record(const Pending& pending, const ServerReply& reply, Nanos worked, Instant now) {
  if (recorder_ == nullptr) return;
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

void Dispatcher::answer(const Pending& pending, const ServerReply& reply, std::uint32_t server) {
  deliver(pending.client, pending.type,
          {.status = reply.status,
           .code = pending.code,
           .flags = pending.flags,
           .length = pending.length,
           .service_us = to_wire_us(reply.service),
           .server = server,
           .body = reply.body});
}

void Dispatcher::answer_unsent(const Attempt& attempt, Status status, Nanos wait) {
  const Request& request = attempt.request;
  deliver(attempt.client, request.type,
          {.status = status,
           .code = request.code,
           .flags = request.flags,
           .length = request.length,
           .service_us = to_wire_us(wait)});
}

void Dispatcher::deliver(const ReplyAddress& client, RequestType type, const Answer& answer) {
  metrics_.answered(type, answer.status);
  metrics_.add(WorkerCell::requests_open, -1);
  if (!answers_.answer(client, answer)) metrics_.add(WorkerCell::orphan_replies);
}

void Dispatcher::remove(Pending& pending) {
  if (!pending.kept_body.empty())
    answers_.kept(pending.client, -static_cast<std::ptrdiff_t>(pending.kept_body.size()));
  if (pending.waiting()) {
    --waiting_in_all_;
    metrics_.add(WorkerCell::requests_waiting, -1);
    return waiting_[pending.pool].remove(pending_, pending);
  }
  if (pending.attempts > 1) --retries_in_flight_;
  pending_.remove(pending, links_[pending.link].queue);
}

const Pending* Dispatcher::oldest(LinkId link) { return pending_.oldest(links_[link].queue); }

// --- links come and go -----------------------------------------------------------------------------

void Dispatcher::on_link_up(LinkId link, Instant now) {
  Link& it = links_[link];
  it.up = true;
  it.pace = sched::LinkPace(it.port->in_order());
  metrics_.add(it.server, ServerCell::links_up);
  if (it.member == kSpare) return;  // its pool may not even be there yet
  note_up(it);
  pools_[it.pool]->recovered(it.member);
  serve_waiting(it.pool, now);
}

void Dispatcher::on_server_leaving(LinkId link, Instant now) {
  const Link& it = links_[link];
  if (it.member != kSpare) pools_[it.pool]->refused(it.member, true, now);
}

void Dispatcher::on_link_down(LinkId link, Instant now) {
  Link& it = links_[link];
  metrics_.add(it.server, ServerCell::link_failures);
  if (it.up) {
    if (it.member != kSpare) note_down(it);
    it.up = it.full = false;
    metrics_.add(it.server, ServerCell::links_up, -1);
  }
  if (it.queue.size > 0 && it.member != kSpare) pools_[it.pool]->failed(it.member, now);
  lose_all(link, now);
}

void Dispatcher::note_up(const Link& link) {
  MemberLinks& member = members_[link.pool][link.member];
  ++member.up;
  member.full += link.full ? 1 : 0;
  tell_pool(link);
}

void Dispatcher::note_down(const Link& link) {
  MemberLinks& member = members_[link.pool][link.member];
  --member.up;
  member.full -= link.full ? 1 : 0;
  tell_pool(link);
}

void Dispatcher::tell_pool(const Link& link) {
  const MemberLinks& member = members_[link.pool][link.member];
  Pool& pool = *pools_[link.pool];
  const bool was_congested = pool.congested();
  pool.set_reach(link.member, member.up > 0, member.up > 0 && member.full == member.up);
  relief_ |= was_congested && !pool.congested();
}

void Dispatcher::on_link_full(LinkId link) { set_full(link, true); }

void Dispatcher::on_link_drained(LinkId link, Instant now) {
  set_full(link, false);
  if (links_[link].member != kSpare) serve_waiting(links_[link].pool, now);
}

void Dispatcher::set_full(LinkId link, bool full) {
  Link& it = links_[link];
  if (it.full == full) return;
  it.full = full;
  if (!it.up || it.member == kSpare) return;
  members_[it.pool][it.member].full += full ? 1 : -1;
  tell_pool(it);
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
  Attempt attempt = attempt_of(pending, now);
  remove(pending);
  if (answered) return;
  if (!answers_.awaited(attempt.client)) return answer_unsent(attempt, Status::cancelled);
  if (!again) return answer_unsent(attempt, why);
  if (!at_once) return wait(pool, WaitingRoom::kRetries, attempt);
  send(pool, std::move(attempt), now);
}

bool Dispatcher::may_retry(const Pending& pending, Instant now) const {
  return pending.retryable() && pending.deadline > now &&
         pending.attempts < pools_[pending.pool]->options().max_attempts;
}

/// Whether one more request, this one, may be sent again.
bool Dispatcher::retry_budget_left(const Pending& pending) const {
  const std::size_t others = retries_in_flight_ - (pending.attempts > 1 && !pending.waiting() ? 1 : 0);
  return others < std::max(kRetriesAtLeast, pending_.in_use() * kRetrySharePercent / 100);
}

// --- time ------------------------------------------------------------------------------------------

void Dispatcher::tick(Instant now) {
  while (Pending* pending = pending_.expired(now)) expire(*pending, now);
  if (std::exchange(departed_, false)) withdraw_unawaited(now);
  for (std::size_t pool = 0; waiting_in_all_ > 0 && pool < pools_.size(); ++pool) serve_waiting(pool, now);
  for (LinkId link = 0; link < links_.size(); ++link) look_after(link, now);
}

/// A request that is late makes its server look busy; one that is lost, its link useless.
void Dispatcher::look_after(LinkId link, Instant now) {
  Link& it = links_[link];
  const Pending* oldest = pending_.oldest(it.queue);
  if (oldest == nullptr || oldest->reservation.due >= now) return;
  if (it.pace.is_lost(oldest->sent_at, oldest->reservation.due, now))
    return it.port->give_up("a reply is long overdue");
  if (!oldest->released) books_.overdue(oldest->reservation.server, oldest->reservation.due, now);
}

void Dispatcher::expire(Pending& pending, Instant now) {
  if (pending.waiting()) {
    const Attempt attempt = attempt_of(pending, now);
    remove(pending);
    return answer_unsent(attempt, Status::deadline_exceeded);
  }
  if (pending.abandoned()) return forget(pending, now);
  abandon(pending, Status::deadline_exceeded, now);
}

/// The client hears of it now. A server that has the request still works on it, so the booking stays for a
/// while.
void Dispatcher::abandon(Pending& pending, Status status, Instant now) {
  const ledger::Reservation& booked = pending.reservation;
  pending.abandoned_as = status;
  take_body(pending);
  pending.deadline = sched::booking_end(booked.due, booked.service, now);
  pending_.watch_deadline(pending);
  answer(pending, {.status = status}, booked.server);
}

/// Where order is all there is, its place stays: a tombstone, until the reply comes or the link is given up.
void Dispatcher::forget(Pending& pending, Instant now) {
  books_.release(pending.reservation, now);
  pools_[pending.pool]->room_changed();
  count_outcome(pending, pending.abandoned_as);
  pending.released = true;
  if (!links_[pending.link].port->in_order()) remove(pending);
}

/// Of clients that have gone: what waits is withdrawn, what a server has begun is abandoned.
void Dispatcher::withdraw_unawaited(Instant now) {
  pending_.each([this, now](Pending& pending) {
    if (pending.abandoned() || answers_.awaited(pending.client)) return;
    if (!pending.waiting()) return abandon(pending, Status::cancelled, now);
    const Attempt attempt = attempt_of(pending, now);
    remove(pending);
    answer_unsent(attempt, Status::cancelled);
  });
}

void Dispatcher::hold_replies(bool yes) {
  if (!yes && !replies_held_) [[likely]]
    return;
  replies_held_ = yes;
  const auto half = [](const Link& link) { return link.port == nullptr ? 0 : link.port->half_reply(); };
  const auto most = std::ranges::max_element(links_, {}, half);
  for (const Link& link : links_)
    if (link.port != nullptr) link.port->allow_reading(!yes || half(link) == 0 || &link == &*most);
}

Instant Dispatcher::oldest_due(LinkId link) {
  const Pending* oldest = pending_.oldest(links_[link].queue);
  return oldest == nullptr ? Instant::max() : oldest->reservation.due;
}

}  // namespace finishline::worker
