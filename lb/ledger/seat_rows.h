// The rows of seats, as they lie in the ledger (layout.h): who decides for all proxies, whom it has called,
// and what of that has come here.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

#include "lb/ledger/cell.h"
#include "lb/ledger/demand_rows.h"

namespace finishline::ledger {

inline constexpr std::size_t kSeatCalls = 4;    // to one server, on their way
inline constexpr std::size_t kSeatGrants = 16;  // for one worker, not yet taken

/// Of a pool. `word`: until when, in ns, and in its last byte who: 0 nobody, 1 this proxy, 2 + n the node of
/// row n.
struct alignas(kLine) SeatRow {
  Cell<std::int64_t> word;
  Cell<std::int64_t> since;
  Cell<std::int64_t> moves;
};

/// Of a server: what other proxies were called to send there. `call`, from the highest bits: when, 40 bits of
/// microseconds; node, 8; lane, 8; 1 + why, 8, with 0x40 once it is
/// carried over. 0: none; 255 as why: being written. `work`: length, 32 bits;
/// service time in microseconds, 32.
struct alignas(kLine) SeatCallRow {
  struct Slot {
    Cell<std::uint64_t> call;
    Cell<std::uint64_t> work;
  };
  std::array<Slot, kSeatCalls> slots;
};

/// Of a worker: a ring, written by the peer process and read by the worker. `what`: server, 32 bits; lane, 8;
/// why, 8. `length` is the request's, `at` is when it was granted, in ns.
struct alignas(kLine) SeatGrantRow {
  struct Slot {
    Cell<std::uint64_t> what;
    Cell<std::uint32_t> length;
    Cell<std::int64_t> at;
  };
  Cell<std::uint32_t> written;
  alignas(kLine) Cell<std::uint32_t> taken;
  alignas(kLine) std::array<Slot, kSeatGrants> slots;
};

}  // namespace finishline::ledger
