// Whether the peer process is to run, which shares the books with other proxies, and how it comes to the
// configuration in force: it is told, so that the others hear it all the time, and runs anew only where it
// would be somebody else to them or to redis. Master process.
#pragma once

#include <string>

#include "lb/ledger/ledger.h"
#include "lb/master/children.h"
#include "lb/master/generation.h"
#include "lb/master/told_child.h"

namespace finishline::master {

class PeerChange {
 public:
  /// Both outlive this.
  PeerChange(const ledger::Ledger& ledger, Children& children);

  /// The one that runs is of an earlier program, or of another user: it cannot change, and runs anew next
  /// time.
  void mark_older(const std::string& why) { older_ = why; }
  /// What is about to change, if nothing comes between.
  void plan(const Generation& running, const Generation& wanted);
  /// This configuration is in force now.
  void begin(const Generation& generation);
  /// Whether it still works by an earlier configuration, or has not ended yet.
  bool behind(const Generation& generation) const;
  void hurry(const Generation& generation);

 private:
  void renew(const std::string& why);

  const ledger::Ledger& ledger_;
  Children& children_;
  ToldChild told_;
  std::string older_, planned_;  // why it has to run anew; "": it has not
};

}  // namespace finishline::master
