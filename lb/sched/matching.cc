#include "lb/sched/matching.h"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <utility>

namespace finishline::sched {
namespace {

constexpr double kNever = std::numeric_limits<double>::infinity();
constexpr double kAlike = 1.02;         // up to this ratio costs count as the same
constexpr std::size_t kMostKinds = 64;  // exactly told apart; of more, costs within kGrain count as the same
constexpr double kGrain = 1.05;
constexpr double kLongestFirst = -1000;  // B: a unit of service counts as so many of waiting
constexpr std::int64_t kMostLeft = std::int64_t{1} << 48;  // 78 hours: more of one server makes no difference
constexpr double kFarthestKey = 0x1p60;                    // ns by which B may move a key

std::int64_t count_of(Instant instant) { return instant.time_since_epoch().count(); }
bool is_own(const Ask& ask, const WaitLane& lane) { return ask.own != nullptr && lane.worker == ask.worker; }
double ahead(Nanos span) { return static_cast<double>(span.count()); }
double ahead(Instant then, Instant now) { return ahead(then - now); }

double passing_of(const MatchingRule& rule) {
  switch (rule.order) {
    case WaitOrder::shortest:
      return std::max(rule.aging, 0.0);
    case WaitOrder::longest:
      return kLongestFirst;
    case WaitOrder::balanced:
      break;
  }
  return 0;
}

/// Down to a power of kGrain, so that servers are of few kinds.
double rounded(double cost) {
  return cost < kNever ? std::pow(kGrain, std::floor(std::log(cost) / std::log(kGrain))) : cost;
}

/// The lane of the least rank so far, chance deciding among equals.
template <class Rank>
struct Least {
  Rank rank{};
  const WaitLane* lane = nullptr;
  std::uint32_t equals = 0;

