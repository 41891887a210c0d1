#include "servers/command_queue.h"

#include <algorithm>

#include "servers/kept_process.h"
#include "servers/process_per_job.h"

namespace finishline::server {

using proto::Status;

CommandQueue::CommandQueue(net::Loop& loop, const Options& options, OnResult on_result)
    : loop_(loop), on_result_(std::move(on_result)), deadline_timer_(loop, [this] { on_deadline(); }) {
  JobRunner::Owner& owner = *this;
  for (std::uint32_t i = 0; i < options.slots; ++i) {
    if (options.exec->keep_alive > 0) {
      slots_.push_back({std::make_unique<KeptProcess>(loop, options, owner)});
    } else {
      slots_.push_back({std::make_unique<ProcessPerJob>(loop, options, owner)});
    }
  }
}

void CommandQueue::admit(Job job) {
  if (job.deadline) arm(*job.deadline);
  expected_waiting_ += job.expected;
  waiting_.push_back(std::move(job));
  start_what_can();
}

void CommandQueue::start_what_can() {
  if (running_ == slots_.size()) return;
  for (Slot& slot : slots_) {
    if (waiting_.empty()) return;
    if (slot.runner->ready()) start(slot);
  }
}

void CommandQueue::start(Slot& slot) {
  slot.job = std::move(waiting_.front());
  waiting_.pop_front();
  expected_waiting_ -= slot.job.expected;
  slot.started_at = loop_.fresh_now();
  ++running_;
  slot.runner->start(slot.job);
}

CommandQueue::Slot& CommandQueue::slot_of(const JobRunner& runner) {
  return *std::ranges::find_if(slots_, [&](const Slot& slot) { return slot.runner.get() == &runner; });
}

void CommandQueue::on_result(JobRunner& from, JobResult result) {
  Slot& slot = slot_of(from);
  const Job done = std::move(slot.job);
  --running_;
  if (!waiting_.empty() && from.ready()) start(slot);
  on_result_(done, std::move(result));
}

std::vector<std::uint64_t> CommandQueue::drop_waiting(std::uint64_t connection) {
  std::vector<std::uint64_t> dropped;
  std::erase_if(waiting_, [&](const Job& job) {
    if (job.connection != connection) return false;
    expected_waiting_ -= job.expected;
    dropped.push_back(job.tag);
    return true;
  });
  return dropped;
}

void CommandQueue::cancel_running(std::uint64_t connection) {
  for (Slot& slot : slots_) {
    if (slot.runner->busy() && slot.job.connection == connection) slot.runner->abort(Status::cancelled);
  }
}

bool CommandQueue::withdraw(std::uint64_t tag) {
  for (Slot& slot : slots_)
    if (slot.runner->busy() && slot.job.tag == tag) slot.runner->abort(Status::cancelled);
  const auto waits = std::ranges::find(waiting_, tag, &Job::tag);
  if (waits == waiting_.end()) return false;
  expected_waiting_ -= waits->expected;
  waiting_.erase(waits);
  return true;
}

// --- deadlines ---------------------------------------------------------------------------------------

void CommandQueue::arm(Instant deadline) {
  if (armed_ && *armed_ <= deadline) return;
  armed_ = deadline;
  deadline_timer_.start_at(deadline);
}

void CommandQueue::on_deadline() {
  const Instant now = loop_.fresh_now();
  armed_.reset();
  const auto passed = [&](const Job& job) {
    if (job.deadline && *job.deadline > now) arm(*job.deadline);
    return job.deadline && *job.deadline <= now;
  };
  for (Slot& slot : slots_) {
    if (slot.runner->busy() && passed(slot.job)) slot.runner->abort(Status::deadline_exceeded);
  }
  std::vector<Job> late;
  std::erase_if(waiting_, [&](const Job& job) {
    if (!passed(job)) return false;
    expected_waiting_ -= job.expected;
    late.push_back(job);
    return true;
  });
  for (const Job& job : late) on_result_(job, {.status = Status::deadline_exceeded});
}

void CommandQueue::retire(Nanos patience) {
  deadline_timer_.stop();
  for (Slot& slot : slots_) slot.runner->retire(patience);
}

Nanos CommandQueue::backlog(Instant now) const {
  Nanos sum = expected_waiting_;
  if (running_ == 0) return sum;
  for (const Slot& slot : slots_) {
    if (slot.runner->busy()) sum += std::max(0ns, slot.job.expected - (now - slot.started_at));
  }
  return sum;
}

}  // namespace finishline::server
