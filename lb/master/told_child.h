// A child that goes on through a change and is told of it: whether it has taken the one in force, and its end
// where it does not, because it is stuck: its successor begins with what it did not take. Master process.
#pragma once

#include <cstdint>

#include "lb/master/children.h"

namespace finishline::master {

class ToldChild {
 public:
  /// `patience` for it to take a change. The children outlive this.
  ToldChild(Role role, Nanos patience, const Children& children)
      : role_(role), patience_(patience), children_(children) {}

  /// It is told now; `reached`: or could not be, and is not waited for.
  void told(bool reached);
  /// Whether it runs, and has said that it works by another revision than this.
  bool behind(std::uint32_t confirmed, std::uint32_t revision) const;
  /// Kills one that has been behind for too long, since it was told or was forked.
  void hurry(std::uint32_t confirmed, std::uint32_t revision);

 private:
  const Role role_;
  const Nanos patience_;
  const Children& children_;
  Instant told_at_{};
};

}  // namespace finishline::master
