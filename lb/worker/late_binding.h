// Late binding of one pool in one worker: requests wait here, and go to a server when it is about to be free.
// Which of them goes, of all that wait in all workers, says sched/matching.h; what the workers know of each
// other is in ledger/demand.h. Worker process; no socket, no clock.
//
//   arrives, nothing of its kind waits, a server that is cheapest for it has room   -> sent at once
//   the same, so short that it is done within `coalesce` where its batch goes       -> sent along
//   otherwise it waits, and each server that has room is asked: whom does it serve?
//     a reply, a link that comes up, the alarm, a call, the tick                    -> pull(that server)
//       one of our own   booked by compare-and-swap of the finish word, and sent
//       another worker's it is called; if it does not come by 1 ms after the server is free, it is left out
//                         for 2 ms, and twice as long each time until it comes, 100 ms at most
//
// Where a pool has a seat (ledger/seats.h), one proxy decides for all: its workers choose among what waits in
// all of them, and call other proxies as they call each other. Elsewhere nothing is sent but what was called
// for; a server that has been idle for kNeglected although something waits here is served as if there were no
// seat.
//
// The alarm is set to when the first full server will have room (RequestPool::room_at): each worker in which
// something waits has its own, so that nobody has to be woken for what can be foreseen.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <vector>

#include "lb/ledger/demand.h"
#include "lb/sched/matching.h"
#include "lb/sched/waiting_queue.h"
#include "lb/worker/pending.h"
#include "lb/worker/request_pool.h"
#include "lb/worker/seat_view.h"

namespace finishline::worker {

/// Who can tell another worker to look at what waits.
class WorkerCaller {
 public:
  virtual void call(ledger::WorkerId worker) = 0;
  /// Another proxy has been called, which the peer process is to carry over.
  virtual void tell_peer_of_call() {}

 protected:
  ~WorkerCaller() = default;
};

class LateBinding {
 public:
  /// The pool, the caller and the ledger of demand and seat outlive it.
  LateBinding(RequestPool& pool, ledger::Demand demand, SeatView seat, WorkerCaller& caller,
              ledger::WorkerId self, std::uint64_t seed);
  /// What it has shown is taken away.
  ~LateBinding() { demand_.clear(); }
  LateBinding(const LateBinding&) = delete;
  LateBinding& operator=(const LateBinding&) = delete;

  /// Some of this kind wait already, here or at another worker: who comes now has them before it.
  bool waits(const sched::Job& job) const { return waits_here(job) || demand_.any(lane_of(job)); }
  bool waits_here(const sched::Job& job) const { return !queue_.empty(lane_of(job)); }
  /// There is a seat: who comes now is not sent at once.
  bool has_seat(Instant now) const { return seat_.role(now) != SeatView::Role::alone; }
  /// What waits in other proxies is for this one to decide.
  bool leads(Instant now) const { return seat_.role(now) == SeatView::Role::leads && demand_.any(); }
  /// A request of this kind has come, whether it waits or not.
  void arrived(const sched::Job& job) { demand_.arrived(lane_of(job), job.length); }

  /// From now on it waits; its slot in the table is what pull() returns.
  /// `weight`: its client's, see sched/waiting_queue.h; 0: none counts.
  void wait(const Pending& pending, double weight);
  /// It waits no more: it is sent, or withdrawn.
  void remove(const Pending& pending);

  struct Pulled {
    std::uint32_t slot;  // of one of our own
    Placement placement;
    sched::Reason reason = sched::Reason::in_order;
  };
  /// The next one for this member, booked. Nothing: it has no room, or nobody is to be served by it now, or
  /// somebody of another worker, who has been called.
  std::optional<Pulled> pull(std::size_t member, Instant now) { return pull_if(member, now, {}); }
  /// The same, of our own only one of which `may(slot)` holds; empty: of all.
  using May = std::function<bool(std::uint32_t slot)>;
  std::optional<Pulled> pull_if(std::size_t member, Instant now, const May& may);
  /// What whoever is in the seat has called for, booked. Nothing: it waits here no more, or that server is
  /// out of reach.
  std::optional<Pulled> pull(const ledger::SeatGrant& grant, Instant now);
  /// The members that have room, in a new order each time; valid until the next call.
  std::span<const std::size_t> with_room(Instant now);
  /// One that waits, and would be done too late on any server now; nothing: there is none.
  std::optional<std::uint32_t> too_late(Instant now) const;
  /// A request that comes now could not be done by this deadline if a server began it at once.
  bool impossible(const sched::Job& job, Instant deadline, Instant now) const {
    return matching_.latest_start_of(deadline, lane_of(job), job.length) < now.time_since_epoch().count();
  }
  /// When a request that comes now would be done. Nothing: no server can do it.
  std::optional<sched::Prospect> prospect(const sched::Job& job, std::uint8_t priority, Instant now);
  /// One that waits, and for kGrace no server was there that could do it; nothing: there is none.
  std::optional<std::uint32_t> hopeless(Instant now);

