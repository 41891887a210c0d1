// The jobs of a server whose work a command does: first come, first served, as many at once as it has slots.
#pragma once

#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <vector>

#include "servers/job_runner.h"

namespace finishline::server {

class CommandQueue final : private JobRunner::Owner {
 public:
  /// Called once for each job that was not dropped, never from inside a call to the queue.
  using OnResult = std::function<void(const Job&, JobResult)>;

  /// `options`, which have `exec`, outlive it.
  CommandQueue(net::Loop& loop, const Options& options, OnResult on_result);

  void admit(Job job);
  /// Takes out what has not begun of this connection: the tags. What runs of it goes on.
  std::vector<std::uint64_t> drop_waiting(std::uint64_t connection);
  /// Kills what runs of this connection: its result is `cancelled`.
  void cancel_running(std::uint64_t connection);
  /// Takes out this job if it has not begun: true. If it runs it is killed, and its result is `cancelled`.
  bool withdraw(std::uint64_t tag);
  /// All processes end, within `patience` or by force.
  void retire(Nanos patience);

  bool empty() const { return waiting_.empty() && running_ == 0; }
  /// Work that is expected still, the sum over the slots.
  Nanos backlog(Instant now) const;

 private:
  struct Slot {
    std::unique_ptr<JobRunner> runner;
    Job job{};
    Instant started_at{};
  };

  void on_result(JobRunner& from, JobResult result) override;
  void on_ready() override { start_what_can(); }
  void start_what_can();
  void start(Slot& slot);
  void on_deadline();
  void arm(Instant deadline);
  Slot& slot_of(const JobRunner& runner);

  net::Loop& loop_;
  OnResult on_result_;
  std::vector<Slot> slots_;
  std::deque<Job> waiting_;
  Nanos expected_waiting_{};  // the sum
  std::size_t running_ = 0;
  net::Timer deadline_timer_;
  std::optional<Instant> armed_;  // the first deadline
};

}  // namespace finishline::server
