// The policy `adaptive` at work: hears what the pools serve (sensor: recorder.h), evaluates it (pure step:
// lb/sim/adaptive.h) and has workers follow what comes of it (actuator: policy_service.h). Control process.
#pragma once

#include <memory>
#include <optional>
#include <vector>

#include "lb/control/policy_service.h"
#include "lb/control/recorder.h"
#include "lb/sim/adaptive.h"

namespace finishline::control {

class AdaptiveController {
 public:
  struct AdaptivePool {
    ledger::PoolId row = 0;
    CostModel cost;
    std::vector<ServerSpec> servers;  // their numbers are their rows in the ledger
    std::vector<double> weights;
    sched::PolicyParams params;
  };

  /// All that is borrowed outlives it.
  AdaptiveController(net::Loop& loop, ledger::Ledger& ledger, Recorder& recorder, PolicyService& desk,
                     std::vector<AdaptivePool> pools);
  /// Of another configuration. What a pool that stays has learned of servers that stay counts on. The
  /// recorder has followed before.
  void change_to(std::vector<AdaptivePool> pools);

  /// Begins with pools that have become adaptive, ends with those that are no more, evaluates the others.
  /// The timer does it.
  void tick();

 private:
  static constexpr Nanos kTick = 100ms;

  struct Tuned {
    AdaptivePool pool;
    std::vector<std::uint32_t> positions;   // in the pool, by ledger::ServerId
    std::optional<sim::Adaptive> adaptive;  // while the pool is
  };

  std::unique_ptr<Tuned> release(ledger::PoolId row);
  void begin(Tuned& tuned);
  void end(Tuned& tuned);
  void evaluate(Tuned& tuned);
  void on_record(Tuned& tuned, const ledger::Record& record);

  net::Loop& loop_;
  ledger::Ledger& ledger_;
  Recorder& recorder_;
  PolicyService& desk_;
  std::vector<std::unique_ptr<Tuned>> pools_;  // each stays where it is: who is heard refers to it
  net::Timer timer_;
};

}  // namespace finishline::control
