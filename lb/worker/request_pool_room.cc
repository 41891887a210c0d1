// Room: which members may be given one more now, and what is learned of that.
#include <algorithm>
#include <cmath>
#include <limits>
#include <utility>

#include "lb/worker/request_pool.h"

namespace finishline::worker {

std::span<const std::int64_t> RequestPool::finish_times(Instant now) {
  follow_orders();
  if (std::exchange(any_expected_, false)) std::ranges::fill(expected_, 0U);
  mark_sharers_ = books_.sharers_unheard();
  const bool slow = books_.read_finish(ids_, now, words_, finish_);
  for (std::size_t i = 0; unreachable_ > 0 && i < members_.size(); ++i)
    if (reachable_[i] == 0 || congested_[i] != 0) finish_[i] = sched::kUnavailable;
  if (now < rest_ends_) [[unlikely]]
    hide_resting(now);
  if (any_backup_) [[unlikely]]
    hide_backups();
  uneven_ = slow || doubted_ > 0 || any_distant_;
  if (uneven_) refresh_share(now);
  return finish_;
}

/// A server that is only full is still there: its work waits, and does not go to a backup.
void RequestPool::hide_backups() {
  const auto works = [this](std::size_t i) {
    return !members_[i].backup && finish_[i] != sched::kUnavailable;
  };
  bool any = false;
  for (std::size_t i = 0; i < members_.size() && !any; ++i) any = works(i);
  if (!any) return;
  for (std::size_t i = 0; i < members_.size(); ++i)
    if (members_[i].backup) finish_[i] = sched::kUnavailable;
}

void RequestPool::hide_resting(Instant now) {
  for (std::size_t i = 0; i < members_.size(); ++i)
    if (now < trust_[i].rests_until()) finish_[i] = sched::kUnavailable;
  hide_standing_back(now);
}

/// Those that failed fast are not there while all that they do can be done by others.
void RequestPool::hide_standing_back(Instant now) {
  const std::size_t n = members_.size();
  standing_back_.assign(n, 0);
  bool any = false;
  for (std::size_t i = 0; i < n; ++i)
    any |= standing_back_[i] = finish_[i] != sched::kUnavailable && now < trust_[i].stands_back_until();
  if (!any) return;
  done_by_others_.assign(nanos_per_unit_.size() / n, 0);
  for (std::size_t type = 0; type < done_by_others_.size(); ++type)
    for (std::size_t i = 0; i < n && done_by_others_[type] == 0; ++i)
      done_by_others_[type] = finish_[i] != sched::kUnavailable && standing_back_[i] == 0 &&
                              std::isfinite(nanos_per_unit_[type * n + i]);
  for (std::size_t i = 0; i < n; ++i)
    if (standing_back_[i] != 0 && is_replaced(i)) finish_[i] = sched::kUnavailable;
}

bool RequestPool::is_replaced(std::size_t member) const {
  for (std::size_t type = 0; type < done_by_others_.size(); ++type)
    if (done_by_others_[type] == 0 && std::isfinite(nanos_per_unit_[type * members_.size() + member]))
      return false;
  return true;
}

/// For a policy that compares finish times a server of another zone has all done so much later. Whether it
/// has room is not a question of that.
std::span<const std::int64_t> RequestPool::farther() {
  later_ = finish_;
  for (std::size_t i = 0; i < later_.size(); ++i)
    if (later_[i] != sched::kUnavailable) later_[i] += members_[i].distance.later.count();
  return later_;
}

/// Who has much more than the least loaded is given nothing new.
void RequestPool::hide_loaded() {
  if (finish_.empty()) return;
  const std::int64_t least = std::ranges::min(finish_);
  if (least == sched::kUnavailable) return;
  const auto most = least + static_cast<std::int64_t>(static_cast<double>(ledger::kFullLoad.count()) *
                                                      options_.rebalance_load / 100);
  for (std::int64_t& finish : finish_)
    if (finish > most) finish = sched::kUnavailable;
}

std::optional<Placement> RequestPool::place_sooner(const sched::Job& job, std::size_t from, Instant now,
                                                   Refusers refusers) {
  for (;;) {
    const sched::PoolView& pool = view({job, refusers}, now, {.full = true});
    std::optional<std::size_t> best;
    for (std::size_t i = 0; i < pool.size(); ++i)
      if (i != from && pool.can(i) && (!best || pool.completion(i, job) < pool.completion(*best, job)))
        best = i;
    const bool stuck = finish_[from] == sched::kUnavailable;
    if (!best || (!stuck && options_.rebalance_gap == 0ns)) return std::nullopt;
    if (!stuck && pool.completion(*best, job) + options_.rebalance_gap.count() >= pool.finish[from])
      return std::nullopt;
    const Nanos service = as_booked(*best, Nanos{pool.service(*best, job)});
    if (const auto booked = reserve(*best, service, now, 1)) return Placement{*best, *booked};
  }
}

Instant RequestPool::room_at(std::size_t member) const {
  const std::int64_t finish = finish_[member];
  return finish == sched::kUnavailable ? Instant::max() : Instant(Nanos(finish)) - room(member);
}

Instant RequestPool::start_at(std::size_t member, Instant now) const {
  return says_free(member, now) || has_free_slot(member) ? now : Instant(Nanos(finish_[member]));
}

void RequestPool::expect(std::size_t member, Nanos service) {
  if (finish_[member] == sched::kUnavailable) return;
  finish_[member] = ledger::booked_finish(finish_[member], service, slots_[member]);
  ++expected_[member];
  any_expected_ = true;
  free_until_[member] = Instant{};
}

/// Books can hold what is nobody's work any more: a lost reply, or one that a stopped worker does not read.
/// So a reply that says that nothing is left there gives room for one request, where this server is known to
/// say so when something is, or where no more than it works on at once is in flight.
void RequestPool::note_backlog(std::size_t member, Nanos backlog, Instant now) {
  if (!binds_late()) return;
  probes_[member] = 0;
  probe_at_[member] = Instant{};
  risked_[member] = 0;
  if (backlog > 0ns) tells_backlog_[member] = 1;
  const bool free = backlog == 0ns &&
                    (tells_backlog_[member] != 0 || books_.books(ids_[member]).in_flight <= slots_[member]);
  free_until_[member] = free ? now + kBelieved : Instant{};
}

/// It is asked something else, to see whether it answers at all. A few such requests may be lost there, and
/// one now and then after that: a server may lose some and then work.
bool RequestPool::opens_for_probe(std::size_t member, Instant now) {
  if (!binds_late() || now < probe_at_[member]) return false;
  free_until_[member] = now + kBelieved;
  return true;
}

void RequestPool::probed(std::size_t member, bool sent, bool safe, Instant now) {
  free_until_[member] = Instant{};
  if (!sent) return;
  std::uint8_t& probes = probes_[member];
  if (probes >= kProbes) probe_at_[member] = now + kProbeAgain * (1 << (probes - kProbes));
  probes = std::min<std::uint8_t>(probes + 1, kMostProbes);
  if (!safe) risked_[member] = 1;
}

void RequestPool::note_pull(std::size_t member, bool was_idle) {
  marks_[member].pulled(was_idle);
  room_[member] = learned_room(member);
}

namespace {

/// Who does not say how long it worked, and answers in less than half of the time, did other work than the
/// books have: nearly all of it was the way.
Nanos worked_of(const Served& served) {
  if (served.worked > 0ns) return served.worked;
  return 2 * served.took < served.booked ? 0ns : served.booked;
}

}  // namespace

void RequestPool::note_service(std::size_t member, const Served& served) {
  if (!learns_marks()) return;
  sched::Mark& mark = marks_[member];
  mark.replied(served.booked, served.expected, served.took);
  const bool told = served.worked > 0ns;
  if (told) mark.served(served.booked, served.worked);
  if (served.was_idle) mark.travelled(served.took - worked_of(served));
  if (++observed_ % kRenewMarkAfter == 0 || room_[member] <= sched::Mark::kLeast)
    room_[member] = learned_room(member);
}

std::optional<ledger::Reservation> RequestPool::book(std::size_t member, RequestType type,
                                                     std::uint32_t length, Instant now) {
  const auto booked = reserve(member, service_on(member, type, length), now, 1);
  if (!booked) return std::nullopt;
  if (learns_marks()) note_pull(member, finish_[member] <= now.time_since_epoch().count());
  free_until_[member] = Instant{};
  finish_[member] = ledger::booked_finish(finish_[member], booked->service, slots_[member]);
  return booked;
}

/// Its own booking stands in the books already.
void RequestPool::list_alternatives(const Placement& placed, std::uint8_t lane, std::uint32_t length,
                                    Instant now, ledger::Decision& to) {
  std::vector<ledger::Decision::Alternative> all;
  const std::span<const std::int64_t> finish = finish_times(now);
  for (std::size_t member = 0; member < finish.size(); ++member) {
    const double cost = costs_.cost(member, lane);
    if (finish[member] == sched::kUnavailable || cost == std::numeric_limits<double>::infinity()) continue;
    const Nanos free = std::max(Instant(Nanos(finish[member])) - now, 0ns);
    const Nanos done = free + members_[member].distance.later;
    all.push_back({ids_[member], member == placed.member ? done : done + service_time(length, cost)});
  }
  std::ranges::sort(all, {}, &ledger::Decision::Alternative::until_done);
  to.alternative_count = static_cast<std::uint8_t>(std::min(all.size(), ledger::kAlternatives));
  std::copy_n(all.begin(), to.alternative_count, to.alternatives.begin());
}

}  // namespace finishline::worker
