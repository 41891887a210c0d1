#include "lb/worker/request_pool.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <utility>

#include "lb/sched/hash.h"

namespace finishline::worker {
namespace {

/// What a client is told to wait when it could come again at once, or when nobody knows.
constexpr Nanos kLeastWait = 1ms;

/// The length of a job that stands for a load: whole thousandths of a percent.
constexpr double kLengthPerPercent = 1000;

/// The policy that late binding stands in for: all work is done earliest.
constexpr std::string_view kLatePolicy = "makespan";

std::uint32_t length_of(double load) {
  constexpr double kMost = 0xffffffffU;
  return static_cast<std::uint32_t>(std::min(load * kLengthPerPercent + 0.5, kMost));
}

/// What one unit of such a length books on a server of this capacity, ns.
double nanos_per_load(double capacity) {
  return static_cast<double>(ledger::kFullLoad.count()) / (capacity * kLengthPerPercent);
}

}  // namespace

RequestPool::RequestPool(Options options, std::vector<Member> members, const CostModel& cost,
                         ledger::WorkerBooks& books, ledger::WorkerMetrics& metrics, std::uint64_t seed)
    : options_(std::move(options)),
      members_(std::move(members)),
      books_(books),
      metrics_(metrics),
      policy_(sched::find_policy(options_.policy)->make(options_.params)),
      inputs_(policy_->inputs()),
      random_(seed),
      response_times_(members_.size()),
      trust_(members_.size()),
      marks_(members_.size()),
      free_until_(members_.size()),
      tells_backlog_(members_.size()),
      probes_(members_.size()),
      probe_at_(members_.size()),
      risked_(members_.size()),
      room_(members_.size(), first_mark()),
      reachable_(members_.size(), 0),
      congested_(members_.size(), 0),
      unreachable_(members_.size()),
      words_(members_.size()),
      finish_(members_.size()),
      in_flight_(members_.size()),
      expected_(members_.size()),
      backlog_(members_.size()) {
  fill_fixed_columns();
  follows_time_ = policy() == kLatePolicy;
  if (options_.streams) {
    for (std::size_t i = 0; i < members_.size(); ++i) set_reach(i, true);
    for (const Member& member : members_) nanos_per_unit_.push_back(nanos_per_load(member.capacity));
    return;
  }
  fill_costs(cost);
}

/// Of a view what stays as it is.
void RequestPool::fill_fixed_columns() {
  for (const Member& member : members_) {
    ids_.push_back(member.id);
    weight_.push_back(member.weight);
    slots_.push_back(member.spec.slots);
    identity_.push_back(sched::identity_of(member.spec.name));
    any_mini_ |= member.mini;
    any_backup_ |= member.backup;
    any_distant_ |= member.distance.far();
    any_later_ |= member.distance.later > 0ns;
  }
  view_ = {.finish = finish_,
           .nanos_per_unit = {},
           .in_flight = in_flight_,
           .backlog = backlog_,
           .weight = weight_,
           .slots = slots_,
           .identity = identity_};
}

void RequestPool::fill_costs(const CostModel& cost) {
  refused_.resize(2 * cost.request_types().size());
  for (std::size_t type = 0; type < cost.request_types().size(); ++type) {
    for (const Member& member : members_) {
      nanos_per_unit_.push_back(
          cost.nanos_per_unit(member.spec.type, static_cast<RequestType>(type), member.spec.speed));
    }
  }
  costs_ = costs_of(cost);
  if (options_.notes_costs) service_notes_.emplace(books_, ids_, nanos_per_unit_);
  compare_costs();
}

sched::PoolCosts RequestPool::costs_of(const CostModel& cost) const {
  std::vector<sched::PooledServer> servers;
  for (const Member& member : members_)
    servers.push_back({member.spec.type, member.spec.speed, member.spec.slots, member.mini, member.distance});
  return sched::pool_costs(cost, servers);
}

void RequestPool::follow_costs() {
  cost_revision_ = ledger::cost_revision(books_.ledger(), options_.row);
  service_notes_->read(nanos_per_unit_);
  const std::size_t n = members_.size();
  for (std::size_t lane = 0; lane < costs_.types; ++lane) {
    const double* const learned = &nanos_per_unit_[type_of_lane(static_cast<std::uint8_t>(lane)) * n];
    double* const costs = &costs_.nanos_per_unit[lane * n];
    for (std::size_t i = 0; i < n; ++i)
      if (costs[i] < std::numeric_limits<double>::infinity())
        costs[i] = learned[i] * members_[i].distance.factor;
  }
  compare_costs();
}

std::string_view RequestPool::policy() const {
  const sched::PolicyRow* row = ordered();
  return row != nullptr ? row->name : options_.policy;
}

const sched::PolicyRow* RequestPool::ordered() const {
  return sched::find_policy(ledger::PoolOrders::policy_in(order()));
}

void RequestPool::follow(std::uint32_t word) {
  order_ = word;
  const sched::PolicyRow* row = ordered();
  if (row == nullptr) return;
  policy_ = row->make(options_.params);
  inputs_ = policy_->inputs();
  follows_time_ = policy() == kLatePolicy;
}

void RequestPool::set_reach(std::size_t member, bool reachable, bool congested) {
  reachable = reachable && members_[member].weight > 0;
  room_changed();
  const auto unusable = [&] { return reachable_[member] == 0 || congested_[member] != 0; };
  in_reach_ -= reachable_[member];
  unreachable_ -= unusable() ? 1 : 0;
  reachable_[member] = reachable ? 1 : 0;
  congested_[member] = congested ? 1 : 0;
  in_reach_ += reachable_[member];
  unreachable_ += unusable() ? 1 : 0;
  all_congested_ = in_reach_ > 0 && unreachable_ == members_.size();
}

Refusal RequestPool::why_not(const sched::Job& job, Instant now, Refusers refusers) {
  Refused& others = refused_of(job);
  const bool alike = refusers.empty() && others.at == now;
  if (alike && others.why) return *others.why;
  const Refusal why = reason({job, refusers}, now);
  if (alike) others.why = why;
  return why;
}

Refusal RequestPool::reason(const Demand& demand, Instant now) {
  if (const auto wait = shortest_wait(demand, now)) return {proto::Status::overloaded, *wait};
  sched::Job smaller = demand.job;
  smaller.needs = 0;
  if (demand.job.needs_frames() && shortest_wait({smaller, demand.refusers}, now))
    return {proto::Status::too_large};
  return {proto::Status::no_server};
}

bool RequestPool::ever_does(const sched::Job& job) const {
  for (std::size_t member = 0; member < members_.size(); ++member)
    if (std::isfinite(costs_.cost(member, lane_of(job)))) return true;
  return false;
}

/// Until the first of the servers that could do it falls to max_backlog; nothing when there is no such
/// server.
std::optional<Nanos> RequestPool::shortest_wait(const Demand& demand, Instant now) {
  const sched::PoolView& pool = view(demand, now, {.full = true, .resting = true});
  std::optional<Nanos> shortest;
  for (std::size_t i = 0; i < pool.size(); ++i) {
    if (!pool.can(i)) continue;
    const Nanos wait = Nanos(finish_[i]) - now.time_since_epoch() - options_.max_backlog;
    shortest = std::min(shortest.value_or(Nanos::max()), std::max(wait, kLeastWait));
  }
  return shortest;
}

// Tries until it has counted one in, or there is no room: a race is lost only to one that has found some.
std::variant<Placement, NoPlace> RequestPool::place_stream(const StreamJob& job, Instant now) {
  const sched::Job as_job{0, length_of(job.load), job.key};
  for (;;) {
    bool full = false;
    const sched::PoolView& pool = stream_view(job, now, full);
    const auto chosen = policy_->pick(pool, as_job, random_);
    if (!chosen) return full ? NoPlace::full : NoPlace::none;
    if (auto open = books_.try_open(ids_[*chosen], words_[*chosen], booked_load(*chosen, job.load))) {
      policy_->picked(*chosen);
      return Placement{*chosen, *open};
    }
    metrics_.add(ledger::WorkerCell::reserve_conflicts);
  }
}

bool RequestPool::has_room(const StreamJob& job, Instant now) {
  bool full = false;
  stream_view(job, now, full);
  return std::ranges::any_of(finish_, [](std::int64_t finish) { return finish != sched::kUnavailable; });
}

Nanos RequestPool::booked_load(std::size_t member, double load) const {
  return service_time(length_of(load), nanos_per_load(members_[member].capacity));
}

const sched::PoolView& RequestPool::stream_view(const StreamJob& job, Instant now, bool& full) {
  follow_orders();
  const bool slow = books_.read_loads(ids_, now, words_, finish_, in_flight_);
  for (std::size_t i = 0; i < members_.size(); ++i) {
    if (reachable_[i] == 0 || std::ranges::count(job.tried, ids_[i]) > 0) finish_[i] = sched::kUnavailable;
  }
  if (any_backup_) [[unlikely]]
    hide_backups();
  for (std::size_t i = 0; i < members_.size(); ++i) {
    if (finish_[i] == sched::kUnavailable) continue;
    backlog_[i] = finish_[i] - now.time_since_epoch().count();
    const std::uint32_t most = members_[i].max_connections;
    if (most == 0 || in_flight_[i] < most) continue;
    finish_[i] = sched::kUnavailable;
    full = true;
  }
  if (options_.rebalance_load > 0) hide_loaded();
  return with_columns(nanos_per_unit_, slow, now);
}

const sched::PoolView& RequestPool::view(const Demand& demand, Instant now, Shown shown) {
  follow_orders();
  mark_sharers_ = books_.sharers_unheard();
  const bool slow = books_.read_finish(ids_, now, words_, finish_);
  hide(demand, now, shown);
  fill_columns();
  const std::size_t n = members_.size();
  return with_columns(std::span<const double>(nanos_per_unit_).subspan(demand.job.type * n, n), slow, now);
}

/// Members that this request does not go to take no work in this view.
void RequestPool::hide(const Demand& demand, Instant now, Shown shown) {
  if (unreachable_ > 0 || (any_mini_ && demand.job.needs_frames())) {
    for (std::size_t i = 0; i < members_.size(); ++i) {
      if (reachable_[i] == 0 || (congested_[i] != 0 && !shown.full) ||
          (members_[i].mini && demand.job.needs_frames()))
        finish_[i] = sched::kUnavailable;
    }
  }
  if (now < rest_ends_ && !shown.resting) [[unlikely]]
    hide_resting(now);
  for (const ledger::ServerId refuser : demand.refusers) {
    const auto at = std::ranges::find(ids_, refuser);
    if (at != ids_.end()) finish_[static_cast<std::size_t>(at - ids_.begin())] = sched::kUnavailable;
  }
  if (any_backup_) [[unlikely]]
    hide_backups();
  if ((options_.max_backlog > 0ns || binds_late()) && !shown.full) hide_full(now);
}

const sched::PoolView& RequestPool::with_columns(std::span<const double> nanos_per_unit, bool slow,
                                                 Instant now) {
  view_.now = now;
  view_.nanos_per_unit = nanos_per_unit;
  if (any_later_) [[unlikely]]
    view_.finish = farther();
  if ((inputs_ & sched::kResponseTime) != 0) view_.response_time = response_times_.column(now);
  view_.share = {};
  if (slow || doubted_ > 0 || any_distant_) {
    refresh_share(now);
    view_.share = share_;
    view_.nanos_per_unit = slowed(nanos_per_unit);
  }
  return view_;
}

/// A server in slow start is given work as if it were slower than it is, and so is one that failed just now,
/// or is in another zone.
void RequestPool::refresh_share(Instant now) {
  share_.resize(members_.size());
  doubted_ = 0;
  for (std::size_t i = 0; i < members_.size(); ++i) {
    trust_[i].forget(now);
    doubted_ += !trust_[i].whole();
    share_[i] = trust_[i].share() / books_.slower(ids_[i]) / members_[i].distance.factor;
  }
}

/// A server without room takes no more.
void RequestPool::hide_full(Instant now) {
  const std::span<std::int64_t> finish = finish_;
  const std::int64_t at = now.time_since_epoch().count();
  const bool late = binds_late();
  for (std::size_t i = 0; i < finish.size(); ++i) {
    if (finish[i] == sched::kUnavailable) continue;
    const Nanos room = late ? share_of_mark(i) : options_.max_backlog;
    if (finish[i] - at > room.count() && !has_free_slot(i)) finish[i] = sched::kUnavailable;
  }
}

std::span<const double> RequestPool::slowed(std::span<const double> nanos_per_unit) {
  slowed_.assign(nanos_per_unit.begin(), nanos_per_unit.end());
  for (std::size_t i = 0; i < slowed_.size(); ++i) slowed_[i] /= share_[i];
  return slowed_;
}

void RequestPool::fill_columns() {
  if ((inputs_ & (sched::kInFlight | sched::kBacklog)) == 0) return;
  for (std::size_t i = 0; i < members_.size(); ++i) {
    const ledger::ServerBooks books = books_.books(ids_[i]);
    in_flight_[i] = books.in_flight;
    backlog_[i] = books.owed.count();
  }
}

}  // namespace finishline::worker
