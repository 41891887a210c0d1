#include "servers/process_per_job.h"

namespace finishline::server {

void ProcessPerJob::begin(const Job& job) {
  net::ChildCommand command = options_.exec->command.for_job(job.words);
  command.limits = options_.exec->limits;
  auto started = net::ChildProcess::start(loop_, command, *this);
  if (const auto* reason = std::get_if<std::string>(&started)) {
    fail(*reason);
    return no_process_.start(0ns);
  }
  child_ = std::move(std::get<0>(started));
  child_->write(job.body);
  child_->end_input();
}

void ProcessPerJob::on_exit(int status) {
  child_.reset();
  if (status != 0) fail(net::describe_exit(status));
  finish();
}

}  // namespace finishline::server
