// Brings pools to as many servers as their work needs: reads what comes (scale_sensor.h), asks the rule
// (sched/scale_rule.h), and says in the ledger which processes are wanted; the master starts and ends them
// (master/server_processes.h). A server that goes is drained first. Control process, on its loop.
//
// Nothing but the rule's memory of what came is lost with this process: who is wanted or leaves, and what was
// ordered elsewhere, stands in the ledger, and the process after this one goes on with it.
#pragma once

#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "lb/control/health_checker.h"
#include "lb/control/predictor.h"
#include "lb/control/scale_actuator.h"
#include "lb/control/scale_sensor.h"
#include "lb/control/snapshot.h"
#include "lb/net/timer.h"

namespace finishline::control {

class Scaler {
 public:
  struct Actions {
    std::function<void()> tell_master;  // that others are wanted
    std::function<void(std::string text)> mark;
    Predictor::Past past;
    std::function<std::int64_t()> unix_now;
  };
  /// All outlive it.
  Scaler(net::Loop& loop, ledger::Ledger& ledger, HealthChecker& health, std::vector<ScalePool> pools,
         Actions actions);
  /// Of another configuration. What was seen of a pool that stays counts on.
  void change_to(std::vector<ScalePool> pools);

  /// Of each pool that is scaled.
  std::vector<ScaleStatus> status() const;

  static constexpr Nanos kTick = 100ms;
  static constexpr std::size_t kChangesTold = 8;  // of each pool

 private:
  struct Scaled {
    ScalePool pool;
    ScaleSensor sensor;
    sched::ScaleRule rule;
    sched::ScaleDecision decision{};
    std::string last{};
    std::deque<ScaleChange> changes{};               // the latest last
    bool foreseen = false;                           // as of the last look
    std::set<ledger::ServerId> ending{};             // servers elsewhere of which an order is under way
    std::optional<std::size_t> serving_elsewhere{};  // as of the last look
    std::string silent{};                            // the last one that has never listened
    Instant silent_at{};
  };
  void tick();
  void look(Scaled& scaled);
  void predict(Scaled& scaled, sched::ScaleReading& reading);
  void count_ordered(Scaled& scaled, sched::ScaleReading& reading);
  void resume_orders(Scaled& scaled);
  void forget_old_orders();
  bool act(Scaled& scaled, const sched::ScaleReading& reading, std::size_t kind);
  bool add(const ScalePool& pool, std::size_t kind);
  bool remove(const Scaled& scaled, std::size_t kind);
  void let_go(const ScalePool& pool);
  void end_silent(Scaled& scaled);
  bool order_up(Scaled& scaled, std::size_t kind);
  void give_up_order(const ScalePool& pool, std::size_t kind, Instant since);
  bool drain_elsewhere(Scaled& scaled, std::size_t kind);
  void follow_leaving(Scaled& scaled);
  void order_down(Scaled& scaled, const ScaleMember& member);
  void after_order_down(const std::string& pool, const ScaleMember& member, bool good);
  void tell(Scaled& scaled, const sched::ScaleReading& reading);
  ScaledTypeStatus status_of(const ScalePool& pool, std::size_t kind) const;

  /// A server that was ordered elsewhere and has not come after so long is not waited for.
  static constexpr Nanos kOrderPatience = std::chrono::minutes(5);
  /// How long it is told that a process has never listened.
  static constexpr Nanos kSilentTold = std::chrono::minutes(10);

  net::Loop& loop_;
  ledger::Ledger& ledger_;
  HealthChecker& health_;
  Actions actions_;
  ScaleActuator actuator_;
  Predictor predictor_;
  std::vector<std::unique_ptr<Scaled>> pools_;
  net::Timer timer_;
};

}  // namespace finishline::control
