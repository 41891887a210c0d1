#include "lb/worker/pool.h"

#include <algorithm>
#include <utility>

namespace finishline::worker {
namespace {

/// What a client is told to wait when it could come again at once, or when nobody knows.
constexpr Nanos kLeastWait = 1ms;

}  // namespace

Pool::Pool(Options options, std::vector<Member> members, const CostModel& cost, ledger::WorkerBooks& books,
           ledger::WorkerMetrics& metrics, std::uint64_t seed)
    : options_(std::move(options)),
      members_(std::move(members)),
      books_(books),
      metrics_(metrics),
      policy_(sched::find_policy(options_.policy)->make(options_.params)),
      random_(seed),
      reachable_(members_.size(), 0),
      congested_(members_.size(), 0),
      unreachable_(members_.size()),
      words_(members_.size()),
      finish_(members_.size()),
      in_flight_(members_.size()),
      backlog_(members_.size()) {
  for (const Member& member : members_) {
    ids_.push_back(member.id);
    weight_.push_back(member.weight);
    slots_.push_back(member.spec.slots);
    any_mini_ |= member.mini;
  }
  for (std::size_t type = 0; type < cost.request_types().size(); ++type) {
    for (const Member& member : members_) {
      nanos_per_unit_.push_back(
          cost.nanos_per_unit(member.spec.type, static_cast<RequestType>(type), member.spec.speed));
    }
  }
}

void Pool::set_reachable(std::size_t member, bool reachable) {
  reachable_[member] = reachable ? 1 : 0;
  count_unreachable();
}

void Pool::set_congested(std::size_t member, bool congested) {
  congested_[member] = congested ? 1 : 0;
  count_unreachable();
}

void Pool::count_unreachable() {
  unreachable_ = 0;
  for (std::size_t i = 0; i < members_.size(); ++i) unreachable_ += reachable_[i] == 0 || congested_[i] != 0 ? 1 : 0;
}

std::optional<Placement> Pool::place(const sched::Job& job, bool fits_mini, Instant now) {
  for (int decision = 1;; ++decision) {
    const sched::PoolView pool = view(job, fits_mini, now, Full::hidden);
    const auto chosen = policy_->pick(pool, job, random_);
    if (!chosen) return std::nullopt;
    const Nanos service{pool.service(*chosen, job)};
    const auto reservation = decision < kDecisions || books_.takes_trials(ids_[*chosen])
                                 ? books_.try_reserve(ids_[*chosen], words_[*chosen], service, now)
                                 : books_.reserve(ids_[*chosen], service, now);
    if (reservation) {
      policy_->picked(*chosen);
      return Placement{*chosen, *reservation};
    }
    metrics_.add(ledger::WorkerCell::reserve_conflicts);
  }
}

Refusal Pool::why_not(const sched::Job& job, bool fits_mini, Instant now) {
  if (const auto wait = shortest_wait(job, fits_mini, now)) return {proto::Status::overloaded, *wait};
  if (!fits_mini && shortest_wait(job, true, now)) return {proto::Status::too_large};
  return {proto::Status::no_server};
}

/// Until the first of the servers that could do it falls to max_backlog; nothing when there is no such server.
std::optional<Nanos> Pool::shortest_wait(const sched::Job& job, bool fits_mini, Instant now) {
  const sched::PoolView pool = view(job, fits_mini, now, Full::shown);
  std::optional<Nanos> shortest;
  for (std::size_t i = 0; i < pool.size(); ++i) {
    if (!pool.can(i)) continue;
    const Nanos wait = Nanos(finish_[i]) - now.time_since_epoch() - options_.max_backlog;
    shortest = std::min(shortest.value_or(Nanos::max()), std::max(wait, kLeastWait));
  }
  return shortest;
}

sched::PoolView Pool::view(const sched::Job& job, bool fits_mini, Instant now, Full full) {
  const bool slow = books_.read_finish(ids_, now, words_, finish_);
  if (unreachable_ > 0 || (any_mini_ && !fits_mini)) {
    for (std::size_t i = 0; i < members_.size(); ++i) {
      if (reachable_[i] == 0 || (congested_[i] != 0 && full == Full::hidden) || (members_[i].mini && !fits_mini))
        finish_[i] = sched::kUnavailable;
    }
  }
  if (options_.max_backlog > 0ns && full == Full::hidden) hide_full(now);
  fill_columns(policy_->inputs());
  const std::size_t n = members_.size();
  const auto nanos_per_unit = std::span<const double>(nanos_per_unit_).subspan(job.type * n, n);
  return {.now = now,
          .finish = finish_,
          .nanos_per_unit = slow ? slowed(nanos_per_unit) : nanos_per_unit,
          .in_flight = in_flight_,
          .backlog = backlog_,
          .weight = weight_,
          .slots = slots_};
}

/// A server above its mark takes no more. An unavailable one is above any mark.
void Pool::hide_full(Instant now) {
  const std::int64_t mark = (now + options_.max_backlog).time_since_epoch().count();
  for (std::int64_t& finish : finish_)
    if (finish > mark) finish = sched::kUnavailable;
}

/// A server in slow start is given work as if it were slower than it is.
std::span<const double> Pool::slowed(std::span<const double> nanos_per_unit) {
  slowed_.assign(nanos_per_unit.begin(), nanos_per_unit.end());
  for (std::size_t i = 0; i < slowed_.size(); ++i) slowed_[i] *= books_.slower(ids_[i]);
  return slowed_;
}

void Pool::fill_columns(unsigned inputs) {
  if ((inputs & (sched::kInFlight | sched::kBacklog)) == 0) return;
  for (std::size_t i = 0; i < members_.size(); ++i) {
    const ledger::ServerBooks books = books_.books(ids_[i]);
    in_flight_[i] = books.in_flight;
    backlog_[i] = books.owed.count();
  }
}

}  // namespace finishline::worker
