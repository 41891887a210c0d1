#include "lb/sched/response_times.h"

#include <algorithm>
#include <cmath>

namespace finishline::sched {
namespace {

double weight_after(Nanos span) { return std::exp(-to_seconds(span) / to_seconds(ResponseTimes::kMemory)); }

double nanos(Nanos span) { return static_cast<double>(span.count()); }

}  // namespace

double ResponseTimes::faded(const Estimate& estimate, Instant now) {
  return estimate.nanos * weight_after(std::max(now - estimate.at, Nanos{}));
}

void ResponseTimes::write(std::size_t server, double nanos, Instant now) {
  estimates_[server] = {nanos, now};
  column_[server] = static_cast<std::int64_t>(nanos);
}

void ResponseTimes::served(std::size_t server, Nanos took, Instant now) {
  const Estimate& old = estimates_[server];
  const double seen = nanos(std::clamp<Nanos>(took, 1ns, kMost));  // 0 would mean "not known"
  const double kept = weight_after(std::max(now - old.at, Nanos{}));
  write(server, std::max(seen, old.nanos * kept + seen * (1 - kept)), now);
}

void ResponseTimes::failed(std::size_t server, Instant now) {
  const double expected = faded(estimates_[server], now);
  write(server, std::min(std::max(nanos(kFailure), 2 * expected), nanos(kMost)), now);
}

std::span<const std::int64_t> ResponseTimes::column(Instant now) {
  if (now - column_at_ < kMemory / 100) return column_;
  column_at_ = now;
  for (std::size_t i = 0; i < column_.size(); ++i)
    column_[i] = static_cast<std::int64_t>(faded(estimates_[i], now));
  return column_;
}

}  // namespace finishline::sched