  std::size_t size() const { return queue_.size(); }
  /// Room was made at a server: whether it is worth asking who waits.
  bool wanted() const {
    ledger::Demand::made_room();
    return queue_.size() > 0 || demand_.any();
  }
  /// When to look again in any case; Instant::max() while nothing waits for this worker to decide.
  Instant next_look() const {
    return queue_.size() > 0 || (led_ && demand_.any()) ? next_look_ : Instant::max();
  }
  /// Until all that waits, in all workers, and is being served could be done, at best.
  Nanos horizon(Instant now);

 private:
  static constexpr int kTries = 4;         // races lost to other workers, per pull
  static constexpr Nanos kPatience = 1ms;  // from when the server has nothing more to do
  /// With another proxy, which has to hear of it and may give its servers less ahead: beyond our own mark.
  static constexpr Nanos kRemotePatience = 3ms;
  static constexpr Nanos kRemoteLeftOut = 20ms;
  /// Of other proxies: so much longer they may have waited before they go first.
  static constexpr int kTurns = 1;
  static constexpr Nanos kTurnAnyway = 1ms;
  static constexpr Nanos kNeglected = 30ms;
  static constexpr Nanos kGrace = 1s;  // a link is made anew, a drained server taken back
  /// A busy machine may need more than kPatience to run a worker, one that is stopped or dead does not come.
  static constexpr Nanos kFirstLeftOut = 2ms, kLongestLeftOut = 100ms;
  static constexpr Nanos kShortestSleep = 50us;

  /// What we know of another worker that we have called for a member.
  struct Peer {
    Instant awaited_until{};  // none: it has not been called
    std::int64_t sent = 0;    // what it had sent there by then
    Instant left_out_until{};
    Nanos left_out{};  // the last time, since it has come
  };

  std::uint8_t lane_of(const sched::Job& job) const { return pool_.lane_of(job); }
  void follow_plan();
  std::span<const sched::WaitLane> lanes(std::size_t member, Instant now);
  Peer& peer(std::size_t member, std::size_t worker);
  std::optional<sched::Choice> choose(std::size_t member, Instant now);
  sched::Ask ask(std::size_t member, Instant now);
  /// Whether this worker decides about that member.
  bool decides(std::size_t member, Instant now);
  void note_idle(std::size_t member, Instant now);
  Nanos lead() const { return led_ ? seat_.lead() : 0ns; }
  bool is_remote(std::size_t worker) const { return worker >= demand_.first_remote(); }
  bool call_proxy(const sched::Choice& choice, std::size_t member, Instant now);
  std::uint32_t meant_by(const ledger::SeatGrant& grant) const;
  std::optional<Pulled> book(std::size_t member, std::uint32_t slot, sched::Reason reason, Instant now);
  /// False when it does not come: it has been left out.
  bool call(ledger::WorkerId worker, std::size_t member, Instant now);
  void look_at(std::size_t member, Instant now);

  RequestPool& pool_;
  ledger::Demand demand_;
  SeatView seat_;
  bool led_ = false;  // when this worker last looked, the seat was ours
  WorkerCaller& caller_;
  ledger::WorkerId self_;
  sched::Random random_;
  sched::Matching matching_;
  sched::WaitingQueue queue_;
  sched::PoolPlan plan_;
  std::uint32_t plan_number_ = 0;
  std::uint32_t cost_revision_ = 0;       // of the pool's costs, that matching_ follows
  std::vector<std::vector<Peer>> peers_;  // by member and worker
  std::vector<Instant> idle_since_;     // by member, while another proxy decides; none: it was not seen idle
  std::vector<Instant> served_at_;      // by lane: when a server was last seen that can do it
  std::vector<sched::WaitLane> lanes_;  // of the last choice
  std::vector<std::size_t> with_room_;
  Instant next_look_ = Instant::max();
};

}  // namespace finishline::worker
