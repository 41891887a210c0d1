// What is counted of each listener: connections accepted, those of them refused, those open; requests, and
// bytes of streams. Rows are keyed by the listener's name and survive reload and upgrade; a row is free, and
// goes to the next name that needs one, when the last generation that had its listener has no workers any
// more.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <set>
#include <string>
#include <string_view>

#include "lb/ledger/cell.h"
#include "lb/ledger/demand_rows.h"
#include "lb/ledger/ledger.h"
#include "lb/ledger/pool_row.h"

namespace finishline::ledger {

using ListenerId = std::uint32_t;

/// Of one listener and worker, as they lie in memory: see layout.h.
struct alignas(kLine) ListenerCells {
  Cell<std::int64_t> accepted, refused, open;
  Cell<std::int64_t> requests;                           // 0: it carries streams
  Cell<std::int64_t> stream_bytes_in, stream_bytes_out;  // from clients, to them; 0: it takes requests
};

/// Rows for listeners. One for which there is no room is not counted.
inline constexpr std::uint32_t kMaxListenerRows = 4096;

/// The row of the listener of this name, taken now if it is new; nothing when all are in use or the name is
/// longer than that of a row. Master only.
std::optional<ListenerId> ensure_listener(Ledger& ledger, std::string_view name,
                                          const Generations& generations = {});
/// Any process.
std::optional<ListenerId> find_listener(const Ledger& ledger, std::string_view name);

/// Unix sockets that nobody can connect to: somebody has removed the file, or put another in its place.
struct LostSockets {
  std::set<std::string, std::less<>> listeners{};  // by name
  bool admin = false;
};
/// All that are lost now. Master only.
void tell_lost(Ledger& ledger, const LostSockets& lost);
/// Any process.
bool is_lost(const Ledger& ledger, ListenerId listener);
bool is_admin_lost(const Ledger& ledger);

/// Over all workers, those that have ended included: accepted = closed + open, and refused ones are closed.
struct ListenerTotals {
  std::int64_t accepted = 0;
  std::int64_t refused = 0;  // by the lists of the listener, or its limits for one client address
  std::int64_t open = 0;
  std::int64_t requests = 0;  // whole ones that came, also those that were refused at once
  std::int64_t stream_bytes_in = 0, stream_bytes_out = 0;  // from clients, to them
};
/// Any process; numbers of running workers are a few microseconds old.
ListenerTotals listener_totals(const Ledger& ledger, ListenerId listener);

/// One worker's writer about one listener: called by that worker alone.
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
  /// A whole request has come.
  void asked() const {
    if (cells_ != nullptr) cells_->requests.add(1);
  }
  /// So many bytes of a stream went on.
  void moved(bool from_client, std::int64_t bytes) const {
    if (cells_ != nullptr) (from_client ? cells_->stream_bytes_in : cells_->stream_bytes_out).add(bytes);
  }

 private:
  ListenerCells* cells_ = nullptr;  // borrowed from the ledger
};

/// Counts nothing when no listener of this name has a row.
ListenerCounts counts_of(Ledger& ledger, WorkerId worker, std::string_view name);

}  // namespace finishline::ledger
