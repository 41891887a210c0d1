// Looks once a second at what the processes of this proxy take of their machine: CPU time and memory.
// Control process, on its loop.
#pragma once

#include <vector>

#include "lb/control/snapshot.h"
#include "lb/ledger/ledger.h"
#include "lb/net/loop.h"
#include "lb/net/timer.h"

namespace finishline::control {

class ProcessMeter {
 public:
  /// Both outlive it.
  ProcessMeter(net::Loop& loop, const ledger::Ledger& ledger);

  /// The master, the workers that are alive and this process, as they were within the last second. One that
  /// the kernel does not tell of is not among them.
  const std::vector<ProcessSnapshot>& processes() const { return processes_; }

 private:
  static constexpr Nanos kInterval = 1s;

  void look();
  void add(std::string name, std::int32_t pid);
  double share_of(const ProcessSnapshot& process) const;

  net::Loop& loop_;
  const ledger::Ledger& ledger_;
  std::vector<ProcessSnapshot> processes_, before_;
  Instant looked_at_{};
  Nanos since_{};  // the look before
  net::Timer timer_;
};

}  // namespace finishline::control
