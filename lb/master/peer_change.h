// Whether the peer process is to run, which shares the books with other proxies, and by which configuration:
// it runs anew with each. Master process.
#pragma once

#include "lb/master/children.h"
#include "lb/master/generation.h"

namespace finishline::master {

class PeerChange {
 public:
  /// They outlive this.
  explicit PeerChange(Children& children) : children_(children) {}

  /// This configuration is in force now.
  void begin(const Generation& generation);

 private:
  Children& children_;
};

}  // namespace finishline::master
