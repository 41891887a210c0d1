// Joins policy, ledger, links and sessions: one request's way through a worker. Worker process; no socket
// and no clock in here (time comes in as an argument), so that the simulation can run the same code.
//
//      session                      dispatcher                        link                server
//   decode a request --dispatch()--> RequestPool::place: view, pick, reserve
//                                    PendingTable::add
//                                    LinkPort::send ----------------> encode, one write --> works
//   encode the answer <--AnswerSink-- settle, remove <--on_reply()--- decode, by token <-- replies
//
// The unhappy ways use the same steps: on_link_down() releases each pending request of the link and
// dispatches it again or answers server_lost; a reply that refuses the work sends the request elsewhere at
// once (sched/server_status.h). tick() answers deadline_exceeded and withdraws what nobody waits for; what a
// server has begun of that is abandoned: the server is told so, where it understands that, and its booking
// ends with its reply, or after a bounded time (sched/reply_patience.h). A request that finds no server with
// room waits, if the pool says so, until one chooses it (late_binding.h); a lost one while too many others
// are being sent again. Replies, links that come up, alarms, calls of other workers and the tick let them go
// on.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <vector>

#include "lb/ledger/decisions.h"
#include "lb/ledger/ledger.h"
#include "lb/ledger/metrics.h"
#include "lb/ledger/recording.h"
#include "lb/sched/server_status.h"
#include "lb/worker/access_recorder.h"
#include "lb/worker/answers.h"
#include "lb/worker/attempt.h"
#include "lb/worker/cancel_list.h"
#include "lb/worker/late_binding.h"
#include "lb/worker/link_table.h"
#include "lb/worker/pending.h"
#include "lb/worker/request.h"
#include "lb/worker/request_pool.h"
#include "lb/worker/retry_budget.h"
#include "lb/worker/waiting_room.h"

namespace finishline::worker {

class Dispatcher {
 public:
  /// All of them outlive the dispatcher. Without a recorder no pool is recorded; without a caller no other
  /// worker is told that something of its own should be served.
  Dispatcher(ledger::WorkerBooks& books, ledger::WorkerMetrics& metrics, AnswerSink& answers,
             ledger::RecordWriter* recorder = nullptr, WorkerCaller* caller = nullptr);

  /// What became of each request is told to this one, too; outlives the dispatcher. Before traffic.
  void tell(AccessRecorder* access) { access_ = access; }

  // --- set-up, before traffic -------------------------------------------------------------------
  /// Returns the pool's position, which dispatch() takes.
  std::size_t add_pool(RequestPool pool);
  /// A link of one member of one pool, down at first. `port` outlives the link.
  LinkId add_link(std::size_t pool, std::size_t member, LinkPort& port);

  /// Where decisions are told while somebody asks; it outlives the dispatcher.
  void explain_to(ledger::DecisionWriter& explainer) { explainer_ = &explainer; }

  // --- changes, while requests are in flight ----------------------------------------------------
  /// Puts `pool` in the place of another, whose experience it takes over. The links of that become spare:
  /// each keeps what is in flight on it and is given nothing more until it is assigned.
  void replace_pool(std::size_t position, RequestPool pool);
  /// A link to this server that belongs to no member yet.
  LinkId add_spare_link(std::size_t pool, ledger::ServerId server, LinkPort& port) {
    return links_.add(pool, server, port);
  }
  /// A spare link becomes one of this member's.
  void assign_link(LinkId link, std::size_t member) { links_.assign(link, member); }
  std::uint32_t in_flight_on(LinkId link) const { return links_[link].queue.size; }
  /// A spare link is no more: what is in flight on it is sent again elsewhere or answered server_lost.
  void remove_link(LinkId link, Instant now);

  // --- sessions ---------------------------------------------------------------------------------
  /// Every call ends in exactly one AnswerSink::answer for `client`, now or later.
  void dispatch(std::size_t pool, const Request& request, const ReplyAddress& client, Instant now);
  /// The request that dispatch() was given for `client` is not wanted any more: within a tick it is answered
  /// `cancelled`, unless its reply is faster. One that is not open is none.
  void cancel(const ReplyAddress& client, Instant now);
  /// Somebody whose requests are open has gone: what waits for him is withdrawn at the next tick.
  void client_left() { departed_ = true; }

  /// When a request that came now would be done, and where. Nothing: no server can do it.
  std::optional<sched::Prospect> prospect(std::size_t pool, const Request& request, Instant now);
  /// By how much such a word was wrong of late, in this pool: the median.
  Nanos prospect_error(std::size_t pool) const;

