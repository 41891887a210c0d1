// Whether what a server says of its work can be true: over ten seconds the times that it reports add up to
// about the time in which it had something to do. Who learns costs (cost_learner.h) believes a server only
// while they do, and goes by its replies otherwise. One server, as one worker or the control process sees it;
// pure.
#pragma once

#include <algorithm>
#include <cstdint>

#include "proto/units.h"

namespace finishline::sched {

class ReportAudit {
 public:
  static constexpr Nanos kWindow = 10s;
  static constexpr double kLeast = 0.5, kMost = 1.2;  // of the time in which its slots were busy
  static constexpr Nanos kLeastBusy = 500ms;          // in a window; less proves nothing

  /// `slots` > 0.
  explicit ReportAudit(std::uint32_t slots = 1) : slots_(slots) {}

  /// A request was sent to it, and so many are in flight now.
  void sent(std::uint32_t in_flight, Instant now) { pass(in_flight, now); }
  /// It replied and says that it worked for `service`; of its response so much was way.
  void replied(Nanos service, Nanos round_trip, std::uint32_t in_flight, Instant now) {
    pass(in_flight, now);
    reported_ += service;
    ways_ += round_trip;
  }
  /// What the last full window has shown; true before the first.
  bool truthful() const { return truthful_; }

 private:
  /// Time goes by, with as many of its slots busy as were.
  void pass(std::uint32_t in_flight, Instant now) {
    if (since_ == Instant{}) since_ = last_ = now;
    busy_ += (now - last_) * std::min(in_flight_, slots_);
    in_flight_ = in_flight;
    last_ = now;
    if (now - since_ < kWindow) return;
    judge();
    since_ = now;
    busy_ = reported_ = ways_ = {};
  }
  /// A slot that is idle while its next request is on its way was busy for us: the ways are no more than
  /// that.
  void judge() {
    if (busy_ < kLeastBusy) return;
    const double least = to_seconds(std::max(busy_ - ways_, Nanos{})), most = to_seconds(busy_);
    const double said = to_seconds(reported_);
    truthful_ = said >= kLeast * least && said <= kMost * most;
  }

  std::uint32_t slots_;
  std::uint32_t in_flight_ = 0;
  Instant since_{}, last_{};
  Nanos busy_{}, reported_{}, ways_{};
  bool truthful_ = true;
};

/// How long a server of one slot must have worked on a request by the times of its replies: since the request
/// reached it, or since the reply before, if that came later. 0 where they contradict each other.
constexpr Nanos service_by_replies(Instant sent_at, Instant reply_before, Nanos round_trip, Instant now) {
  return std::max(std::min(now - sent_at - round_trip, now - reply_before), Nanos{});
}

}  // namespace finishline::sched
