// What alert rules look at, read from an overview once a second: values, and words for people. Pure:
// remembers what windows need, knows no clock but the overview's. Control process.
#pragma once

#include <deque>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "lb/alert/alert.h"
#include "lb/alert/windows.h"
#include "lb/control/inventory.h"
#include "lb/control/machine_use.h"
#include "lb/control/overview.h"
#include "lb/forecast/place_clock.h"

namespace finishline::control {

class AlertSensor {
 public:
  /// Of one kind and subject at most one reading. What is not known is not among them.
  std::vector<alert::AlertReading> read(const Overview& overview, const Snapshot& snapshot,
                                        const Inventory& inventory, const MachineUse& machine,
                                        const alert::AlertRules& rules);
  /// By whose hours traffic is compared with that of a week ago; UTC before.
  void set_clock(forecast::PlaceClock clock) { clock_ = std::move(clock); }
  /// What was seen counts by no hour of another clock.
  void forget_traffic() { traffic_ = {}; }
  /// The traffic of an earlier hour of that clock (its seconds / 3600), a second, where it was kept.
  void know_traffic(std::int64_t hour, double rate) { traffic_.know(hour, rate); }

 private:
  using Readings = std::vector<alert::AlertReading>;

  void read_traffic(const Overview& overview, Readings& to);
  void read_errors(const Overview& overview, const Snapshot& snapshot, Readings& to);
  void read_deaths(const Snapshot& snapshot, Readings& to);
  void read_distribution(const Overview& overview, Readings& to);

  alert::ErrorWindows errors_;
  alert::TrafficBaseline traffic_;
  forecast::PlaceClock clock_;
  std::map<ledger::WorkerId, std::uint32_t> worker_deaths_;  // that have been seen
  std::deque<Instant> deaths_;
  std::map<std::string, double, std::less<>> uses_;  // of servers, over some ten seconds
};

}  // namespace finishline::control