  /// Whether it would be the least, or draws to be.
  bool beats(const Rank& other, Random& random) {
    if (lane == nullptr || other < rank) return equals = 1, true;
    return other == rank && random.below(++equals) == 0;
  }
};

}  // namespace

Matching::Matching(const MatchingRule& rule, PoolCosts costs) : rule_(rule), passing_(passing_of(rule)) {
  set_costs(std::move(costs));
}

// --- what is set up ----------------------------------------------------------------------------------

void Matching::set_costs(PoolCosts costs) {
  costs_ = std::move(costs);
  group_count_ = costs_.groups();
  worth_.assign(costs_.types, 0);
  dear_.assign(costs_.types * kMaxGroups, 0);
  always_cheapest_.reset(costs_.types);
  for (std::size_t type = 0; type < costs_.types; ++type)
    for (std::size_t server = 0; server < costs_.servers.size(); ++server)
      always_cheapest_.add(type, costs_.cost(server, type), costs_.servers[server].later);
  told_apart_ = costs_.nanos_per_unit;
  sort_by_kind();
  if (kinds_.size() > kMostKinds) {
    for (double& cost : told_apart_) cost = rounded(cost);
    sort_by_kind();
  }
  derive();
}

double Matching::told_apart(std::size_t server, std::size_t type) const {
  return told_apart_[type * costs_.servers.size() + server];
}

bool Matching::alike(std::size_t a, std::size_t b) const {
  const PoolCosts::Server &first = costs_.servers[a], &second = costs_.servers[b];
  bool same = first.group == second.group && first.slots == second.slots && first.later == second.later;
  for (std::size_t type = 0; same && type < costs_.types; ++type)
    same = told_apart(a, type) == told_apart(b, type);
  return same;
}

void Matching::sort_by_kind() {
  by_kind_.resize(costs_.servers.size());
  std::iota(by_kind_.begin(), by_kind_.end(), 0U);
  place_.resize(by_kind_.size());
  std::stable_sort(by_kind_.begin(), by_kind_.end(), [this](std::uint32_t a, std::uint32_t b) {
    const PoolCosts::Server &first = costs_.servers[a], &second = costs_.servers[b];
    if (first.group != second.group) return first.group < second.group;
    if (first.slots != second.slots) return first.slots < second.slots;
    if (first.later != second.later) return first.later < second.later;
    for (std::size_t type = 0; type < costs_.types; ++type)
      if (told_apart(a, type) != told_apart(b, type)) return told_apart(a, type) < told_apart(b, type);
    return false;
  });
  kinds_.clear();
  for (std::size_t i = 0; i < by_kind_.size(); ++i) {
    const PoolCosts::Server& server = costs_.servers[by_kind_[i]];
    if (i == 0 || !alike(by_kind_[i - 1], by_kind_[i]))
      kinds_.push_back({server.group, server.slots, i, i, 0, 0, server.later});
    place_[by_kind_[i]] = static_cast<std::uint32_t>(i);
    ++kinds_.back().end;
    ++kinds_.back().available;
  }
  kind_cost_.clear();
  for (std::size_t type = 0; type < costs_.types; ++type)
    for (const Kind& kind : kinds_) kind_cost_.push_back(told_apart(by_kind_[kind.begin], type));
}

void Matching::follow(const PoolPlan& plan) {
  plan_ = plan;
  derive();
}

/// Time that the available servers of the group need together for one unit.
double Matching::group_time(std::size_t group, std::size_t type) const {
  double rate = 0;
  for (std::size_t i = 0; i < kinds_.size(); ++i) {
    const double cost = kind_cost_[type * kinds_.size() + i];
    if (kinds_[i].group == group && cost < kNever) rate += kinds_[i].available * kinds_[i].slots / cost;
  }
  return rate > 0 ? 1 / rate : kNever;
}

/// What follows from the prices for those servers that are available.
void Matching::derive() {
  const double sum = std::accumulate(plan_.price.begin(), plan_.price.end(), 0.0);
  for (std::size_t group = 0; group < group_count_; ++group)
    price_[group] = sum > 0 ? plan_.price[group] : 1.0 / static_cast<double>(group_count_);
  cheapest_.reset(costs_.types);
  for (std::size_t type = 0; type < costs_.types; ++type) {
    for (std::size_t i = 0; i < kinds_.size(); ++i)
      if (kinds_[i].available > 0) cheapest_.add(type, kind_cost_[type * kinds_.size() + i], kinds_[i].later);
    derive_type(type, group_count_);
  }
}

void Matching::derive_type(std::size_t type, std::size_t groups) {
  std::array<double, kMaxGroups> paid;
  double least = kNever;
  for (std::size_t group = 0; group < groups; ++group) {
    const double time = group_time(group, type);
    paid[group] = time < kNever ? time * price_[group] : kNever;
    least = std::min(least, paid[group]);
  }
  worth_[type] = least < kNever ? least : 0;
  for (std::size_t group = 0; group < groups; ++group)
    dear_[type * kMaxGroups + group] = paid[group] > kAlike * least;
}

std::int64_t Matching::key_of(Instant arrival, std::uint8_t type, std::uint32_t length,
                              Nanos head_start) const {
  const double least = always_cheapest_.per_unit(type), cheapest = least < kNever ? least : 0;
  const double shift = std::clamp(passing_ * cheapest * length, -kFarthestKey, kFarthestKey);
  const double worth = static_cast<double>(head_start.count()) * std::max(-passing_, 1.0);
  return count_of(arrival) + static_cast<std::int64_t>(shift - std::min(worth, kFarthestKey));
}

std::int64_t Matching::latest_start_of(Instant deadline, std::uint8_t type, std::uint32_t length) const {
  return deadline == Instant::max() ? kNoKey : count_of(deadline) - least_service_of(type, length).count();
}

Nanos Matching::least_service_of(std::uint8_t type, std::uint32_t length) const {
  return always_cheapest_.service(type, length);
}

// --- what the pool looks like ------------------------------------------------------------------------

/// A part of by_kind_. Without branches: which servers are there cannot be predicted.
Matching::Span Matching::look(const Ask& ask, std::size_t begin, std::size_t end) const {
  const std::int64_t now = count_of(ask.now);
  Span span;
  for (std::size_t i = begin; i < end; ++i) {
    const std::int64_t finish = ask.finish[by_kind_[i]];
    const bool there = finish != kUnavailable;
    span.available += there;
    span.left += there ? std::min(finish - now, kMostLeft) : 0;
    span.least = std::min(span.least, finish);
  }
  return span;
}

/// Sums up the servers of one kind; true when more or fewer of them are available than before.
bool Matching::survey_kind(Kind& kind, const Ask& ask) {
  const std::size_t asked = place_[ask.server], own = std::clamp(asked, kind.begin, kind.end);
  const std::size_t behind_own = own + (own == asked && own < kind.end);
  const Span before = look(ask, kind.begin, own), itself = look(ask, own, behind_own),
             behind = look(ask, behind_own, kind.end);

  const std::int64_t now = count_of(ask.now);
  const std::int64_t others = std::min(before.least, behind.least), least = std::min(others, itself.least);
  const std::uint32_t available = before.available + itself.available + behind.available;
  Group& group = groups_[kind.group];
  group.left += static_cast<double>(before.left + itself.left + behind.left);
  group.available += available;
  if (available > 0) group.least = std::min(group.least, static_cast<double>(least - now));
  kind.earliest = others == kUnavailable ? kNever : static_cast<double>(others - now);
  return std::exchange(kind.available, available) != available;
}

void Matching::survey(const Ask& ask) {
  for (std::size_t group = 0; group < group_count_; ++group) groups_[group] = {0, kNever, 0};
  bool changed = false;
  for (Kind& kind : kinds_) changed |= survey_kind(kind, ask);
  if (changed) derive();
}

/// H and H1.
void Matching::weigh(const Ask& ask) {
  double waiting = 0, mean = 0, least = 0;
  for (const WaitLane& lane : ask.lanes)
    if (lane.count > 0) waiting += static_cast<double>(lane.volume) * worth_[lane.type];
  for (std::size_t i = 0; i < group_count_; ++i) {
    if (groups_[i].available == 0) continue;
    mean += price_[i] * groups_[i].left / groups_[i].available;
    least += price_[i] * groups_[i].least;
  }
  horizon_ = waiting + mean;
  horizon_of_steals_ = rule_.order == WaitOrder::longest ? horizon_ : waiting + least;
}

Nanos Matching::horizon_of(const Ask& ask) {
  survey(ask);
  weigh(ask);
  return horizon();
}

bool Matching::can(const Ask& ask, const WaitLane& lane) const {
  return lane.count > 0 && costs_.cost(ask.server, lane.type) < kNever;
}

double Matching::tier_of(const Ask& ask, std::size_t type, std::uint32_t length) const {
  const double tier =
      cheapest_.tier(type, length, told_apart(ask.server, type), costs_.servers[ask.server].later);
  return tier > kAlike ? tier : 1.0;
}

// --- the steps ---------------------------------------------------------------------------------------

std::optional<Choice> Matching::choose(const Ask& ask, Random& random) {
  survey(ask);
  weigh(ask);
  if (auto choice = urgent(ask, random)) return choice;
  if (auto choice = critical(ask, random)) return choice;
  return in_order(ask, random);
}

std::optional<Choice> Matching::urgent(const Ask& ask, Random& random) const {
  Least<std::pair<std::int64_t, bool>> least;
  const std::int64_t soon = count_of(ask.now) + ask.urgent_within.count();
  Candidate chosen;
  for (const WaitLane& lane : ask.lanes) {
    if (lane.urgent_start > soon || is_remote(ask, lane) || !can(ask, lane)) continue;
    const auto passes = [&](const Waiter& waiter) {
      return waiter.latest_start <= soon && in_time(ask, lane.type, waiter.length, waiter.latest_start);
    };
    const bool own = is_own(ask, lane);
    const std::uint32_t handle = own ? ask.own->first_urgent(lane.type, passes) : kNobody;
    const Waiter first{.latest_start = lane.urgent_start, .length = lane.urgent_length};
    const Waiter& waiter = handle == kNobody ? first : ask.own->waiter(handle);
    if (own ? handle == kNobody : !passes(first)) continue;
    const std::pair rank{waiter.latest_start, lane.worker != ask.worker};
    if (least.beats(rank, random)) least.rank = rank, least.lane = &lane, chosen = {waiter.length, handle};
  }
  if (least.lane == nullptr) return std::nullopt;
  return Choice{least.lane->worker, least.lane->type, Reason::urgent, chosen.length, chosen.handle};
}

/// Begun here now, it meets its deadline.
bool Matching::in_time(const Ask& ask, std::size_t type, std::uint32_t length,
                       std::int64_t latest_start) const {
  if (latest_start == kNoKey) return true;
  const Instant deadline = Instant{Nanos{latest_start}} + always_cheapest_.service(type, length);
  return ask.start + service_time(length, costs_.cost(ask.server, type)) + costs_.servers[ask.server].later <=
         deadline;
}

std::optional<Choice> Matching::critical(const Ask& ask, Random& random) const {
  if (rule_.order == WaitOrder::longest || plan_.load >= 1) return std::nullopt;
  const double enough = horizon_ / 4 / (1 - plan_.load) - ahead(ask.start, ask.now);
  Least<std::pair<double, bool>> least;  // minus its service time
  for (const WaitLane& lane : ask.lanes) {
    if (is_remote(ask, lane) || !can(ask, lane) || tier_of(ask, lane.type, lane.longest) > 1) continue;
    if (aged(ask, lane)) return std::nullopt;
    const double service = costs_.cost(ask.server, lane.type) * lane.longest;
    const std::pair rank{-service, lane.worker != ask.worker};
    if (service < enough) continue;
    if (least.beats(rank, random)) least.rank = rank, least.lane = &lane;
  }
  if (least.lane == nullptr) return std::nullopt;
  const WaitLane& lane = *least.lane;
  const bool own = is_own(ask, lane);
  return Choice{lane.worker, lane.type, Reason::critical, lane.longest,
                own ? ask.own->longest(lane.type) : kNobody};
}

bool Matching::aged(const Ask& ask, const WaitLane& lane) const {
  const double shift = std::clamp(passing_ * always_cheapest_.per_unit(lane.type) * lane.head_length,
                                  -kFarthestKey, kFarthestKey);
  return lane.head_key - static_cast<std::int64_t>(shift) <= count_of(ask.now - rule_.patience);
}

Matching::Rank Matching::rank_of(const Ask& ask, const WaitLane& lane) const {
  Rank rank{.dear = false, .tier = tier_of(ask, lane.type, lane.head_length), .key = lane.head_key};
  rank.dear = dear_[lane.type * kMaxGroups + costs_.servers[ask.server].group] != 0;
  if (rank.dear && rank.tier == 1 && aged(ask, lane)) rank.dear = false;
  return rank;
}

/// Step 4 for a request of this length.
bool Matching::harmless(const Ask& ask, std::size_t type, std::uint32_t length) const {
  const double cost = costs_.cost(ask.server, type);
  const double gamma = rule_.order == WaitOrder::longest ? 0 : std::min(1.0, 2 * plan_.load) / 2;
  const Nanos later = costs_.servers[ask.server].later;
  const double pays =
      ahead(ask.start + later, ask.now) + (cost + gamma * (cost - cheapest_.per_unit(type))) * length;
  if (pays <= horizon_of_steals_) return true;
  const double* costs = &kind_cost_[type * kinds_.size()];
  const double here = done_after(length, told_apart(ask.server, type), later);
  double elsewhere = kNever;
  for (std::size_t i = 0; i < kinds_.size(); ++i)
    if (kAlike * done_after(length, costs[i], kinds_[i].later) < here)
      elsewhere = std::min(elsewhere, kinds_[i].earliest + costs[i] * length + ahead(kinds_[i].later));
  return pays <= elsewhere;
}

std::optional<Matching::Candidate> Matching::steal(const Ask& ask, const WaitLane& lane) const {
  const bool own = is_own(ask, lane);
  const auto passes = [&](std::uint32_t length) { return harmless(ask, lane.type, length); };
  if (passes(lane.head_length)) return Candidate{lane.head_length, own ? ask.own->head(lane.type) : kNobody};
  if (own) {
    const std::uint32_t handle = ask.own->longest_near_head(lane.type, passes);
    if (handle != kNobody) return Candidate{ask.own->waiter(handle).length, handle};
  } else if (passes(lane.longest)) {
    return Candidate{lane.longest, kNobody};
  }
  if (!passes(lane.shortest)) return std::nullopt;
  return Candidate{lane.shortest, own ? ask.own->shortest(lane.type) : kNobody};
}

/// What this lane gives to the server, if anything.
std::optional<Matching::Candidate> Matching::candidate(const Ask& ask, const WaitLane& lane,
                                                       double tier) const {
  const bool own = is_own(ask, lane);
  if (tier > 1) {  // of our own we know whether it would be too late here
    const auto stolen = steal(ask, lane);
    if (!stolen || !own) return stolen;
    const Waiter& waiter = ask.own->waiter(stolen->handle);
    return in_time(ask, lane.type, waiter.length, waiter.latest_start) ? stolen : std::nullopt;
  }
  return Candidate{lane.head_length, own ? ask.own->head(lane.type) : kNobody};
}

bool Matching::goes_first(const Ask& ask, const Rank& remote, const Rank& ours) {
  if (ours.tier > 1 && remote.tier < ours.tier) return true;
  return remote.tier == ours.tier && remote.dear == ours.dear && remote.key + ask.turn.count() < ours.key;
}

std::optional<Choice> Matching::in_order(const Ask& ask, Random& random) const {
  struct Found : Least<Rank> {
    Candidate candidate;
  };
  Found best, own, remote;
  for (const WaitLane& lane : ask.lanes) {
    if (!can(ask, lane)) continue;
    const Rank rank = rank_of(ask, lane);
    if (is_remote(ask, lane)) {
      if (remote.lane == nullptr || rank < remote.rank) remote.rank = rank, remote.lane = &lane;
      continue;
    }
    if (rank.tier > 1 && !ask.steals) continue;
    Found& mine = lane.worker == ask.worker ? own : best;
    if (mine.lane != nullptr && mine.rank < rank) continue;
    const auto found = candidate(ask, lane, rank.tier);
    if (found && mine.beats(rank, random)) mine.rank = rank, mine.lane = &lane, mine.candidate = *found;
  }
  if (own.lane != nullptr) {
    Rank behind = own.rank;
    behind.key -= plan_.mean_service.count();
    if (best.lane == nullptr || behind <= best.rank) static_cast<Found&>(best) = own;
  }
  if (best.lane == nullptr) return std::nullopt;
  if (remote.lane != nullptr && goes_first(ask, remote.rank, best.rank))
    return Choice{remote.lane->worker, remote.lane->type, Reason::in_order, remote.lane->head_length,
                  kNobody};
  const Reason reason = best.rank.tier > 1 ? Reason::steal : Reason::in_order;
  return Choice{best.lane->worker, best.lane->type, reason, best.candidate.length, best.candidate.handle};
}

}  // namespace finishline::sched
