#include "lb/sched/consistent_hash.h"

#include "lb/sched/hash.h"
#include "lb/sched/maglev.h"

namespace finishline::sched {
namespace {

/// After so many places in vain all servers are looked at.
constexpr std::uint64_t kPlaces = 32;

/// A server that does not count in full has that part of its clients; always the same ones.
bool takes(const PoolView& view, std::size_t server, std::uint64_t key) {
  if (!view.can(server)) return false;
  return view.share.empty() || unit_of(mix(view.identity[server], key)) < view.share[server];
}

/// The client's first choice among all that can.
std::optional<std::size_t> any_that_can(const PoolView& view, std::uint64_t key) {
  std::optional<std::size_t> first;
  std::uint64_t least = 0;
  for (std::size_t server = 0; server < view.size(); ++server) {
    const std::uint64_t hash = mix(key, view.identity[server]);
    if (!view.can(server) || (first && hash >= least)) continue;
    first = server;
    least = hash;
  }
  return first;
}

}  // namespace

std::optional<std::size_t> ConsistentHash::pick(const PoolView& view, const Job& job, Random& /*random*/) {
  if (view.size() == 0) return std::nullopt;
  if (servers_ != view.size()) {
    table_ = maglev_table(view.identity, view.weight);
    servers_ = view.size();
  }
  for (std::uint64_t n = 0; n < kPlaces; ++n) {
    const std::size_t server = table_[mix(job.key, n) % table_.size()];
    if (takes(view, server, job.key)) return server;
  }
  return any_that_can(view, job.key);
}

}  // namespace finishline::sched
