// The policy `adaptive` at work: hears what the pools serve (sensor: recorder.h), thinks (pure step:
// lb/sim/adaptive.h) and has workers follow what comes of it (actuator: policy_desk.h). Control process.
#pragma once

#include <optional>
#include <vector>

#include "lb/control/policy_desk.h"
#include "lb/control/recorder.h"
#include "lb/sim/adaptive.h"

namespace finishline::control {

class Tuner {
 public:
  struct Pool {
    ledger::PoolId row = 0;
    CostModel cost;
    std::vector<ServerSpec> servers;  // their numbers are their rows in the ledger
    std::vector<double> weights;
    sched::PolicyParams params;
  };

  /// All that is borrowed outlives it.
  Tuner(net::Loop& loop, ledger::Ledger& ledger, Recorder& recorder, PolicyDesk& desk, std::vector<Pool> pools);

  /// Begins with pools that have become adaptive, ends with those that are no more, thinks about the others. The
  /// timer does it.
  void tick();

 private:
  static constexpr Nanos kTick = 100ms;

  struct Tuned {
    Pool pool;
    std::optional<sim::Adaptive> adaptive;  // while the pool is
  };

  void begin(Tuned& tuned);
  void end(Tuned& tuned);
  void hear(Tuned& tuned, const ledger::Record& record);

  net::Loop& loop_;
  ledger::Ledger& ledger_;
  Recorder& recorder_;
  PolicyDesk& desk_;
  std::vector<Tuned> pools_;
  net::Timer timer_;
};

}  // namespace finishline::control
