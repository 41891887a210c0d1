// What was done when: the run in slices of equal length. Its own ups and downs say how far its figures can be
// trusted. Pure.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "proto/units.h"

namespace finishline::client {

class TimeSlices {
 public:
  static constexpr std::size_t kMost = 64;

  struct Slice {
    std::uint64_t ok = 0;  // replies
    Nanos latency{};       // their sum
  };

  /// The run has come so far. Negative spans count as 0.
  void reach(Nanos since_start);
  /// An ok reply came then.
  void record(Nanos since_start, Nanos latency);

  /// Adds a run that began at the same time.
  void merge(const TimeSlices& other);

  /// Of each slice; doubled when the run becomes longer than kMost of them.
  Nanos length() const { return length_; }
  /// Those that have ended, in order.
  std::vector<Slice> ended() const;

 private:
  std::array<Slice, kMost> slices_{};
  Nanos length_ = 1ms;
  Nanos reached_{};
};

}  // namespace finishline::client
