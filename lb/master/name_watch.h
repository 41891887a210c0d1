// When the names of servers are looked up again, and what the log is told of those that go wrong. Master
// process.
#pragma once

#include "lb/config/config.h"
#include "lb/config/source.h"
#include "proto/units.h"

namespace finishline::master {

class NameWatch {
 public:
  /// The next look, `interval` from now; sooner while a name has no address, since its server is down until
  /// then. None where `source` has no names to connect to, or `interval` is 0.
  void plan(const config::Source& source, Nanos interval, Instant now);
  /// No look from now on.
  void stop() { next_look_ = Instant::max(); }
  bool due(Instant now) const { return now >= next_look_; }
  /// How long until the next look; an hour at most.
  Nanos until_due(Instant now) const;

  /// Tells of names that had more addresses than there is room for: each once, not with each look.
  void tell_of_left_out(config::LeftOut left_out);

 private:
  Instant next_look_ = Instant::max();
  config::LeftOut left_out_;  // as told last
};

/// Tells of the servers whose names have no address.
void tell_of_unresolved(const config::Config& config);

}  // namespace finishline::master
