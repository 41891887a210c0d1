// Which way long stretches of a stream go: copied, in large reads, or spliced, through a pipe. Which is
// cheaper depends on processor, kernel, load and sizes, so each worker measures both while it works. Pure: it
// is told what a move cost.
//
//   |m m m m|t t t t|. . . . . . . . . .|m m m m|t t t t|. . .    m: the cheaper way, measured; t: the other,
//   measured
//   `--------------- kCycle moves ------'                         .: the cheaper way
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

#include "proto/units.h"

namespace finishline::worker {

/// What was measured of a move: bytes that came in, and those of them that the other side took at once.
struct BulkMove {
  std::size_t in_bytes = 0;
  Nanos in_cpu{};
  std::size_t out_bytes = 0;
  Nanos out_cpu{};
};

enum class BulkWay : std::uint8_t { copy, splice };

class BulkRule {
 public:
  /// One in 128 moves tries the other way: where that costs four times as much, this costs 2 %.
  static constexpr std::uint32_t kCycle = 512;
  static constexpr std::uint32_t kMeasured = 4;
  /// So many of each way are measured before any is preferred.
  static constexpr std::uint32_t kFirst = 8;
  /// The other way must be cheaper by so much to be taken: the figures move by less.
  static constexpr double kClearly = 0.95;

  /// The way of the next move, and whether note() is to be told what it cost.
  struct Next {
    BulkWay way;
    bool measured;
  };
  Next next();
  void note(BulkWay way, const BulkMove& move);

  BulkWay preferred() const { return preferred_; }
  /// CPU time per GiB of late, in and out; 0 while it is not known.
  Nanos per_gib(BulkWay way) const;

 private:
  struct Cost {
    struct Half {
      double ns = 0;
      double bytes = 0;
      void note(std::size_t more_bytes, Nanos cpu);
    };
    Half in, out;
    std::uint32_t notes = 0;
    double per_byte() const;
  };
  Cost& of(BulkWay way) { return costs_[static_cast<std::size_t>(way)]; }
  const Cost& of(BulkWay way) const { return costs_[static_cast<std::size_t>(way)]; }
  bool knows_both() const;

  std::array<Cost, 2> costs_;
  BulkWay preferred_ = BulkWay::copy;
  std::uint32_t position_ = 0;  // in the cycle
};

inline constexpr BulkWay other(BulkWay way) { return way == BulkWay::copy ? BulkWay::splice : BulkWay::copy; }

}  // namespace finishline::worker
