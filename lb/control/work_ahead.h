// What a server has to do, piece by piece: its requests in flight, out of the decisions that sent them there.
// Pure. Control process.
#pragma once

#include <cstdint>
#include <deque>
#include <vector>

#include "lb/ledger/decisions.h"

namespace finishline::control {

struct WorkPiece {
  RequestType type = 0;
  double seconds = 0;  // until it is done, once it is begun; of what is under way, what is left
};

/// What is known of the server's state.
struct WorkLoad {
  std::size_t in_flight = 0;
  std::uint32_t slots = 1;
  double finish = 0;  // from now
};

/// Pieces that are told of a server.
inline constexpr std::size_t kMostPieces = 20;

/// In the order in which the server does them. `sent`: the latest decisions for this server, the oldest
/// first. None where some of its requests were sent before anybody took notes: then the sum alone is known.
std::vector<WorkPiece> work_ahead(const std::deque<ledger::Decision>& sent, const WorkLoad& load,
                                  Instant now);

}  // namespace finishline::control
