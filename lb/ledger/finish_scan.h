// The scan of every decision: the finish words and states of the servers of one pool, copied out.
#pragma once

#include <cstdint>
#include <span>

#include "lb/ledger/cell.h"

namespace finishline::ledger {

struct FinishColumns {
  const Cell<std::int64_t>* words;   // by server id
  const Cell<std::uint8_t>* states;  // by server id, ServerState
};

/// Fills words[i] with the word of server ids[i] and finish[i] with that or `now`, whichever is later.
/// True when a server among them is late (0 < word <= now) or not `up`: its finish[i] needs another look.
/// Both have room for ids.size(); pointers, so that all arguments travel in registers. Fastest where ids
/// ascend by one, as they do for servers of one pool in the order of the configuration.
bool scan_finish(const FinishColumns& from, std::span<const std::uint32_t> ids, std::int64_t now,
                 std::int64_t* words, std::int64_t* finish);

}  // namespace finishline::ledger
