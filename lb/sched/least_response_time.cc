#include "lb/sched/least_response_time.h"

#include "lb/sched/pick_least.h"

namespace finishline::sched {
namespace {

/// Above the score of any server that is known.
constexpr double kUnmeasured = 0x1p80;

double score_of(const PoolView& view, std::size_t server) {
  const double open = view.in_flight[server];
  if (view.response_time[server] == 0) return open > 0 ? kUnmeasured * open : 0;
  return static_cast<double>(view.response_time[server]) * (open + 1) / view.share_of(server);
}

}  // namespace

std::optional<std::size_t> LeastResponseTime::pick(const PoolView& view, const Job& /*job*/, Random& random) {
  return pick_least(view, random, [&](std::size_t server) { return Score{score_of(view, server), 0}; });
}

}  // namespace finishline::sched
