// A link as the roster keeps it, whatever it speaks. Worker process.
#pragma once

#include "lb/ledger/ledger.h"
#include "lb/worker/link_table.h"

namespace finishline::worker {

class RosterLink : public LinkPort {
 public:
  virtual ~RosterLink() = default;

  /// Begins; `tried`, which it was given when it was made, is called once the first try has ended.
  virtual void connect() = 0;
  /// Whether it is to a scaled server in whose place another process is now, or none.
  virtual bool look_at_place() { return false; }
  virtual LinkId id() const = 0;
  virtual ledger::ServerId server_id() const = 0;
};

}  // namespace finishline::worker
