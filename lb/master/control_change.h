// How the control process comes to the configuration in force: it is told, or runs anew where it cannot be
// told, and is killed when it does not take it. Master process.
#pragma once

#include "lb/ledger/ledger.h"
#include "lb/master/children.h"
#include "lb/master/generation.h"
#include "lb/master/told_child.h"
#include "lb/process/order.h"
#include "lb/process/secret.h"

namespace finishline::master {

class ControlChange {
 public:
  /// Both outlive this.
  ControlChange(const ledger::Ledger& ledger, Children& children);

  /// The one that runs is of an earlier program, or of another user: it cannot change, and runs anew next
  /// time.
  void mark_older() { older_ = true; }
  /// It goes on with all that it counts and times, by this configuration.
  void begin(const Generation& generation);
  /// Whether it still works by an earlier configuration.
  bool behind(const Generation& generation) const;
  void hurry(const Generation& generation);

 private:
  void renew();
  bool tell_secret(process::Order::Kind kind, const process::Secret& secret);

  const ledger::Ledger& ledger_;
  Children& children_;
  ToldChild told_;
  bool older_ = false;
};

}  // namespace finishline::master
