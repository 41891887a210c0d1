// One piece of work about a pool's performance, small enough to be done now and then: what was achieved of
// late, and what one shadow policy would have made of it. Control process, on a thread of its own.
#pragma once

#include <functional>
#include <memory>
#include <optional>

#include "lb/net/background.h"
#include "lb/sim/performance.h"
#include "lb/sim/shadow.h"

namespace finishline::control {

/// Traffic that all shadows of one round play, so that they can be compared.
struct ShadowRound {
  sim::Replay replay;
  Nanos bound{};
  Instant until{};  // its last reply
};

class PerformanceJob final : public net::Background::Job {
 public:
  /// At most so many requests are played by a shadow, and so many decisions are looked at, one per request
  /// and server: few thousand for a few servers, some hundred for a thousand of them.
  static constexpr std::size_t kMostPlayed = 4096, kLeastPlayed = 256, kMostLooks = 1U << 19;

  struct Task {
    sim::ServedWork work;
    std::shared_ptr<const ShadowRound> round{};  // nullptr: a new one begins
    bool measures = true;                        // what was achieved, besides
    sim::Contender shadow;
    sched::PolicyParams params;
  };
  struct Outcome {
    std::optional<sim::Performance> performance{};
    std::shared_ptr<const ShadowRound> round{};  // nullptr: there was nothing to play
    std::optional<sim::Shadow> shadow{};
    Nanos cost{};            // of the thread
    Nanos measuring_cost{};  // the part of it for `performance`
  };

  PerformanceJob(Task task, std::function<void(Outcome)> done)
      : task_(std::move(task)), done_(std::move(done)) {}

  void work() override;
  void done() override { done_(std::move(outcome_)); }

 private:
  Task task_;
  std::function<void(Outcome)> done_;
  Outcome outcome_;
};

}  // namespace finishline::control
