// What operators have said of alerts, over a restart: silences and acknowledgements, in alerts.json of
// proxy.state_dir. Control process.
#pragma once

#include <string>

#include "lb/alert/engine.h"

namespace finishline::control {

class AlertMemory {
 public:
  /// `state_dir` "": nothing is kept.
  explicit AlertMemory(const std::string& state_dir)
      : file_(state_dir.empty() ? "" : state_dir + "/alerts.json") {}

  /// What an earlier process has kept; a file that makes no sense is put aside, and the log is told.
  void give_to(alert::AlertEngine& engine) const;
  /// Whether a restart will know it.
  bool keep(const alert::AlertEngine& engine) const;

 private:
  std::string file_;
};

}  // namespace finishline::control
