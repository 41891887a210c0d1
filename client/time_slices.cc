#include "client/time_slices.h"

#include <algorithm>

namespace finishline::client {

void TimeSlices::reach(Nanos since_start) {
  reached_ = std::max(reached_, since_start);
  for (; reached_ >= length_ * static_cast<std::int64_t>(kMost); length_ *= 2) {
    for (std::size_t i = 0; i < kMost / 2; ++i) {
      const Slice &first = slices_[2 * i], &second = slices_[2 * i + 1];
      slices_[i] = {first.ok + second.ok, first.latency + second.latency};
    }
    std::fill(slices_.begin() + kMost / 2, slices_.end(), Slice{});
  }
}

void TimeSlices::record(Nanos since_start, Nanos latency) {
  reach(since_start);
  Slice& slice = slices_[static_cast<std::size_t>(std::max(since_start, 0ns) / length_)];
  ++slice.ok;
  slice.latency += latency;
}

void TimeSlices::merge(const TimeSlices& other) {
  TimeSlices theirs = other;
  reach(theirs.reached_);  // who has come equally far has slices of equal length
  theirs.reach(reached_);
  for (std::size_t i = 0; i < kMost; ++i) {
    slices_[i].ok += theirs.slices_[i].ok;
    slices_[i].latency += theirs.slices_[i].latency;
  }
}

std::vector<TimeSlices::Slice> TimeSlices::ended() const {
  return {slices_.begin(), slices_.begin() + reached_ / length_};
}

}  // namespace finishline::client
