// What is counted of each listener: connections accepted, those of them refused, those open. Rows are keyed
// by the listener's name and survive reload and upgrade; a row is free, and goes to the next name that needs
// one, when the last generation that had its listener has no workers any more.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "lb/ledger/ledger.h"
#include "lb/ledger/pool_row.h"

namespace finishline::ledger {

using ListenerId = std::uint32_t;

struct ListenerCells;  // layout.h

/// Rows for listeners. One for which there is no room is not counted.
inline constexpr std::uint32_t kMaxListenerRows = 4096;

/// The row of the listener of this name, taken now if it is new; nothing when all are in use or the name is
/// longer than that of a row. Master only.
std::optional<ListenerId> ensure_listener(Ledger& ledger, std::string_view name,
                                          const Generations& generations = {});
/// Any process.
std::optional<ListenerId> find_listener(const Ledger& ledger, std::string_view name);

/// Over all workers, those that have ended included: accepted = closed + open, and refused ones are closed.
struct ListenerTotals {
  std::int64_t accepted = 0;
  std::int64_t refused = 0;  // by the lists of the listener, or its limits for one client address
  std::int64_t open = 0;
};
/// Any process; numbers of running workers are a few microseconds old.
ListenerTotals listener_totals(const Ledger& ledger, ListenerId listener);

/// One worker's writer about one listener: called by that worker alone, per connection.
class ListenerCounts {
 public:
  /// Counts nothing: of a listener without a row.
  ListenerCounts() = default;
  /// The ledger outlives it.
  ListenerCounts(Ledger& ledger, WorkerId worker, ListenerId listener);

  void accepted();
  void refused();
  /// A connection that was accepted has ended.
  void ended();

 private:
  ListenerCells* cells_ = nullptr;  // borrowed from the ledger
};

/// Counts nothing when no listener of this name has a row.
ListenerCounts counts_of(Ledger& ledger, WorkerId worker, std::string_view name);

}  // namespace finishline::ledger
