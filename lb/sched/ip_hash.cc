#include "lb/sched/ip_hash.h"

#include <cmath>
#include <limits>

#include "lb/sched/hash.h"

namespace finishline::sched {

// -log(u) / w is exponentially distributed with rate w, and of several such variates each is the least with a
// probability in proportion to its rate. Drawn by hash, it is the same each time.
std::optional<std::size_t> IpHash::pick(const PoolView& view, const Job& job, Random& /*random*/) {
  std::optional<std::size_t> first;
  double least = std::numeric_limits<double>::infinity();
  for (std::size_t server = 0; server < view.size(); ++server) {
    if (!view.can(server)) continue;
    const double u = unit_of(mix(job.key, view.identity[server]));
    const double arrival = -std::log(u) / (view.weight[server] * view.share_of(server));
    if (arrival >= least) continue;
    least = arrival;
    first = server;
  }
  return first;
}

}  // namespace finishline::sched
