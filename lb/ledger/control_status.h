// What the master knows of the control process: whether its loop turns, and by which configuration it works.
#pragma once

#include "lb/ledger/ledger.h"

namespace finishline::ledger {

struct ControlStatus {
  Instant heartbeat_at{};      // when its loop last turned
  std::uint32_t revision = 0;  // of the configuration that it works by (revision.h); 0: of none yet
};

/// Any process.
ControlStatus control_status(const Ledger& ledger);
/// Master, right before the fork: it works by none, and its heart begins to beat.
void control_starting(Ledger& ledger, Instant now);
/// Control, several times a second (lb/process/heartbeat.h).
void beat_control(Ledger& ledger, Instant now);
/// Control: it works by this revision, and has let go of servers and pools that this one has not got.
void confirm_control_revision(Ledger& ledger, std::uint32_t revision);

}  // namespace finishline::ledger
