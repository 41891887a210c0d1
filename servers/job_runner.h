// Who does one job at a time with a command: a process for each job (process_per_job.h), or one that is kept
// (kept_process.h).
#pragma once

#include <functional>
#include <string>
#include <utility>

#include "lb/net/child_process.h"
#include "servers/job.h"
#include "servers/last_lines.h"
#include "servers/options.h"

namespace finishline::server {

class JobRunner : protected net::ChildEvents {
 public:
  class Owner {
   public:
    /// Once for each job, never from inside start() or abort(). The runner may be given the next one at once.
    virtual void on_result(JobRunner& from, JobResult result) = 0;
    /// It takes jobs, after a time in which it did not.
    virtual void on_ready() = 0;

   protected:
    ~Owner() = default;
  };

  virtual ~JobRunner() = default;
  JobRunner(const JobRunner&) = delete;
  JobRunner& operator=(const JobRunner&) = delete;

  /// Takes a job now.
  virtual bool ready() const { return !busy_; }
  bool busy() const { return busy_; }
  /// Precondition: ready().
  void start(const Job& job);
  /// The processes of the job are killed; its result is this one, and comes when they are gone. After that
  /// nothing that they still do changes it.
  void abort(proto::Status status, const std::string& reason = "");
  /// No more jobs: its processes end, within `patience` or by force.
  virtual void retire(Nanos patience) = 0;

 protected:
  JobRunner(net::Loop& loop, const Options& options, Owner& owner);

  /// Gives the job to a process.
  virtual void begin(const Job& job) = 0;
  /// Takes more of the result's body; what is too much ends the job.
  void add_output(std::span<const std::byte> bytes);
  /// Words about a failure: the last lines of standard error and the reason.
  void fail(const std::string& reason);
  bool decided() const { return decided_; }
  void decide(proto::Status status) {
    decided_ = true;
    result_.status = status;
  }
  /// The process is through with the job: hands over the result.
  void finish();
  void on_errors(std::span<const std::byte> bytes) final { errors_.add(bytes); }

  net::Loop& loop_;
  const Options& options_;
  Owner& owner_;
  std::unique_ptr<net::ChildProcess> child_;
  JobResult result_;
  LastLines errors_;

 private:
  net::Timer timeout_;
  Instant started_at_{};
  bool busy_ = false;
  bool decided_ = false;  // result_ has its status
};

}  // namespace finishline::server
