// One pool as one worker sees it: who its servers are, which of them this worker can reach, and the
// decision for one request: view -> policy -> reservation. Worker process; no sockets, no clock.
#pragma once

#include <algorithm>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <variant>
#include <vector>

#include "lb/ledger/decisions.h"
#include "lb/ledger/ledger.h"
#include "lb/ledger/metrics.h"
#include "lb/ledger/pool_row.h"
#include "lb/sched/earliest_finish.h"
#include "lb/sched/mark.h"
#include "lb/sched/matching.h"
#include "lb/sched/policies.h"
#include "lb/sched/prospect.h"
#include "lb/sched/response_times.h"
#include "lb/sched/trust.h"
#include "lb/worker/member.h"
#include "lb/worker/placement.h"
#include "lb/worker/service_notes.h"
#include "proto/cost_model.h"

namespace finishline::worker {

class RequestPool {
 public:
  struct Options {
    std::string name;
    std::string policy;
    sched::PolicyParams params{};
    Nanos timeout{};                 // a request's deadline when it brings none; 0: none
    std::uint32_t max_attempts = 3;  // times one retryable request is sent in all
    Nanos retry_wait{};              // for a server to come back, when none is left for one that was lost
    Nanos coalesce{};       // requests of one batch share a server that will do them within this time
    Nanos max_backlog{};    // a server with more work than this is given none; 0: no limit
    Nanos rebalance_gap{};  // what is not sent yet moves for so much; 0: only off a server that takes no work
    double rebalance_load = 0;  // of streams: so many percent above the least loaded it gets none; 0: it does
    bool late = false;          // a request is bound when a server is about to be free, see late_binding.h
    bool has_seat = false;      // late: of several proxies one decides for all, see seat_view.h
    sched::MatchingRule matching{};   // of what waits
    std::optional<Nanos> mark{};      // late: how far ahead of that; none: learned
    std::vector<Nanos> priorities{};  // what each class of those that wait is worth; none: nothing
    bool admits_by_deadline = false;  // what is not expected to be done in time is refused
    std::uint32_t max_ahead = 0;      // of one client compete so many that wait, by type and class; 0: all
    bool wait_when_full = false;      // else a request that finds all of them full is answered overloaded
    std::optional<std::uint32_t> max_waiting{};  // so many may wait; none: see Dispatcher::places()
    bool streams = false;                        // its members are given connections, all of them in reach
    bool notes_costs = false;                    // what replies say of their service is noted for control
    bool learns_costs = false;                   // and what control learns from it holds
    ledger::PoolId row = 0;                      // in the ledger
    ledger::PoolOrders orders{};                 // of that row: which policy to follow instead
  };

  /// `cost`, `books` and `metrics` outlive the pool.
  RequestPool(Options options, std::vector<Member> members, const CostModel& cost, ledger::WorkerBooks& books,
              ledger::WorkerMetrics& metrics, std::uint64_t seed);

  const Options& options() const { return options_; }
  const std::vector<Member>& members() const { return members_; }
  /// The one that its next decision follows.
  std::string_view policy() const;
  /// Grows when that changes.
  std::uint32_t order() const { return options_.orders.word(); }
  /// Whether somebody wants to hear of each request that is served.
  bool recording() const { return options_.orders.recording(); }
  /// Whether somebody wants to hear why each request goes where it goes.
  bool explaining() const { return options_.orders.explaining(); }

  /// Members start out of reach; the links say when that changes. A member in reach whose links all hold more
  /// than they should is congested: it is given nothing, but is not gone.
  void set_reach(std::size_t member, bool reachable, bool congested = false);
  /// No member that is in reach may be given anything.
  bool congested() const { return all_congested_; }

  /// Servers that a request does not go to, because they have refused it.
  using Refusers = std::span<const ledger::ServerId>;

