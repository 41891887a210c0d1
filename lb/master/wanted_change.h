// Changes that somebody has asked for and that have not begun. Master process.
#pragma once

#include <cstdint>
#include <optional>

#include "lb/master/children.h"
#include "lb/process/order.h"

namespace finishline::master {

struct WantedChange {
  std::optional<std::uint32_t> reload;    // the last number that control has given it; 0: by a signal
  std::optional<std::uint32_t> upgrade;   // likewise
  std::optional<process::Order> overlay;  // by control

  bool any() const { return reload || upgrade || overlay; }
};

/// Control is told that a change which it has asked for by this number has begun: its outcome will be counted
/// beyond what is counted now. 0: it has not asked.
void tell_begun(process::Order::Kind kind, std::uint32_t asked, const ledger::Ledger& ledger,
                const Children& children);
/// The proxy ends: none of them will be, and whoever waits for it is told.
void refuse_all(WantedChange& wanted, ledger::Ledger& ledger, const Children& children);

}  // namespace finishline::master
