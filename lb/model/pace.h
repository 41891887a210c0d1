// A rate of arrivals that changes over time: stretches, one behind the other, on each of which the rate is
// kept or changes evenly. Pure.
//
//   rate |            ____
//        |       ____|    |          time_of(n): when the area under the line has come to n
//        |  ____|         |
//        +---------------------> time
#pragma once

#include <cstddef>
#include <vector>

#include "proto/units.h"

namespace finishline::model {

class Pace {
 public:
  /// Requests per second at both ends, each at least 0.
  struct Stretch {
    Nanos length{};
    double from = 0, to = 0;
  };

  /// At least one stretch, each longer than 0.
  explicit Pace(std::vector<Stretch> stretches);

  /// Seconds from the start until `count` requests have come, when they come evenly at these rates; infinity
  /// when so many never come. Never falls as `count` grows.
  double time_of(double count) const;
  /// The index of the stretch at that time; the last one behind the end.
  std::size_t stretch_at(Nanos since_start) const;
  /// When the stretch begins; `index` may be the number of stretches, which gives the end of all.
  Nanos begin_of(std::size_t index) const { return begins_[index]; }
  const std::vector<Stretch>& stretches() const { return stretches_; }
  Nanos length() const { return begins_.back(); }

 private:
  std::vector<Stretch> stretches_;
  std::vector<Nanos> begins_;   // of each stretch, and the end
  std::vector<double> counts_;  // requests before each stretch, and in all
};

}  // namespace finishline::model