  /// Chooses a server and books the service time there, again when another worker was faster. Nothing
  /// when no server that can do it is up, in reach and below max_backlog. Members that speak the two-byte
  /// protocol do not count where it needs frames. A server that rests after a refusal is chosen where there
  /// is no other, for a request that few have refused. Calls with the same `now` are of one batch.
  std::optional<Placement> place(const sched::Job& job, Instant now, Refusers refusers = {});
  /// For one that is bound to `from` and not sent yet: another that will have done it more than rebalance_gap
  /// sooner, or the soonest, where `from` takes no work now. Booked there; the other booking is the caller's.
  /// Nothing: it stays.
  std::optional<Placement> place_sooner(const sched::Job& job, std::size_t from, Instant now,
                                        Refusers refusers);
  /// Why place() has found nothing: overloaded, else too_large when only its size stands in the way, else
  /// no_server. Books nothing.
  Refusal why_not(const sched::Job& job, Instant now, Refusers refusers = {});

  /// Whether it has a member that could do this, were it up.
  bool ever_does(const sched::Job& job) const;

  // --- late binding, see late_binding.h -------------------------------------------------------------
  /// Its requests are bound late: it is set up so, and its policy weighs nothing but time.
  bool binds_late() const { return options_.late && follows_time_; }
  /// A request waits for room, because the pool binds late, or its servers have a limit of backlog.
  bool makes_wait() const { return binds_late() || waits_when_full(); }
  /// Under some policy it does.
  bool may_make_wait() const { return options_.late || waits_when_full(); }
  bool any_mini() const { return any_mini_; }
  /// By how much a request of this class is before others that wait.
  Nanos worth_of(std::uint8_t priority) const {
    return priority < options_.priorities.size() ? options_.priorities[priority] : 0ns;
  }
  /// By lane of LateBinding: a lane per type, or where some members speak the two-byte protocol two, of what
  /// does not fit it and of what does.
  const sched::PoolCosts& costs() const { return costs_; }
  std::uint8_t lane_of(const sched::Job& job) const {
    return static_cast<std::uint8_t>(any_mini_ ? 2 * job.type + (job.needs_frames() ? 0 : 1) : job.type);
  }
  /// When a request that comes now would be done, behind what waits in these lanes. Nothing: no server can do
  /// it. Pools of requests only.
  std::optional<sched::Prospect> prospect(std::uint8_t lane, std::uint32_t length, std::int64_t key,
                                          std::span<const sched::WaitLane> waiting, Instant now) {
    return prospects_.of(costs_, {lane, length, key, now, finish_times(now), waiting});
  }
  /// When the members would have had it done that would have had it done first, this placement's own among
  /// them.
  void list_alternatives(const Placement& placed, std::uint8_t lane, std::uint32_t length, Instant now,
                         ledger::Decision& to);
  RequestType type_of_lane(std::uint8_t lane) const { return any_mini_ ? lane / 2 : lane; }

  /// When each member will be free, ns; kUnavailable where it takes no work now. Until the next call of any
  /// method.
  std::span<const std::int64_t> finish_times(Instant now);
  std::span<const std::int64_t> last_finish_times() const { return finish_; }
  /// In those times: something is on its way there that is not in the books.
  void expect(std::size_t member, Nanos service);
  // By those times:
  /// It may be given one more.
  bool has_room(std::size_t member, Instant now) const {
    const std::int64_t finish = finish_[member];
    if (finish == sched::kUnavailable) return false;
    return finish <= (now + room(member)).time_since_epoch().count() || says_free(member, now) ||
           has_free_slot(member);
  }
  /// From when it may; Instant::max() when only a reply can tell.
  Instant room_at(std::size_t member) const;
  /// When one more would begin there.
  Instant start_at(std::size_t member, Instant now) const;
  /// Books one more. Nothing: somebody was faster.
  std::optional<ledger::Reservation> book(std::size_t member, RequestType type, std::uint32_t length,
                                          Instant now);
  /// How far ahead of its being free it is given the next.
  Nanos mark(std::size_t member) const { return room(member); }
  /// What a reply tells of how well that can be foreseen.
  void note_service(std::size_t member, const Served& served);
  /// Its reply says that so much work is left there.
  void note_backlog(std::size_t member, Nanos backlog, Instant now);
  /// A reply of it is long overdue. True when it has room for one request nevertheless, until probed().
  bool opens_for_probe(std::size_t member, Instant now);
  /// That request may be one that may not be done twice: none has been risked there since it last answered.
  bool may_risk(std::size_t member) const { return risked_[member] == 0; }
  /// It was sent one, or none that may be lost there; `safe`: that may be done twice.
  void probed(std::size_t member, bool sent, bool safe, Instant now);
  /// What of that counts as its finish time: where requests wait for room, a server that tells too much must
  /// not be left without work for longer than a mark.
  Nanos believed(Nanos backlog) const {
    return binds_late() ? std::min(backlog, sched::Mark::kMost) : backlog;
  }

