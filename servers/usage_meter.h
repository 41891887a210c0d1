// What this server takes of its machine, looked at when somebody asks, but not more often than it changes.
#pragma once

#include "proto/process_usage.h"

namespace finishline::server {

class UsageMeter {
 public:
  /// `now`: about when the process began.
  explicit UsageMeter(Instant now) : looked_at_(now) {}

  /// As of the last look, which is at most kFresh old. Zeros where the kernel does not tell.
  const ProcessUsage& usage(Instant now);
  /// CPU time of one core, between the last two looks.
  double cpu_ratio(Instant now);

 private:
  static constexpr Nanos kFresh = 500ms;

  void look(Instant now);

  ProcessUsage usage_;
  double cpu_ratio_ = 0;
  Instant looked_at_;
  bool looked_ = false;
};

}  // namespace finishline::server
