// A further thread of a run: a loop, connections and a tally of its own. Nothing is shared while requests go
// and come; what it has counted is taken over when it has ended.
#pragma once

#include <atomic>
#include <cstdint>
#include <mutex>
#include <thread>

#include "client/interval.h"
#include "client/journal.h"
#include "client/own_time.h"
#include "client/runner.h"
#include "client/scenario.h"
#include "lb/net/loop.h"

namespace finishline::client {

class LoadThread {
 public:
  /// Plays the share of the scenario's plan that the settings say; the scenario outlives it, and what the
  /// settings point to. With `watched`, take_interval() tells what happened.
  LoadThread(Runner::Settings settings, const Scenario& scenario, StepTallies steps, bool watched);
  LoadThread(const LoadThread&) = delete;
  LoadThread& operator=(const LoadThread&) = delete;
  /// Ends the thread, if it runs.
  ~LoadThread();

  // These may be called while it runs.

  void start();
  /// Ends it soon, as Runner::stop() does.
  void stop() { stopping_ = true; }
  /// Does not wait for what is taken back.
  void stop_at_once() { stopping_ = at_once_ = true; }
  bool done() const { return done_; }
  std::uint64_t answered() const { return answered_; }
  std::size_t open_requests() const { return open_; }
  /// Since the last call.
  Interval take_interval();

  // These only after join().

  void join();
  const Ending& ending() const { return ending_; }
  const Tally& tally() const { return tally_; }
  const Tally& warm_up() const { return runner_.warm_up(); }
  OwnTime own() const { return own_; }

 private:
  void play();
  void tell();

  net::Loop loop_;
  Journal journal_;
  Tally tally_;
  Runner runner_;
  Ending ending_;
  OwnTime own_;
  std::atomic<bool> stopping_ = false, at_once_ = false, done_ = false;
  std::atomic<std::uint64_t> answered_ = 0;
  std::atomic<std::size_t> open_ = 0;
  std::mutex mutex_;  // of told_, some ten times a second
  Interval told_;
  std::thread thread_;
};

}  // namespace finishline::client
