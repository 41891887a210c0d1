// What happened so far: the counts and times that the report is made of. Pure.
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <optional>
#include <utility>
#include <vector>

#include "client/histogram.h"
#include "client/interval.h"
#include "client/request.h"
#include "client/step_tallies.h"
#include "client/time_slices.h"
#include "client/verify.h"
#include "proto/frame.h"

namespace finishline::client {

/// The answer to one request, as far as the numbers go.
struct Answer {
  proto::Status status = proto::Status::ok;
  std::uint32_t service_us = 0;         // time the server worked on it; 0 when not told
  std::optional<std::uint32_t> server;  // the number of the server that did it; nothing when not told
};

struct TypeTally {
  std::uint64_t sent = 0, ok = 0;
  std::uint64_t work = 0;        // units of length, of the ok ones
  std::uint64_t service_us = 0;  // told by the servers, of the ok ones
  Histogram latency;             // of the ok ones

  void merge(const TypeTally& other);
};

struct ServerTally {
  std::uint64_t ok = 0, work = 0, service_us = 0;
  Nanos latency{};  // sum

  void merge(const ServerTally& other);
};

/// Every request that was sent ends up in exactly one of ok, failed, lost, unanswered or in `wrong` (other
/// than Fault::unexpected and Fault::garbled, which belong to no request).
class Tally {
 public:
  explicit Tally(std::size_t request_types, StepTallies steps = {})
      : steps_(std::move(steps)), types_(request_types) {}

  /// The run begins. Only steps ask for it.
  void begin(Instant start) { steps_.begin(start); }
  /// From here on take_interval() tells what happened.
  void watch() { interval_.emplace(); }
  bool watched() const { return interval_.has_value(); }
  /// What happened since the last call, or since watch(). Precondition: watched().
  Interval take_interval() { return std::exchange(*interval_, {}); }

  /// The first attempt of a request.
  void sent(const Request& request, std::size_t open_now);
  void sent_again() { ++retries_; }
  /// It was answered overloaded and will be sent again.
  void refused() { ++refusals_; }
  void answered(const Request& request, const Answer& answer, Instant now);
  void wrong(Fault fault) {
    ++wrong_[static_cast<std::size_t>(fault)];
    if (interval_ && belongs_to_request(fault)) ++interval_->failed;
  }
  /// Its connection was lost and it may not be sent again.
  void lost() {
    ++lost_;
    if (interval_) ++interval_->failed;
  }
  /// The run ended before its reply came.
  void unanswered(std::uint64_t requests) { unanswered_ += requests; }
  /// A connection that had been open was lost.
  void disconnected() { ++disconnects_; }

  /// Adds what another thread has counted, of the same types and steps; both have ended. most_open() becomes
  /// the sum, though the threads may have had their most at different times.
  void merge(const Tally& other);

  std::uint64_t sent() const { return sent_; }
  std::uint64_t ok() const { return by_status_[0]; }
  /// Statuses that the protocol does not know count together, under the first number behind its list.
  std::uint64_t with_status(proto::Status status) const { return by_status_[place_of(status)]; }
  static constexpr std::size_t kStatuses = proto::kStatusCount + 1;
  std::uint64_t wrong_by(Fault fault) const { return wrong_[static_cast<std::size_t>(fault)]; }
  std::uint64_t all_wrong() const;
  std::uint64_t lost_requests() const { return lost_; }
  std::uint64_t unanswered_requests() const { return unanswered_; }
  std::uint64_t retries() const { return retries_; }
  std::uint64_t refusals() const { return refusals_; }
  std::uint64_t disconnects() const { return disconnects_; }
  std::size_t most_open() const { return most_open_; }

  /// From the first (intended) send to the last reply; 0 before there are both.
  Nanos makespan() const;
  /// Of the ok replies, from the intended (open loop) or first (closed loop) send.
  const Histogram& latency() const { return latency_; }
  /// From the first (intended) send on.
  const TimeSlices& slices() const { return slices_; }
  const StepTallies& steps() const { return steps_; }
  Instant last_reply() const { return last_reply_; }
  /// How long after its intended time a request was first sent; large values mean that the client, or the
  /// depth it was given, is the bottleneck.
  const Histogram& lateness() const { return lateness_; }
  const std::vector<TypeTally>& types() const { return types_; }
  /// By priority class.
  const std::array<TypeTally, proto::kPriorities>& priorities() const { return priorities_; }
  /// By server number.
  const std::vector<ServerTally>& servers() const { return servers_; }

 private:
  static constexpr std::size_t kMostServers = 65536;  // a number comes off the wire: it may not cost memory

  static std::size_t place_of(proto::Status status) {
    return std::min(static_cast<std::size_t>(status), kStatuses - 1);
  }
  void merge_counts(const Tally& other);
  static bool belongs_to_request(Fault fault) {
    return fault != Fault::unexpected && fault != Fault::garbled;
  }
  void note(bool ok, Nanos latency);
  void served(const Request& request, const Answer& answer, Nanos latency);

  std::uint64_t sent_ = 0, retries_ = 0, refusals_ = 0, lost_ = 0, unanswered_ = 0, disconnects_ = 0;
  std::array<std::uint64_t, kStatuses> by_status_{};
  std::array<std::uint64_t, kFaults> wrong_{};
  std::size_t most_open_ = 0;
  Instant first_sent_{}, last_reply_{};
  Histogram latency_, lateness_;
  TimeSlices slices_;
  StepTallies steps_;
  std::optional<Interval> interval_;
  std::vector<TypeTally> types_;
  std::array<TypeTally, proto::kPriorities> priorities_;
  std::vector<ServerTally> servers_;
};

}  // namespace finishline::client