  /// What a good reply tells of what this type of request costs there.
  void note_cost(std::size_t member, RequestType type, std::uint32_t length, const Served& served) {
    if (service_notes_) service_notes_->note(member, type, length, served);
  }
  /// Another value: costs() are others than before.
  std::uint32_t cost_revision() const { return cost_revision_; }

  /// Pools of streams: chooses a server and counts the connection in.
  std::variant<Placement, NoPlace> place_stream(const StreamJob& job, Instant now);
  /// Whether it would find a place. Books nothing.
  bool has_room(const StreamJob& job, Instant now);
  /// A load on this member as the ledger books it.
  Nanos booked_load(std::size_t member, double load) const;

  /// This member answered well, `took` after the request was sent, or accepted a stream, `took` after it was
  /// asked to; it failed by its own fault. Several requests lost with one link are one failure.
  void served(std::size_t member, Nanos took, Instant now) {
    if (doubted_ > 0 || any_refused_) trust_[member].served(now - took, now);
    if ((inputs_ & sched::kResponseTime) != 0) response_times_.served(member, took, now);
  }
  /// `spared`: of the time that was booked for that, what it has not used; for so long it stands back.
  void failed(std::size_t member, Nanos spared, Instant now);
  /// It is given nothing for now while others can do all that it does.
  bool stands_back(std::size_t member, Instant now) const { return now < trust_[member].stands_back_until(); }
  /// It did not begin what it was asked: it rests. `leaving`: it says that it will begin nothing any more.
  void refused(std::size_t member, bool leaving, Instant now);
  /// A new connection to it was made: whatever it has refused, it may be another one now.
  void recovered(std::size_t member) { trust_[member].recovered(); }
  /// A server may have room again: what became of the last request counts no more for the next of its kind in
  /// this batch.
  void room_changed() {
    if (any_refused_now_) std::ranges::fill(refused_, Refused{});
    any_refused_now_ = false;
  }
  /// Takes over what the pool before this one has learned of the servers that both have.
  void learn_from(const RequestPool& before);

 private:
  static constexpr int kDecisions =
      4;  // after so many lost races the booking is simply added, but for a trial

  void fill_fixed_columns();
  void fill_costs(const CostModel& cost);
  sched::PoolCosts costs_of(const CostModel& cost) const;
  bool waits_when_full() const { return options_.wait_when_full && options_.max_backlog > 0ns; }
  /// What has less to do than this has room.
  Nanos room(std::size_t member) const { return binds_late() ? share_of_mark(member) : options_.max_backlog; }
  /// Without news of other proxies each gives a server its share of what it may have ahead.
  Nanos share_of_mark(std::size_t member) const {
    return mark_sharers_ <= 1 ? room_[member] : std::max(sched::Mark::kLeast, room_[member] / mark_sharers_);
  }
  static constexpr std::uint32_t kRenewMarkAfter = 8;  // observations: a square root is not for each
  Nanos learned_room(std::size_t member) const {
    return books_.shares() ? marks_[member].shared_room() : marks_[member].room();
  }
  bool learns_marks() const { return options_.late && !options_.mark; }
  Nanos first_mark() const { return options_.mark.value_or(sched::Mark().room()); }
  /// The finish time of a server with several is their mean, and says little of one of them.
  bool has_free_slot(std::size_t member) const {
    return slots_[member] > 1 && books_.books(ids_[member]).in_flight + expected_[member] < slots_[member];
  }
  /// What is booked there.
  Nanos service_on(std::size_t member, RequestType type, std::uint32_t length) const {
    const double cost = nanos_per_unit_[type * ids_.size() + member];
    if (!uneven_) [[likely]]
      return service_time(length, cost);
    return service_time(length, cost * books_.slower(ids_[member]) / trust_[member].share());
  }
  static constexpr Nanos kBelieved = 2ms;
  static constexpr std::uint8_t kProbes = 3;  // at once
  static constexpr std::uint8_t kMostProbes = kProbes + 6;
  static constexpr Nanos kProbeAgain = 100ms;  // after those, and then twice as long each time
  bool says_free(std::size_t member, Instant now) const { return now < free_until_[member]; }
  void note_pull(std::size_t member, bool was_idle);

