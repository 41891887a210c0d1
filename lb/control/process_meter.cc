#include "lb/control/process_meter.h"

#include <unistd.h>

#include <algorithm>
#include <utility>

namespace finishline::control {

ProcessMeter::ProcessMeter(net::Loop& loop, const ledger::Ledger& ledger)
    : loop_(loop), ledger_(ledger), timer_(loop, [this] { look(); }) {
  timer_.start(0ns, kInterval);
}

void ProcessMeter::look() {
  const Instant now = loop_.fresh_now();
  since_ = now - std::exchange(looked_at_, now);
  before_ = std::exchange(processes_, {});
  add("master", ::getppid());
  for (ledger::WorkerId id = 0; id < worker_limit(ledger_); ++id) {
    const ledger::WorkerStatus status = worker_status(ledger_, id);
    if (status.state != ledger::WorkerState::none && status.state != ledger::WorkerState::dead)
      add("worker-" + std::to_string(id), status.pid);
  }
  add("control", ::getpid());
}

void ProcessMeter::add(std::string name, std::int32_t pid) {
  const auto usage = process_usage(pid);
  if (!usage) return;
  processes_.push_back({.name = std::move(name), .pid = pid, .usage = *usage});
  processes_.back().cpu_ratio = share_of(processes_.back());
}

/// Of one core, since the look before; 0 of one that is seen for the first time.
double ProcessMeter::share_of(const ProcessSnapshot& process) const {
  const auto found = std::ranges::find(before_, process.pid, &ProcessSnapshot::pid);
  if (found == before_.end() || since_ <= 0ns) return 0;
  return std::max(0.0, to_seconds(process.usage.cpu - found->usage.cpu) / to_seconds(since_));
}

}  // namespace finishline::control
