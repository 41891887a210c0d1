// How long work of each type will take: as declared, until work of the type has been done; then the declared
// time by the ratio of what late jobs took to what they had declared. Pure.
#pragma once

#include <array>
#include <cstdint>

#include "proto/units.h"

namespace finishline::server {

class ServiceEstimate {
 public:
  Nanos expected(char type, Nanos declared) const;
  void learn(char type, Nanos declared, Nanos measured);

 private:
  static constexpr double kKeep = 0.9;  // of what was, with each new job

  /// Sums over jobs, the older the less they count.
  struct Seen {
    double jobs = 0;
    double declared = 0;
    double measured = 0;
  };
  std::array<Seen, 256> seen_{};
};

}  // namespace finishline::server
