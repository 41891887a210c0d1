// The rows of other proxies, and of what they are heard through, as they lie in the ledger (layout.h).
#pragma once

#include <array>
#include <cstdint>

#include "lb/ledger/cell.h"
#include "lb/ledger/demand_rows.h"
#include "lb/ledger/nodes.h"

namespace finishline::ledger {

/// What the peer process knows of the engine: nodes.h.
struct alignas(kLine) EngineRow {
  Cell<std::int64_t> heartbeat_at;
  Cell<std::int64_t> since;      // of `state`
  Cell<std::int64_t> lag;        // ns, from here through the engine and back
  Cell<std::uint8_t> state;      // EngineState
  Cell<std::uint32_t> revision;  // of the configuration that the peer process works by
  Cell<std::uint32_t> reason_bytes;
  Cell<std::int64_t> sent, bytes_sent, received, bytes_received;
  Cell<std::int64_t> losses;
  std::array<Cell<std::int64_t>, kOrderNews> orders;  // two writers
  Cell<std::int64_t> calls, calls_came, call_trip;    // of seats: seats.h
  alignas(kLine) std::array<char, kMaxEngineReason> reason;
};

/// Another proxy.
struct alignas(kLine) NodeRow {
  Cell<std::int64_t> heard_at;
  Cell<std::uint64_t> epoch;
  Cell<std::int64_t> messages, bytes, gaps, silences;
  Cell<std::uint32_t> name_bytes;
  Cell<std::uint8_t> state;  // NodeState
  Cell<std::uint8_t> left;   // 1: it has said that it ends
  alignas(kLine) std::array<char, kMaxNodeName> name;
  alignas(kLine) Cell<std::int64_t> first_heard_at;
};

}  // namespace finishline::ledger
