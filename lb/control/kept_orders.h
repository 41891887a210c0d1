// What operators have ordered besides changes of the configuration, over a restart: servers that drain, and
// policies that are not those of the file. In orders.json of proxy.state_dir, which the master reads when it
// starts (master/kept_orders.h). Control process.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>

#include "lb/control/kept_file.h"
#include "lb/control/policy_service.h"
#include "lb/ledger/ledger.h"

namespace finishline::control {

class KeptOrders {
 public:
  /// `state_dir` "": nothing is kept. All outlive it.
  KeptOrders(const std::string& state_dir, const ledger::Ledger& ledger, const PolicyService& policies);

  /// Whether a restart will know what is in force; writes it where it has changed.
  bool keep();
  /// Why the last keep() said no; "" where it said yes.
  const std::string& why_not() const { return file_.why_not(); }
  /// What is in force: {"drained": ["video-1"], "policies": {"media": {"policy": "regret", "file":
  /// "makespan"}}}
  nlohmann::ordered_json in_force() const;

 private:
  const ledger::Ledger& ledger_;
  const PolicyService& policies_;
  KeptFile file_;
};

}  // namespace finishline::control
