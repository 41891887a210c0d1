// Runs a command anew for each job: the body is its standard input, its standard output the reply.
#pragma once

#include "servers/job_runner.h"

namespace finishline::server {

class ProcessPerJob final : public JobRunner {
 public:
  ProcessPerJob(net::Loop& loop, const Options& options, Owner& owner)
      : JobRunner(loop, options, owner), no_process_(loop, [this] { finish(); }) {}

  void retire(Nanos) override { abort(proto::Status::draining); }

 private:
  void begin(const Job& job) override;
  void on_output(std::span<const std::byte> bytes) override { add_output(bytes); }
  void on_exit(int status) override;

  net::Timer no_process_;
};

}  // namespace finishline::server