  /// Which members are in a view although they should be given nothing.
  struct Shown {
    bool full = false;     // above max_backlog, or congested
    bool resting = false;  // since they refused
  };
  /// What a request is that is to be placed.
  struct Demand {
    const sched::Job& job;
    Refusers refusers;
  };
  /// What became of the last request of one kind that found no server, in this batch.
  struct Refused {
    Instant at{};
    std::optional<Refusal> why{};
  };
  Refused& refused_of(const sched::Job& job) {
    return refused_[2U * job.type + (job.needs_frames() ? 0 : 1)];
  }
  inline std::optional<Placement> place_at_once(const sched::Job& job, Instant now);
  inline std::int64_t completion(std::size_t member, const sched::Job& job) const;
  inline bool goes_along(const sched::Job& job, Instant now) const;
  inline std::optional<std::size_t> soonest_with_room(const sched::Job& job, Instant now);
  inline std::span<const std::uint32_t> cheapest_for(const sched::Job& job);
  void list_cheapest(std::uint8_t lane, std::uint32_t length, std::span<const std::int64_t> finish,
                     std::vector<std::uint32_t>& to) const;
  void compare_costs();
  inline std::optional<Placement> place_among(const Demand& demand, Instant now, Shown shown);
  /// Books it on the chosen one, at the `decision`th try. Nothing: somebody was faster.
  std::optional<ledger::Reservation> reserve(std::size_t chosen, Nanos service, Instant now, int decision) {
    const ledger::ServerId server = ids_[chosen];
    if (decision >= kDecisions && !books_.takes_trials(server)) return books_.reserve(server, service, now);
    const auto reservation = books_.try_reserve(server, words_[chosen], service, now);
    if (!reservation) metrics_.add(ledger::WorkerCell::reserve_conflicts);
    return reservation;
  }
  bool others_are_full(const Demand& demand, Instant now);
  // To reach one more server costs two system calls and waking it up. Work that is done sooner than that
  // pays for goes along with the last of its batch.
  bool goes_along(Instant now) const { return last_chosen_at_ == now && options_.coalesce > 0ns; }
  bool is_soon(std::int64_t completion, Instant now) const {
    return completion <= (now + options_.coalesce).time_since_epoch().count();
  }
  void note_chosen(std::size_t member, Instant now) {
    last_chosen_ = member;
    last_chosen_at_ = now;
  }
  /// The policy's choice, or the server that this batch goes to already.
  template <class By>
  std::optional<std::size_t> choose(By& by, const sched::PoolView& pool, const sched::Job& job);
  Refusal reason(const Demand& demand, Instant now);
  std::optional<Nanos> shortest_wait(const Demand& demand, Instant now);
  inline void hide(const Demand& demand, Instant now, Shown shown);
  inline void hide_full(Instant now);
  std::span<const std::int64_t> farther();
  void hide_loaded();
  void hide_backups();
  void hide_resting(Instant now);
  void hide_standing_back(Instant now);
  bool is_replaced(std::size_t member) const;
  /// The policy that the ledger orders; nullptr while it orders none that this program knows.
  const sched::PolicyRow* ordered() const;
  void follow_orders() {
    if (const std::uint32_t word = order(); word != order_) [[unlikely]]
      follow(word);
    if (options_.learns_costs && options_.orders.costs() != cost_revision_) [[unlikely]]
      follow_costs();
  }
  void follow_costs();
  static constexpr double kAlike = 1.02;  // costs up to this ratio count as the same
  Nanos as_booked(std::size_t member, Nanos service) const {
    if (!any_distant_) return service;
    return Nanos(
        static_cast<Nanos::rep>(static_cast<double>(service.count()) / members_[member].distance.factor));
  }
  void follow(std::uint32_t word);
  /// Until the next call of any method.
  const sched::PoolView& view(const Demand& demand, Instant now, Shown shown);
  /// The same for a stream; `full` tells whether a server is left out because of max_connections.
  const sched::PoolView& stream_view(const StreamJob& job, Instant now, bool& full);
  inline const sched::PoolView& with_columns(std::span<const double> nanos_per_unit, bool slow, Instant now);
  inline void fill_columns();
  void refresh_share(Instant now);
  std::span<const double> slowed(std::span<const double> nanos_per_unit);