  // --- links ------------------------------------------------------------------------------------
  void on_link_up(LinkId link, Instant now);
  /// What is in flight on it is lost. Of that `unsent` never left this process: it goes elsewhere at once,
  /// whatever it is, and says nothing of the server.
  void on_link_down(LinkId link, Instant now, std::span<const Token> unsent = {});
  /// The server takes less than it is sent: this link holds more than it should, or has got rid of all of it.
  void on_link_full(LinkId link) { links_.set_backed_up(link, true); }
  void on_link_drained(LinkId link, Instant now);
  /// The server takes no new request on any connection.
  void on_server_leaving(LinkId link, Instant now);
  /// False when nothing in flight on this link has this token: a reply that nobody asked for.
  bool on_reply(LinkId link, Token token, const ServerReply& reply, Instant now);
  /// The oldest request in flight on this link, for protocols that match by order; nullptr: none.
  const Pending* oldest(LinkId link);

  /// When the oldest request in flight on this link was expected back; Instant::max() without one.
  Instant oldest_due(LinkId link);
  /// Whether a reply to it would still be looked at.
  bool is_open(Token token) { return pending_.find(token) != nullptr; }
  /// Whether a request, open or not any more, can have had this token.
  bool may_be_ours(Token token) const { return pending_.has_made(token); }

  /// Another worker has called, or the alarm that next_look() asked for.
  void look_at_waiting(Instant now);
  /// When to look again at what waits, in any case; Instant::max() for never.
  Instant next_look() const;

  /// Deadlines, lateness, clients that left; to be called every few milliseconds while requests are in
  /// flight.
  void tick(Instant now);

  /// Requests at servers, and requests that wait for one.
  std::size_t in_flight() const { return pending_.in_use() - waiting_in_all_; }
  std::size_t waiting() const { return waiting_in_all_; }
  /// What the requests at servers and in waiting take, with their bodies and the replies that are not whole
  /// yet.
  std::size_t held_bytes() const {
    return pending_.room() * kBytesOfRequest + pending_.body_bytes() + half_replies_;
  }
  /// Of those, what is kept for requests that may come: nothing is in it.
  std::size_t spare_bytes() const { return (pending_.room() - pending_.in_use()) * kBytesOfRequest; }
  /// The half replies of a link changed by `n` bytes.
  void add_half_reply(std::ptrdiff_t n) { half_replies_ += static_cast<std::size_t>(n); }
  /// The worker holds too much, or does not any more: of all replies that have been begun one may come on,
  /// the one of which most is here. To be called every turn.
  void hold_replies(bool yes);
  /// All servers in reach of this pool take less than they are sent: its clients should not be read.
  bool congested(std::size_t pool) const { return pools_[pool]->congested(); }
  /// True once when a pool has ceased to be congested.
  bool take_relief() { return links_.take_relief(); }
  std::size_t pools() const { return pools_.size(); }
  const RequestPool& pool(std::size_t position) const { return *pools_[position]; }
  /// Good until it is replaced.
  RequestPool& pool(std::size_t position) { return *pools_[position]; }

 private:
  /// With its place where it waits, and in its client's table.
  static constexpr std::size_t kBytesOfRequest = sizeof(Pending) + sched::WaitingQueue::bytes_of_one() + 48;

