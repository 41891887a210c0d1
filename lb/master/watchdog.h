// Finds children whose loops do not turn. Pure: heartbeats and the time come in; the master, which looks,
// acts.
//
// What counts is how long a heart has not beaten while the master itself was running and looked. Time in
// which the master did not look, because it or the whole machine was stopped, suspended or short of CPU,
// counts as one look at most: then the children had no time, either. So nobody is killed at the moment when a
// machine wakes up. A child that is stopped alone (SIGSTOP, a debugger) is one whose loop does not turn.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <map>

#include "proto/units.h"

namespace finishline::master {

class Watchdog {
 public:
  /// How often to look at least, with this patience.
  static Nanos look_interval(Nanos patience) { return patience / 8; }

  /// Time goes on; to be called before a round of looks at all children.
  void look(Nanos patience, Instant now);
  /// Whether this child's heart, which beat last at `heartbeat_at`, has stood still for the whole patience.
  /// Once true, it begins to count anew.
  bool stalled(pid_t child, Instant heartbeat_at);

 private:
  struct Heart {
    Instant beat_at{};
    Nanos silent{};
    std::uint64_t round = 0;  // when it was looked at last
  };

  Nanos patience_{};
  Nanos passed_{};  // since the look before, as far as it counts
  Instant looked_at_{};
  std::uint64_t round_ = 0;
  std::map<pid_t, Heart> hearts_;
};

}  // namespace finishline::master
