// Keeps, per pool of requests, how near it comes to the possible best and what other policies would have made
// of the same traffic (pure steps: lb/sim/performance.h, lb/sim/shadow.h; sensor: recorder.h). Control
// process, on its loop.
//
// Having requests recorded costs the workers a write per request, so they are recorded only while somebody
// looks. The evaluation runs on a thread of its own, in pieces (performance_job.h), and takes at most
// kShare of one core: with much traffic figures come less often, and with very much they are of less than a
// minute.
#pragma once

#include <deque>
#include <memory>
#include <optional>
#include <vector>

#include "lb/control/performance_job.h"
#include "lb/control/pool_performance.h"
#include "lb/control/recorder.h"
#include "lb/net/background.h"

namespace finishline::control {

class PerformanceMeter {
 public:
  /// One of requests.
  struct MeasuredPool {
    ledger::PoolId row = 0;
    CostModel cost;
    std::vector<ServerSpec> servers;  // their numbers are their rows in the ledger
    std::vector<double> weights;      // of these
    std::vector<bool> backups;        // of these: whether it is one
    sched::PolicyParams params;
    std::vector<sim::Contender> shadows;  // at least one
  };

  static constexpr Nanos kLease = 60s;  // after somebody looked last
  static constexpr Nanos kWindow = 60s;
  static constexpr std::size_t kKept = 32768;  // latest requests of each pool
  static constexpr double kShare = 0.05;       // of one core
  static constexpr double kMeasuring = 0.02;  // the part of it for what was achieved, the rest is for shadows
  static constexpr Nanos kPause = 250ms;      // at least, from one piece of work to the next

  /// All that is borrowed outlives it.
  PerformanceMeter(net::Loop& loop, const ledger::Ledger& ledger, Recorder& recorder,
                   std::vector<MeasuredPool> pools);
  /// Of another configuration: what the last minute brought stays, of pools whose costs and servers are the
  /// same. The recorder has followed before.
  void change_to(std::vector<MeasuredPool> pools);

  /// Somebody wants to know.
  void look();
  /// Nothing of a pool that is not measured, or has served nothing of late.
  std::optional<PoolPerformance> of(ledger::PoolId pool);

 private:
  struct Measured {
    MeasuredPool pool;
    std::vector<std::uint32_t> positions;  // in the pool, by ledger::ServerId
    std::deque<sim::Sample> samples;       // the oldest reply first, by and large
    Instant since{};                       // all replies from here on are in `samples`
    std::optional<PoolPerformance> known{};
    bool unmeasured = false, unplayed = false;  // `samples` have changed since
    Instant known_at{}, measure_at{}, shadows_until{};
    std::shared_ptr<const ShadowRound> round{};
    std::vector<sim::Shadow> round_shadows{};  // of this round, so far
  };

  static void inherit(Measured& from, Measured& to);
  void begin();
  void stop_listening();
  void end();
  void tick();
  void on_record(Measured& measured, const ledger::Record& record);
  void forget_old(Measured& measured);
  void forget_figures(Measured& measured);
  bool due(const Measured& measured) const;
  Measured* next_pool();
  void evaluate(Measured& measured);
  sim::ServedWork work_of(const Measured& measured) const;
  void take(Measured& measured, PerformanceJob::Outcome& outcome, Nanos span);
  void take_performance(Measured& measured, const PerformanceJob::Outcome& outcome, Nanos span);
  void take_shadow(Measured& measured, PerformanceJob::Outcome& outcome);

  net::Loop& loop_;
  const ledger::Ledger& ledger_;
  Recorder& recorder_;
  std::vector<std::unique_ptr<Measured>> pools_;  // each stays where it is: who is heard refers to it
  std::size_t turn_ = 0;                          // of pools_: who is evaluated next
  std::uint64_t revision_ = 0;                    // of pools_: work of an earlier one comes to nothing
  std::uint64_t missed_ = 0;                      // of the recorder, that are known of
  bool on_ = false, working_ = false;
  Instant looked_at_{}, next_work_{};
  net::Timer timer_;
  net::Background background_;  // the last: it waits for work that refers to this
};

}  // namespace finishline::control