  Options options_;
  std::vector<Member> members_;
  ledger::WorkerBooks& books_;
  ledger::WorkerMetrics& metrics_;
  std::uint32_t order_ = 0;  // the one that policy_ follows
  std::unique_ptr<sched::Policy> policy_;
  unsigned inputs_;                    // of the policy
  sched::EarliestFinish late_policy_;  // chooses among members that have room, while it binds late
  bool follows_time_ = false;          // the policy is the one that late binding stands in for
  std::size_t last_chosen_ = 0;
  Instant last_chosen_at_{};
  sched::Random random_;

  // Columns by position; those that the ledger fills anew for each decision come last.
  std::vector<ledger::ServerId> ids_;
  std::vector<double> nanos_per_unit_;                // [type * members + member]
  std::vector<std::vector<std::uint32_t>> cheapest_;  // by lane: members that do it cheapest, by its length
  std::vector<std::uint32_t> cheapest_now_;           // of those that are there, for one request
  std::vector<double> share_;                         // while a server does not count in full
  std::vector<double> slowed_;                        // nanos_per_unit_ of one type, then
  std::vector<double> weight_;
  std::vector<std::uint32_t> slots_;
  std::vector<std::uint64_t> identity_;
  sched::ResponseTimes response_times_;  // fed only while the policy reads them
  std::vector<sched::Trust> trust_;
  std::vector<sched::Mark> marks_;
  std::vector<Instant> free_until_;          // so long it is believed to have nothing to do, for one request
  std::vector<std::uint8_t> tells_backlog_;  // it has told of work that is left
  std::vector<std::uint8_t> probes_;         // sent since it last answered, because a reply was overdue
  std::vector<Instant> probe_at_;            // not before that
  std::vector<std::uint8_t> risked_;         // one of those may not be done twice
  std::uint32_t observed_ = 0;               // replies that told of marks
  std::vector<Nanos> room_;                  // of late binding: the marks as they are now
  sched::PoolCosts costs_;                   // of what waits, and of prospects
  sched::Prospects prospects_;
  std::optional<ServiceNotes> service_notes_;
  std::uint32_t cost_revision_ = 0;           // that nanos_per_unit_ and costs_ follow; 0: what is declared
  std::size_t doubted_ = 0;                   // members not trusted in full
  bool any_refused_ = false;                  // ever
  Instant rest_ends_{};                       // of all members, and until when some stand back
  std::vector<std::uint8_t> standing_back_;   // by member: now
  std::vector<std::uint8_t> done_by_others_;  // by type: by some that do not stand back
  std::vector<Refused> refused_;              // by type and whether it fits two bytes
  bool any_refused_now_ = false;
  std::vector<std::uint8_t> reachable_;
  std::vector<std::uint8_t> congested_;
  std::size_t in_reach_ = 0;
  std::size_t unreachable_ = 0;  // or congested
  bool all_congested_ = false;   // all that are in reach, and there are some
  bool any_mini_ = false;
  bool any_backup_ = false;
  bool any_distant_ = false;  // slower or later
  bool any_later_ = false;
  bool uneven_ = false;  // when finish_ was read last, some counted for less than they are: share_
  std::vector<std::int64_t> later_;  // finish times as the policy sees them, while any is
  std::uint32_t mark_sharers_ = 1;
  std::vector<std::int64_t> words_;
  std::vector<std::int64_t> finish_;
  std::vector<std::uint32_t> in_flight_;
  std::vector<std::uint32_t> expected_;  // requests: see expect()
  bool any_expected_ = false;
  std::vector<std::int64_t> backlog_;
  sched::PoolView view_;  // of these columns
};

}  // namespace finishline::worker
