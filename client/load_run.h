// One run of load, from a scenario to a report: its parts in the order in which they are made.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "client/connect_notice.h"
#include "client/journal.h"
#include "client/load_thread.h"
#include "client/own_time.h"
#include "client/payload.h"
#include "client/progress.h"
#include "client/progress_bar.h"
#include "client/report.h"
#include "client/route.h"
#include "client/runner.h"
#include "client/scenario.h"
#include "client/seconds_file.h"
#include "lb/net/loop.h"

namespace finishline::client {

class LoadRun {
 public:
  /// The loop and the notice outlive it.
  LoadRun(net::Loop& loop, Inputs inputs, Scenario scenario, Journal journal, Route route,
          ConnectNotice& notice);

  /// Plays the scenario, prints the report with these notes, and returns the exit code. Once.
  int play(std::vector<std::string> notes);

 private:
  const Options& options() const { return inputs_.options; }
  Runner::Settings settings(std::uint32_t thread) const;
  Wire wire() const;
  Progress progress() const;
  std::string open_seconds();
  Ending play_until_ended();
  void interrupt(int number);
  std::string add_threads(bool watched);
  void stop_threads();
  void wait_for_threads();
  void take_over_threads(Ending& ending, OwnTime& own);
  void on_tick(ProgressBar& bar);
  void end_second(ProgressBar* bar);
  std::string close_files();
  std::string write_percentiles() const;
  Report report(Ending ending, OwnTime own, std::vector<std::string> notes) const;
  int print(const Report& report) const;

  net::Loop& loop_;
  Inputs inputs_;
  Scenario scenario_;
  Journal journal_;
  Payload payload_;
  Tally tally_;
  Route route_;
  Runner runner_;
  Tally warm_up_;  // of all threads, when they have ended
  std::vector<SentShare> sent_;
  std::vector<std::unique_ptr<LoadThread>> threads_;  // besides the one that runs all this
  std::optional<SecondsFile> seconds_;
  Nanos second_begun_{};  // since the start of the run
  int interrupted_by_ = 0;
};

}  // namespace finishline::client
