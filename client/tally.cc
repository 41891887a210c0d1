#include "client/tally.h"

#include <algorithm>
#include <numeric>

namespace finishline::client {

void Tally::sent(const Request& request, std::size_t open_now) {
  if (sent_++ == 0) first_sent_ = request.intended;
  most_open_ = std::max(most_open_, open_now);
  lateness_.record(request.sent - request.intended);
  steps_.sent(request);
  if (interval_) ++interval_->sent;
  ++types_[request.type].sent;
  ++priorities_[request.priority].sent;
}

void Tally::answered(const Request& request, const Answer& answer, Instant now) {
  ++by_status_[place_of(answer.status)];
  last_reply_ = std::max(last_reply_, now);
  slices_.reach(now - first_sent_);
  if (interval_) note(answer.status == proto::Status::ok, now - request.intended);
  if (answer.status != proto::Status::ok) return;
  slices_.record(now - first_sent_, now - request.intended);
  steps_.served(request, now);
  served(request, answer, now - request.intended);
}

void Tally::note(bool ok, Nanos latency) {
  ++(ok ? interval_->ok : interval_->failed);
  if (ok) interval_->latency.record(latency);
}

void Tally::served(const Request& request, const Answer& answer, Nanos latency) {
  latency_.record(latency);
  for (TypeTally* const kind : {&types_[request.type], &priorities_[request.priority]}) {
    ++kind->ok;
    kind->work += request.length;
    kind->service_us += answer.service_us;
    kind->latency.record(latency);
  }

  if (!answer.server || *answer.server >= kMostServers) return;
  if (*answer.server >= servers_.size()) servers_.resize(*answer.server + std::size_t{1});
  ServerTally& server = servers_[*answer.server];
  ++server.ok;
  server.work += request.length;
  server.service_us += answer.service_us;
  server.latency += latency;
}

void TypeTally::merge(const TypeTally& other) {
  sent += other.sent;
  ok += other.ok;
  work += other.work;
  service_us += other.service_us;
  latency.merge(other.latency);
}

void ServerTally::merge(const ServerTally& other) {
  ok += other.ok;
  work += other.work;
  service_us += other.service_us;
  latency += other.latency;
}

void Tally::merge(const Tally& other) {
  if (other.sent_ > 0)
    first_sent_ = sent_ == 0 ? other.first_sent_ : std::min(first_sent_, other.first_sent_);
  last_reply_ = std::max(last_reply_, other.last_reply_);
  merge_counts(other);
  latency_.merge(other.latency_);
  lateness_.merge(other.lateness_);
  slices_.merge(other.slices_);
  steps_.merge(other.steps_);
  for (std::size_t i = 0; i < types_.size(); ++i) types_[i].merge(other.types_[i]);
  for (std::size_t i = 0; i < priorities_.size(); ++i) priorities_[i].merge(other.priorities_[i]);
  servers_.resize(std::max(servers_.size(), other.servers_.size()));
  for (std::size_t i = 0; i < other.servers_.size(); ++i) servers_[i].merge(other.servers_[i]);
}

void Tally::merge_counts(const Tally& other) {
  sent_ += other.sent_;
  retries_ += other.retries_;
  refusals_ += other.refusals_;
  lost_ += other.lost_;
  unanswered_ += other.unanswered_;
  disconnects_ += other.disconnects_;
  most_open_ += other.most_open_;
  for (std::size_t i = 0; i < by_status_.size(); ++i) by_status_[i] += other.by_status_[i];
  for (std::size_t i = 0; i < wrong_.size(); ++i) wrong_[i] += other.wrong_[i];
}

std::uint64_t Tally::all_wrong() const {
  return std::accumulate(wrong_.begin(), wrong_.end(), std::uint64_t{0});
}

Nanos Tally::makespan() const { return std::max(last_reply_ - first_sent_, Nanos{0}); }

}  // namespace finishline::client
