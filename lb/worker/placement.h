// What becomes of a request or a connection that asks a pool for a server: it is booked on one, or there is
// none now.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "lb/ledger/ledger.h"
#include "proto/frame.h"

namespace finishline::worker {

/// Why there is no server for a request now.
struct Refusal {
  proto::Status status = proto::Status::no_server;
  Nanos wait{};  // overloaded: how long until a server is expected to take it
};

struct Placement {
  std::size_t member = 0;
  ledger::Reservation reservation;
};

/// A connection on its way to a server, as a policy sees it: a job whose length is its load.
struct StreamJob {
  double load = 1;                            // in percent of a server of capacity 100
  std::uint64_t key = 0;                      // hash of the client's address
  std::span<const ledger::ServerId> tried{};  // that could not be connected to
};
/// Why there is no place for it: every server that works has max_connections, or there is none.
enum class NoPlace : std::uint8_t { full, none };

}  // namespace finishline::worker
