#include "proto/c/workload.h"

#include <algorithm>

namespace finishline::clib {
namespace {

constexpr double kLearn = 0.2;  // the weight of the latest measurement

std::size_t row_of(char type) { return static_cast<unsigned char>(type); }

}  // namespace

bool Workload::put(std::unique_ptr<ServerJob> job) {
  if (waiting_.size() >= max_waiting_ || waiting_bytes_ + job->held_bytes() > max_waiting_bytes_)
    return false;
  count(*job, 1);
  waiting_.push_back(std::move(job));
  return true;
}

ServerJob* Workload::begin(Instant now) {
  if (waiting_.empty()) return nullptr;
  std::unique_ptr<ServerJob> job = std::move(waiting_.front());
  waiting_.pop_front();
  count(*job, -1);
  job->begun_at = now;
  job->expected = Nanos(static_cast<std::int64_t>(nanos_for(job->type, job->units())));
  ServerJob* const begun = job.get();
  running_.emplace(begun->serial, std::move(job));
  return begun;
}

std::unique_ptr<ServerJob> Workload::finish(ServerJob* job, Instant now, bool served) {
  const auto found = running_.find(job->serial);
  std::unique_ptr<ServerJob> done = std::move(found->second);
  running_.erase(found);
  done->took = std::max(now - done->begun_at, Nanos(0));
  if (!served) return done;
  double& known = nanos_per_unit_[row_of(done->type)];
  const double latest = static_cast<double>(done->took.count()) / static_cast<double>(done->units());
  known = known == 0 ? latest : known + kLearn * (latest - known);
  return done;
}

std::size_t Workload::withdraw(std::uint64_t connection) {
  return std::erase_if(waiting_, [&](const auto& job) {
    if (job->connection != connection) return false;
    count(*job, -1);
    return true;
  });
}

std::unique_ptr<ServerJob> Workload::cancel(std::uint64_t connection, std::uint64_t id) {
  const auto is_meant = [=](const auto& job) { return job->connection == connection && job->asked.id == id; };
  for (const auto& [serial, job] : running_)
    if (is_meant(job)) job->cancelled = true;
  const auto found = std::find_if(waiting_.begin(), waiting_.end(), is_meant);
  if (found == waiting_.end()) return nullptr;
  std::unique_ptr<ServerJob> job = std::move(*found);
  waiting_.erase(found);
  count(*job, -1);
  return job;
}

void Workload::withdraw_all() {
  for (const auto& job : waiting_) count(*job, -1);
  waiting_.clear();
}

Nanos Workload::backlog(Instant now) const {
  double left = 0;
  for (std::size_t type = 0; type < waiting_units_.size(); ++type)
    left += nanos_for(static_cast<char>(type), waiting_units_[type]);
  for (const auto& [serial, job] : running_)
    left += static_cast<double>(std::max(job->expected - (now - job->begun_at), Nanos(0)).count());
  return Nanos(static_cast<std::int64_t>(std::min(left, 1e18)));
}

void Workload::count(const ServerJob& job, std::int64_t sign) {
  waiting_bytes_ += static_cast<std::size_t>(sign) * job.held_bytes();
  waiting_units_[row_of(job.type)] += static_cast<std::uint64_t>(sign) * job.units();
}

double Workload::nanos_for(char type, std::uint64_t units) const {
  return std::min(static_cast<double>(units) * nanos_per_unit_[row_of(type)], 1e18);
}

}  // namespace finishline::clib
