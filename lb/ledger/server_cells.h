// Parts of the row of a server, as they lie in memory: see layout.h.
#pragma once

#include <cstdint>

#include "lb/ledger/cell.h"
#include "lb/ledger/demand_rows.h"

namespace finishline::ledger {

/// What health is concluded from, for the control process after this one: sched::HealthNotes.
struct alignas(kLine) HealthCells {
  Cell<std::uint8_t> check_state;
  Cell<std::uint8_t> breaker_state;
  Cell<std::uint32_t> checks_in_a_row;
  Cell<std::uint32_t> doublings;
  Cell<std::int64_t> failed_in_a_row;
  Cell<std::int64_t> open_until;
  Cell<std::int64_t> calm_since;
  Cell<std::int64_t> back_since;
  Cell<std::int64_t> next_check_at;
};

/// Of a server that is started and ended while the proxy runs: scaled_server.h says who writes what.
struct alignas(kLine) ScaledCells {
  Cell<std::uint8_t> reserved;  // 1: a configuration has it as a place for such a server
  Cell<std::uint8_t> wish;      // ScaledWish
  Cell<std::uint8_t> life;      // ScaledLife
  Cell<std::uint32_t> port;
  Cell<std::int32_t> pid;
  Cell<std::int64_t> since;
  Cell<std::uint32_t> starts, deaths, ends, give_ups;
};

}  // namespace finishline::ledger
