#include "lb/sched/prospect.h"

#include <algorithm>
#include <limits>

#include "lb/sched/unavailable.h"

namespace finishline::sched {
namespace {

constexpr double kNever = std::numeric_limits<double>::infinity();
constexpr double kAlike = 1.02;  // as in matching.cc: up to this ratio costs count as the same

/// The part of a lane that is before this key, if its keys are spread evenly from its head until now.
double part_before(const WaitLane& lane, const Newcomer& newcomer) {
  const std::int64_t now = newcomer.now.time_since_epoch().count();
  if (newcomer.key >= now || lane.head_key >= now) return newcomer.key >= lane.head_key ? 1 : 0;
  const double part =
      static_cast<double>(newcomer.key - lane.head_key) / static_cast<double>(now - lane.head_key);
  return std::clamp(part, 0.0, 1.0);
}

}  // namespace

void Prospects::begin(const PoolCosts& costs, const Newcomer& newcomer) {
  const std::int64_t now = newcomer.now.time_since_epoch().count();
  free_.assign(costs.servers.size(), kNever);
  types_.assign(costs.types, {});
  for (std::size_t server = 0; server < free_.size(); ++server)
    if (newcomer.finish[server] != kUnavailable)
      free_[server] = static_cast<double>(std::max<std::int64_t>(newcomer.finish[server] - now, 0));
  for (const WaitLane& lane : newcomer.lanes)
    if (lane.count > 0) add(lane, newcomer);
  for (std::size_t type = 0; type < costs.types; ++type) {
    Type& it = types_[type];
    it.cheapest = kNever;
    for (std::size_t server = 0; server < free_.size(); ++server)
      if (free_[server] < kNever) it.cheapest = std::min(it.cheapest, price(costs, server, type));
    for (std::size_t server = 0; server < free_.size(); ++server)
      if (free_[server] < kNever && price(costs, server, type) <= kAlike * it.cheapest)
        it.rate += costs.servers[server].slots / costs.cost(server, type);
  }
  asked_at_ = free_;
}

void Prospects::add(const WaitLane& lane, const Newcomer& newcomer) {
  const double part = part_before(lane, newcomer);
  Type& type = types_[lane.type];
  type.all += part * static_cast<double>(lane.volume);
  type.count += part * lane.count;
  type.rest = type.all;
}

/// What it is compared by: a farther server is dearer by its distance for each request of mean length.
double Prospects::price(const PoolCosts& costs, std::size_t server, std::size_t type) const {
  const Type& it = types_[type];
  const double mean = it.count > 0 ? std::max(it.all / it.count, 1.0) : 1;
  return costs.cost(server, type) + static_cast<double>(costs.servers[server].later.count()) / mean;
}

/// A request of mean length, or as many together as keep the number of pieces small.
double Prospects::piece_of(const Type& type) const {
  return std::min(type.rest, std::max(type.all / std::max(type.count, 1.0), type.all / kPieces));
}

/// The piece is done there before those who are cheaper could have done all that waits of its type.
bool Prospects::is_help(const PoolCosts& costs, std::size_t server, std::size_t type) const {
  double soonest = kNever;
  for (std::size_t other = 0; other < free_.size(); ++other)
    if (price(costs, other, type) <= kAlike * types_[type].cheapest)
      soonest = std::min(soonest, free_[other]);
  const double done = free_[server] + costs.cost(server, type) * piece_of(types_[type]) +
                      static_cast<double>(costs.servers[server].later.count());
  return done <= soonest + types_[type].rest / types_[type].rate;
}

/// The type of which this server takes a piece.
std::optional<std::size_t> Prospects::next_piece(const PoolCosts& costs, std::size_t server) const {
  std::optional<std::size_t> own, helped;
  double most_left = 0, least_loss = kNever;
  for (std::size_t type = 0; type < types_.size(); ++type) {
    const double its_price = price(costs, server, type);
    if (types_[type].rest <= 0 || its_price == kNever) continue;
    const double tier = its_price / types_[type].cheapest, left = types_[type].rest / types_[type].all;
    if (tier <= kAlike) {
      if (left > most_left) own = type, most_left = left;
    } else if (tier < least_loss && is_help(costs, server, type)) {
      helped = type, least_loss = tier;
    }
  }
  return own ? own : helped;
}

/// Until nothing of this type is left, or nobody takes of it.
void Prospects::play(const PoolCosts& costs, std::uint8_t type) {
  while (types_[type].rest > 0) {
    const auto next = std::min_element(asked_at_.begin(), asked_at_.end());
    if (next == asked_at_.end() || *next == kNever) return;
    const auto server = static_cast<std::size_t>(next - asked_at_.begin());
    const auto taken = next_piece(costs, server);
    if (!taken) {
      *next = kNever;
      continue;
    }
    const double piece = piece_of(types_[*taken]);
    types_[*taken].rest -= piece;
    *next = free_[server] += costs.cost(server, *taken) * piece / costs.servers[server].slots;
  }
}

std::optional<Prospect> Prospects::of(const PoolCosts& costs, const Newcomer& newcomer) {
  begin(costs, newcomer);
  if (types_[newcomer.type].cheapest == kNever) return std::nullopt;
  play(costs, newcomer.type);
  std::optional<Prospect> best;
  double soonest = kNever;
  for (std::size_t server = 0; server < free_.size(); ++server) {
    const double cost = costs.cost(server, newcomer.type);
    if (free_[server] == kNever || cost == kNever) continue;
    const double later = static_cast<double>(costs.servers[server].later.count());
    const double done = free_[server] + cost * newcomer.length + later;
    if (done >= soonest) continue;
    soonest = done;
    constexpr double kMost = 0x1p62;
    best = Prospect{Nanos{static_cast<std::int64_t>(std::min(done, kMost))},
                    Nanos{static_cast<std::int64_t>(std::min(free_[server], kMost))}, server};
  }
  return best;
}

}  // namespace finishline::sched
