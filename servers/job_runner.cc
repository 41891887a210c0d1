#include "servers/job_runner.h"

#include "proto/quantity.h"

namespace finishline::server {

using proto::Status;

JobRunner::JobRunner(net::Loop& loop, const Options& options, Owner& owner)
    : loop_(loop), options_(options), owner_(owner), timeout_(loop, [this] {
        abort(Status::server_error, "it took longer than " + human(*options_.exec->timeout));
      }) {}

void JobRunner::start(const Job& job) {
  busy_ = true;
  decided_ = false;
  result_ = {};
  errors_.clear();
  started_at_ = loop_.fresh_now();
  if (options_.exec->timeout) timeout_.start(*options_.exec->timeout);
  begin(job);
}

void JobRunner::abort(Status status, const std::string& reason) {
  if (!busy_ || decided_) return;
  if (status == Status::server_error) {
    fail(reason);
  } else {
    result_.body.clear();
    decide(status);
  }
  if (child_) child_->kill();
}

void JobRunner::add_output(std::span<const std::byte> bytes) {
  if (decided_) return;
  if (result_.body.size() + bytes.size() > options_.max_body) {
    return abort(Status::server_error, "more output than " + std::to_string(options_.max_body) + " bytes");
  }
  result_.body.insert(result_.body.end(), bytes.begin(), bytes.end());
}

void JobRunner::fail(const std::string& reason) {
  if (decided_) return;
  decide(Status::server_error);
  const std::string words = errors_.text() + reason + "\n";
  const auto bytes = std::as_bytes(std::span(words));
  result_.body.assign(bytes.begin(), bytes.end());
}

void JobRunner::finish() {
  timeout_.stop();
  busy_ = decided_ = false;
  result_.service = loop_.fresh_now() - started_at_;
  owner_.on_result(*this, std::exchange(result_, {}));
}

}  // namespace finishline::server
