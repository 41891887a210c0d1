#include "lb/worker/pool.h"

#include <algorithm>
#include <utility>

namespace finishline::worker {

namespace {

/// The length of a job that stands for a load: whole thousandths of a percent.
constexpr double kLengthPerPercent = 1000;

std::uint32_t length_of(double load) {
  constexpr double kMost = 0xffffffffU;
  return static_cast<std::uint32_t>(std::min(load * kLengthPerPercent + 0.5, kMost));
}

/// What one unit of such a length books on a server of this capacity, ns.
double nanos_per_load(double capacity) {
  return static_cast<double>(ledger::kFullLoad.count()) / (capacity * kLengthPerPercent);
}

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
  if (options_.streams) {
    for (std::size_t i = 0; i < members_.size(); ++i) set_reachable(i, true);
    for (const Member& member : members_) nanos_per_unit_.push_back(nanos_per_load(member.capacity));
    return;
  }
  for (std::size_t type = 0; type < cost.request_types().size(); ++type) {
    for (const Member& member : members_) {
      nanos_per_unit_.push_back(
          cost.nanos_per_unit(member.spec.type, static_cast<RequestType>(type), member.spec.speed));
    }
  }
}

void Pool::set_reachable(std::size_t member, bool reachable) {
  if ((reachable_[member] != 0) == reachable) return;
  reachable_[member] = reachable ? 1 : 0;
  unreachable_ += reachable ? -1 : 1;
}

std::optional<Placement> Pool::place(const sched::Job& job, bool fits_mini, Instant now) {
  for (int decision = 1;; ++decision) {
    const sched::PoolView pool = view(job, fits_mini, now);
    const auto chosen = policy_->pick(pool, job, random_);
    if (!chosen) return std::nullopt;
    const Nanos service{pool.service(*chosen, job)};
    auto reservation = decision < kDecisions
                           ? books_.try_reserve(ids_[*chosen], words_[*chosen], service, now)
                           : books_.reserve(ids_[*chosen], service, now);
    if (reservation) {
      policy_->picked(*chosen);
      return Placement{*chosen, *reservation};
    }
    metrics_.add(ledger::WorkerCell::reserve_conflicts);
  }
}

// Tries until it has counted one in, or there is no room: a race is lost only to one that has found some.
std::variant<Placement, NoPlace> Pool::place_stream(const StreamJob& job, Instant now) {
  const sched::Job as_job{0, length_of(job.load), job.key};
  for (;;) {
    bool full = false;
    const sched::PoolView pool = stream_view(job, now, full);
    const auto chosen = policy_->pick(pool, as_job, random_);
    if (!chosen) return full ? NoPlace::full : NoPlace::none;
    if (auto open = books_.try_open(ids_[*chosen], words_[*chosen], booked_load(*chosen, job.load))) {
      policy_->picked(*chosen);
      return Placement{*chosen, *open};
    }
    metrics_.add(ledger::WorkerCell::reserve_conflicts);
  }
}

Nanos Pool::booked_load(std::size_t member, double load) const {
  return service_time(length_of(load), nanos_per_load(members_[member].capacity));
}

sched::PoolView Pool::stream_view(const StreamJob& job, Instant now, bool& full) {
  const bool slow = books_.read_loads(ids_, now, words_, finish_, in_flight_);
  for (const std::size_t tried : job.tried) finish_[tried] = sched::kUnavailable;
  for (std::size_t i = 0; i < members_.size(); ++i) {
    if (finish_[i] == sched::kUnavailable) continue;
    backlog_[i] = finish_[i] - now.time_since_epoch().count();
    const std::uint32_t most = members_[i].max_connections;
    if (most == 0 || in_flight_[i] < most) continue;
    finish_[i] = sched::kUnavailable;
    full = true;
  }
  return {.now = now,
          .finish = finish_,
          .nanos_per_unit = slow ? slowed(nanos_per_unit_) : nanos_per_unit_,
          .in_flight = in_flight_,
          .backlog = backlog_,
          .weight = weight_,
          .slots = slots_};
}

bool Pool::could_place(const sched::Job& job, bool fits_mini, Instant now) {
  const sched::PoolView pool = view(job, fits_mini, now);
  for (std::size_t i = 0; i < pool.size(); ++i) {
    if (pool.can(i)) return true;
  }
  return false;
}

sched::PoolView Pool::view(const sched::Job& job, bool fits_mini, Instant now) {
  const bool slow = books_.read_finish(ids_, now, words_, finish_);
  if (unreachable_ > 0 || (any_mini_ && !fits_mini)) {
    for (std::size_t i = 0; i < members_.size(); ++i) {
      if (reachable_[i] == 0 || (members_[i].mini && !fits_mini)) finish_[i] = sched::kUnavailable;
    }
  }
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
