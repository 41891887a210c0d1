#include "servers/usage_meter.h"

#include <unistd.h>

#include <algorithm>
#include <utility>

namespace finishline::server {

const ProcessUsage& UsageMeter::usage(Instant now) {
  look(now);
  return usage_;
}

double UsageMeter::cpu_ratio(Instant now) {
  look(now);
  return cpu_ratio_;
}

void UsageMeter::look(Instant now) {
  if (looked_ && now - looked_at_ < kFresh) return;
  const Nanos span = now - std::exchange(looked_at_, now);
  const ProcessUsage before = std::exchange(usage_, process_usage(::getpid()).value_or(ProcessUsage{}));
  looked_ = true;
  if (span > 0ns) cpu_ratio_ = std::max(0.0, to_seconds(usage_.cpu - before.cpu) / to_seconds(span));
}

}  // namespace finishline::server
