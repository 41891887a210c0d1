#include "lb/model/server_queue.h"

#include <algorithm>
#include <tuple>
#include <utility>

namespace finishline::model {

ServerQueue::ServerQueue(std::uint32_t slots) : slots_(slots) {
  for (std::uint32_t i = 0; i < slots; ++i) slots_[i].index = i;
}

bool ServerQueue::later_job(const Job& a, const Job& b) {
  return std::tie(a.due, a.number) > std::tie(b.due, b.number);
}

bool ServerQueue::later_slot(const Slot& a, const Slot& b) {
  return std::tie(a.free, a.index) > std::tie(b.free, b.index);
}

Instant ServerQueue::admit(const QueuedWork& work, Instant now) { return plan(work, admitted_++, now); }

Instant ServerQueue::plan(const QueuedWork& work, std::uint64_t number, Instant now) {
  std::pop_heap(slots_.begin(), slots_.end(), later_slot);
  Slot& slot = slots_.back();
  const Instant start = std::max(now, slot.free);
  const Instant due = start + work.service;
  jobs_.push_back({work, number, slot.index, start, due});
  slot.free = due;
  std::push_heap(slots_.begin(), slots_.end(), later_slot);
  std::push_heap(jobs_.begin(), jobs_.end(), later_job);
  return due;
}

std::optional<Instant> ServerQueue::next_due() const {
  if (jobs_.empty()) return std::nullopt;
  return jobs_.front().due;
}

std::optional<QueuedWork> ServerQueue::take_done(Instant now) {
  if (jobs_.empty() || jobs_.front().due > now) return std::nullopt;
  std::pop_heap(jobs_.begin(), jobs_.end(), later_job);
  const QueuedWork work = jobs_.back().work;
  jobs_.pop_back();
  return work;
}

std::vector<std::uint64_t> ServerQueue::drop(std::uint64_t connection, Instant now) {
  std::vector<std::uint64_t> dropped;
  for (const Job& job : take_unstarted(now)) {
    if (job.work.connection == connection) {
      dropped.push_back(job.work.tag);
    } else {
      plan(job.work, job.number, now);
    }
  }
  return dropped;
}

std::optional<Nanos> ServerQueue::cancel(std::uint64_t tag, Instant now) {
  const auto found = std::ranges::find(jobs_, tag, [](const Job& job) { return job.work.tag; });
  if (found == jobs_.end()) return std::nullopt;
  const Nanos worked = std::clamp(Nanos(now - found->start), Nanos{}, found->work.service);
  jobs_.erase(found);
  for (const Job& job : take_unstarted(now)) plan(job.work, job.number, now);
  return worked;
}

// Takes the plan back as far as it has not begun: returns the jobs in order of admission, and leaves the
// slots free after what has begun.
std::vector<ServerQueue::Job> ServerQueue::take_unstarted(Instant now) {
  const auto unstarted =
      std::partition(jobs_.begin(), jobs_.end(), [now](const Job& job) { return job.start <= now; });
  std::vector<Job> taken(unstarted, jobs_.end());
  jobs_.erase(unstarted, jobs_.end());
  std::make_heap(jobs_.begin(), jobs_.end(), later_job);
  std::sort(taken.begin(), taken.end(), [](const Job& a, const Job& b) { return a.number < b.number; });

  for (std::uint32_t i = 0; i < slots_.size(); ++i) slots_[i] = {Instant{}, i};
  for (const Job& job : jobs_) slots_[job.slot].free = std::max(slots_[job.slot].free, job.due);
  std::make_heap(slots_.begin(), slots_.end(), later_slot);
  return taken;
}

// Slots that are free last stay: so what runs on those that go is over before they take more.
void ServerQueue::resize(std::uint32_t slots, Instant now) {
  const std::vector<Job> waiting = take_unstarted(now);
  std::vector<Slot> kept = slots_;
  std::ranges::sort(kept, [](const Slot& a, const Slot& b) { return a.free > b.free; });
  kept.resize(slots, Slot{Instant{}, 0});
  std::vector<std::uint32_t> place(std::max<std::size_t>(slots_.size(), slots), 0);
  for (std::uint32_t i = 0; i < slots; ++i) {
    if (i < slots_.size()) place[kept[i].index] = i;
    kept[i].index = i;
  }
  for (Job& job : jobs_) job.slot = place[job.slot];
  slots_ = std::move(kept);
  std::make_heap(slots_.begin(), slots_.end(), later_slot);
  for (const Job& job : waiting) plan(job.work, job.number, now);
}

Nanos ServerQueue::backlog(Instant now) const {
  Nanos sum{};
  for (const Slot& slot : slots_) sum += std::max(Nanos{}, slot.free - now);
  return sum;
}

}  // namespace finishline::model
