#include "servers/kept_process.h"

#include <algorithm>

#include "lb/log/log.h"

namespace finishline::server {

using proto::Status;

namespace {

std::uint32_t number_in(std::span<const std::byte> bytes) {
  std::uint32_t number = 0;
  for (const std::byte byte : bytes) number = number << 8 | std::to_integer<std::uint32_t>(byte);
  return number;
}

}  // namespace

KeptProcess::KeptProcess(net::Loop& loop, const Options& options, Owner& owner)
    : JobRunner(loop, options, owner),
      backoff_(200ms, 5s),
      restart_(loop,
               [this] {
                 start_process();
                 if (child_) owner_.on_ready();
               }),
      patience_(loop, [this] {
        if (child_) child_->kill();
      }) {
  start_process();
}

void KeptProcess::start_process() {
  net::ChildCommand command = options_.exec->command.for_all_jobs();
  command.limits.memory_bytes = options_.exec->limits.memory_bytes;
  auto started = net::ChildProcess::start(loop_, command, *this);
  if (const auto* reason = std::get_if<std::string>(&started)) {
    log::write(log::Event::command_ended, {{"reason", *reason}});
    return start_again();
  }
  leaving_ = false;
  child_ = std::move(std::get<0>(started));
}

void KeptProcess::start_again() {
  if (!retired_) restart_.start(backoff_.next(0.5));
}

// --- a job -------------------------------------------------------------------------------------------

void KeptProcess::begin(const Job& job) {
  head_filled_ = 0;
  const auto bytes = static_cast<std::uint32_t>(job.body.size());
  for (std::size_t i = 0; i < kLengthBytes; ++i) job_head_[i] = static_cast<std::byte>(bytes >> (24 - 8 * i));
  if (options_.exec->limits.cpu) child_->allow_cpu(*options_.exec->limits.cpu);
  child_->write(job_head_);
  child_->write(job.body);
}

void KeptProcess::on_output(std::span<const std::byte> bytes) {
  while (!bytes.empty() && !leaving_ && !decided()) {
    if (!busy()) return give_up("it said something unasked");
    if (head_filled_ < kHeadBytes) {
      take_head(bytes.front());
      bytes = bytes.subspan(1);
    } else {
      const auto part = bytes.first(std::min<std::size_t>(bytes.size(), body_left_));
      bytes = bytes.subspan(part.size());
      body_left_ -= static_cast<std::uint32_t>(part.size());
      add_output(part);
    }
    if (head_filled_ == kHeadBytes && body_left_ == 0 && !decided()) {
      if (!bytes.empty()) return give_up("it said more than its answer");
      return end_answer();
    }
  }
}

void KeptProcess::take_head(std::byte byte) {
  head_[head_filled_++] = byte;
  if (head_filled_ < kHeadBytes) return;
  body_left_ = number_in(std::span(head_).subspan(1));
  if (std::to_integer<std::size_t>(head_[0]) >= proto::kStatusCount) {
    return abort(Status::server_error, "it answered with a status that there is not");
  }
  if (body_left_ > options_.max_body) abort(Status::server_error, "it announced too large an answer");
}

// An answer before the whole job was read: the rest would be taken for the next one.
void KeptProcess::end_answer() {
  backoff_.reset();
  decide(static_cast<Status>(head_[0]));
  if (!child_->input_written()) return child_->kill();
  finish();
}

void KeptProcess::give_up(const std::string& reason) {
  leaving_ = true;
  if (busy()) return abort(Status::server_error, reason);
  errors_.add(std::as_bytes(std::span(reason)));
  child_->kill();
}

// --- its end -----------------------------------------------------------------------------------------

void KeptProcess::on_exit(int status) {
  child_.reset();
  patience_.stop();
  if (!retired_) {
    log::write(log::Event::command_ended,
               {{"reason", net::describe_exit(status)}, {"errors", errors_.text()}});
  }
  start_again();
  if (!busy()) return;
  fail("the process ended: " + net::describe_exit(status));
  finish();
}

void KeptProcess::retire(Nanos patience) {
  leaving_ = retired_ = true;
  restart_.stop();
  abort(Status::draining);
  if (!child_) return;
  child_->end_input();
  patience_.start(patience);
}

}  // namespace finishline::server
