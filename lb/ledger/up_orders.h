// Servers that have been ordered on other machines and have not come yet, so that the control process after
// this one waits for them and does not order them again. Control only.
//
//   noted, before the order is given --told--> told: it was carried out --forgotten--> free
//
// The place and the time are all that the order's key is made of, so it has the same key whoever gives it.
#pragma once

#include <cstdint>
#include <vector>

#include "lb/ledger/ledger.h"

namespace finishline::ledger {

struct UpOrder {
  std::uint64_t what = 0;  // a number for pool and type, not 0
  Instant since{};
  bool told = false;  // somebody has carried it out

  bool operator==(const UpOrder&) const = default;
};

/// The oldest first.
std::vector<UpOrder> up_orders(const Ledger& ledger);
/// False where too many are under way already: then it is not remembered.
bool note_up_order(Ledger& ledger, std::uint64_t what, Instant since);
/// Nothing is done about one that is not there.
void tell_up_order(Ledger& ledger, std::uint64_t what, Instant since);
void forget_up_order(Ledger& ledger, std::uint64_t what, Instant since);

}  // namespace finishline::ledger
