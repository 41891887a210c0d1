// What requests need at least, where servers are unlike and some of them are farther: the lower envelope of
// cost * length + distance. Pure.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <vector>

#include "proto/units.h"

namespace finishline::sched {

/// From its begin on that server until it is done, ns. A request of length 0 counts as a unit where servers
/// are compared.
inline double done_after(std::uint32_t length, double nanos_per_unit, Nanos later) {
  return nanos_per_unit * std::max<std::uint32_t>(length, 1) + static_cast<double>(later.count());
}

/// By type. Allocates only when there are more types, or other distances, than before.
class LeastCosts {
 public:
  /// Nobody can do anything.
  void reset(std::size_t types);
  /// A server that needs so many ns per unit, and has each request done so much later.
  void add(std::size_t type, double nanos_per_unit, Nanos later);

  /// ns, wherever it is; infinite: nobody can do it.
  double per_unit(std::size_t type) const { return least_[type]; }
  /// By what a server that needs so much for it is dearer than the best, as a ratio, at least 1.
  double tier(std::size_t type, std::uint32_t length, double nanos_per_unit, Nanos later) const;
  /// As a service time, with the distance; 0 where nobody can do it.
  Nanos service(std::size_t type, std::uint32_t length) const;

 private:
  static constexpr double kNobodyCan = std::numeric_limits<double>::infinity();
  /// Servers that are equally far: of two kinds at most where zones are told apart.
  struct Ring {
    Nanos later{};
    std::vector<double> least;  // by type, ns per unit
  };
  std::vector<double> least_;  // by type, of all rings
  std::vector<Ring> rings_;
};

}  // namespace finishline::sched
