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
  const double kept = silent(old, now - took) ? 0 : weight_after(std::max(now - old.at, Nanos{}));
  write(server, std::max(seen, old.nanos * kept + seen * (1 - kept)), now);
}

void ResponseTimes::failed(std::size_t server, Instant now) {
  const double expected = faded(estimates_[server], now);
  write(server, std::min(std::max(nanos(kFailure), 2 * expected), nanos(kMost)), now);
}

bool ResponseTimes::silent(const Estimate& estimate, Instant now) {
  const Nanos span = now - estimate.at;
  return estimate.nanos > 0 && span >= kSilence && nanos(span) >= kSilentTimes * faded(estimate, now);
}

std::span<const std::int64_t> ResponseTimes::column(Instant now) {
  if (trying_) column_[*trying_] = static_cast<std::int64_t>(faded(estimates_[*trying_], now));
  trying_.reset();
  if (now - column_at_ >= kMemory / 100) fade(now);
  if (++decisions_ >= kProbeEvery) show_silent(now);
  return column_;
}

void ResponseTimes::fade(Instant now) {
  column_at_ = now;
  for (std::size_t i = 0; i < column_.size(); ++i)
    column_[i] = static_cast<std::int64_t>(faded(estimates_[i], now));
}

void ResponseTimes::show_silent(Instant now) {
  decisions_ = 0;
  for (std::size_t i = 0; i < estimates_.size(); ++i)
    if (silent(estimates_[i], now) && (!trying_ || estimates_[i].at < estimates_[*trying_].at)) trying_ = i;
  if (trying_) column_[*trying_] = 0;
}

}  // namespace finishline::sched