  bool admit(std::size_t pool, Attempt& attempt, Instant now);
  bool foresee(std::size_t pool, Attempt& attempt, Instant now);
  void send(std::size_t pool, Attempt&& attempt, Instant now);
  std::optional<Placement> place(std::size_t pool, const sched::Job& job, const Refusals* refusals,
                                 Instant now);
  void launch(std::size_t pool, Attempt& attempt, const Placement& placed, ledger::Why why, Instant now);
  /// One that waits no more.
  void launch(std::size_t pool, const LateBinding::Pulled& pulled, Instant now);
  void explain(std::size_t pool, const Attempt& attempt, const Placement& placed, ledger::Why why,
               Instant now);
  void wait_or_refuse(std::size_t pool, Attempt& attempt, Instant now);
  void wait_for_room(std::size_t pool, Attempt& attempt, Instant now);
  std::size_t places(std::size_t pool, Instant now);
  bool may_wait(std::size_t pool, Instant now) { return waiting_[pool].size() < places(pool, now); }
  void turn_away(std::size_t pool, const Attempt& attempt, Nanos wait, Instant now);
  void wait(std::size_t pool, Waiting how, Attempt& attempt, Instant now);
  static inline void fill(Pending& pending, Attempt& attempt);
  /// For the next attempt.
  void keep_body(Pending& pending, Attempt& attempt);
  Attempt attempt_of(Pending& pending, Instant now);
  net::Buffer take_body(Pending& pending);
  void probe(const Link& silent, Instant now);
  bool any_retryable_waits(std::size_t pool);
  void serve_waiting(std::size_t pool, Instant now);
  void on_room(LinkId link, Instant now);
  void expire_late(const LateBinding& late, Instant now);
  void serve(std::size_t pool, std::size_t member, Instant now);
  void serve_called(Instant now);
  bool leads(std::size_t pool, Instant now) const;
  void serve_again(std::size_t pool, Instant now);
  void look_for_servers(std::size_t pool, Instant now);
  bool may_come_back(std::size_t pool, const Attempt& attempt, Instant now);
  bool may_come_back(const Pending& waiter, Instant now) const;
  bool go_on(Pending& waiter, Instant now);
  std::unique_ptr<LateBinding> late_binding_of(RequestPool& pool);
  std::optional<ledger::Demand> arrivals_of(std::size_t position) const;
  inline void note_arrival(std::size_t pool, const sched::Job& job);
  void wait_anew(std::size_t position);
  void lose_all(LinkId link, Instant now);
  inline void take_reply(Pending& pending, const ServerReply& reply, sched::ReplyOutcome outcome,
                         Instant now);
  inline void settle(const Pending& pending, const ServerReply& reply, Instant now);
  /// The server has not begun it: elsewhere at once.
  void redirect(Pending& pending, const ServerReply& refusal, Instant now);
  /// The server will not answer it, for this reason: again elsewhere, or the reason is the answer.
  void lose(Pending& pending, proto::Status why, Instant now);
  bool may_retry(const Pending& pending, Instant now) const;
  bool retry_budget_left(const Pending& pending) const;
  /// What the pool and the health checker learn of a server from its reply.
  inline void note_experience(const Pending& pending, proto::Status status, Nanos worked,
                              const sched::Asked& asked, Instant now);
  void note_fault(const Pending& pending, proto::Status status, const sched::Asked& asked, Instant now);
  /// For whoever wants the requests of this pool recorded.
  void record(const Pending& pending, const ServerReply& reply, Nanos worked, Instant now);
  /// Once per request sent, so that sent = served + failed + in flight.
  void count_outcome(const Pending& pending, proto::Status status);
  void give_up(std::size_t pool, const Attempt& attempt, proto::Status why_not, Instant now);
  /// The proxy's own answer.
  void answer_unsent(std::size_t pool, const Attempt& attempt, proto::Status status, Instant now,
                     Nanos wait = Nanos{}, std::span<const std::byte> body = {});
  inline void note_latencies(const Pending& pending, Nanos service, Instant now);
  /// Of the access log: a server's answer; the proxy's own.
  void tell(const Pending& pending, proto::Status status, Nanos service, Instant now);
  void tell_unsent(std::size_t pool, const Attempt& attempt, proto::Status status, Instant now);
  void expire(Pending& pending, Instant now);
  /// Its client is answered so; the server may be at work on it.
  void abandon(Pending& pending, proto::Status status, Instant now);
  /// The booking of an abandoned one has lived long enough.
  void forget(Pending& pending, Instant now);
  void withdraw_unwanted(Instant now);
  void withdraw(Pending& pending, Instant now);
  void look_after(Link& link, Instant now);
  void note_silence(const Link& link, Instant now);
  void rebalance(LinkId link, Instant now);
  bool move_unsent(LinkId link, Pending& pending, Instant now);
  void give_back(LinkId link, Token token, Instant now);
  void remove(Pending& pending);

  ledger::WorkerBooks& books_;
  ledger::WorkerMetrics& metrics_;
  Answers answers_;
  ledger::RecordWriter* recorder_;
  AccessRecorder* access_ = nullptr;
  ledger::DecisionWriter* explainer_ = nullptr;
  Pools pools_;
  std::vector<WaitingRoom> waiting_;  // [pool]
  /// [pool]: when a request first found no server, since links last came or went.
  std::vector<std::optional<Instant>> bare_since_;
  LinkTable links_{pools_};
  WorkerCaller& caller_;
  bool any_seat_ = false;                                // a pool has one
  std::vector<std::unique_ptr<LateBinding>> late_;       // [pool]; nullptr where nothing waits for room
  std::vector<std::optional<ledger::Demand>> arrivals_;  // [pool]; of those, where what comes is counted
  PendingTable pending_;
  RetryBudget retries_;
  std::size_t waiting_in_all_ = 0;
  std::uint32_t unforeseen_ = 0;  // requests since the last for which it was foreseen when it would be done
  std::size_t half_replies_ = 0;  // bytes
  bool replies_held_ = false;
  bool departed_ = false;  // since the last tick a client has gone whose requests are open
  CancelList cancelled_;   // since then
};

}  // namespace finishline::worker
