// Learned costs: every 50 ms the control process takes what the workers have summed up of the service times
// in replies, lets a learner conclude what each type of request costs each server (sched/cost_learner.h), and
// publishes it (ledger/learned_costs.h). Whether workers decide by it is their pool's `learn`.
//
// A server whose reports cannot be true (sched/report_audit.h) teaches nothing; if they still are not in the
// next window, its declared costs hold, until they are. An audit that looks every 50 ms errs at times, hence
// the second window.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

#include "lb/ledger/learned_costs.h"
#include "lb/ledger/ledger.h"
#include "lb/ledger/pool_row.h"
#include "lb/net/timer.h"
#include "lb/sched/cost_learner.h"
#include "lb/sched/report_audit.h"

namespace finishline::control {

class CostLearning {
 public:
  /// A pool that learns.
  struct LearningPool {
    ledger::PoolId row = 0;
    std::vector<ledger::ServerId> servers;  // by position
    sched::PoolCosts declared;              // of these, by request type
  };

  /// The ledger outlives it.
  CostLearning(net::Loop& loop, ledger::Ledger& ledger, std::vector<LearningPool> pools);
  /// Of another configuration. What the ledger says was learned counts on.
  void change_to(std::vector<LearningPool> pools);
  /// One look at all pools. The timer does it.
  void step(Instant now);

 private:
  static constexpr Nanos kTick = 50ms;
  static constexpr double kWorthTelling = 0.01;  // workers hear of costs that moved by more than this share

  struct Server {
    sched::ReportAudit audit;
    Nanos reported{}, ways{};  // by the last look, since the row was let
    std::optional<Instant> doubted_since;
  };
  struct Learned {
    LearningPool pool;
    sched::CostLearner learner;
    std::vector<Server> servers;             // by position
    std::vector<ledger::CostEvidence> seen;  // [type * servers + server], by the last look
    std::vector<double> told;                // likewise: the costs that workers have heard of
  };
  std::unique_ptr<Learned> begin(LearningPool pool) const;
  void resume(Learned& learned, std::size_t server, std::size_t type) const;
  void step(Learned& learned, Instant now);
  void audit(Learned& learned, std::size_t server, Instant now);
  void observe(Learned& learned, std::size_t server, std::size_t type, Instant now);
  void publish(Learned& learned, Instant now);
  double cost_of(const Learned& learned, const sched::PoolCosts& published, std::size_t server,
                 std::size_t type, Instant now) const;
  bool worth_telling(const Learned& learned, const std::vector<double>& costs) const;
  Nanos reported(ledger::ServerId server) const;

  net::Loop& loop_;
  ledger::Ledger& ledger_;
  std::vector<std::unique_ptr<Learned>> pools_;
  net::Timer timer_;
};

}  // namespace finishline::control
