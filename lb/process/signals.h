// Signals as something to wait for beside descriptors. For a process without an event loop.
#pragma once

#include <signal.h>

#include <optional>
#include <vector>

#include "lb/process/descriptor.h"

namespace finishline::process {

class SignalInbox {
 public:
  /// From here on these signals are not acted on by the kernel: they wait to be taken. Children get
  /// actions of their own (signal_table.h).
  explicit SignalInbox(const std::vector<int>& numbers);

  /// Readable while a signal waits.
  int fd() const { return fd_.get(); }
  /// The next one that waits; of one number sent several times there may be a single one.
  std::optional<int> take();

 private:
  Descriptor fd_;
};

}  // namespace finishline::process
