// Client addresses as the limits see them: open connections per worker and two token buckets each, in shared
// memory. Listeners have rows here, too, for the limits that are their own. Any process may read; each worker
// writes its own counts.
//
// Open addressing in windows of eight keys, one cache line; of listeners, 64. A row belongs to a key for as
// long as somebody has a connection counted there or one of its buckets is not full; then the next newcomer
// may have it:
//
//     0 (free) --CAS--> key --CAS--> taken by w --store--> newcomer's key
//                        ^---- a count was seen ----'
//
// Where a window is full of rows in use, a newcomer has no row: it is counted together with the owner of one
// that its key alone decides (share()), and the limits hold for all of those together. So a limit is never
// passed by bringing many addresses: none is uncounted, and none is thrown out while it counts, which a flood
// of newcomers could bring about; a shared count is only ever too large. Nor is anybody locked out by a full
// table alone: who shares a row is refused only while those in it use up a limit, and to do that in all rows
// takes max_sources times max_per_source connections, or connections at max_sources times the rate, of as
// many addresses; whose row that is nobody outside can tell or choose. A key that finds a row of its own
// later begins there anew, so that it may have up to twice its limit for as long as the connections last that
// it shared. Listeners have rows apart from those of clients, so that clients cannot take the room of their
// limits.
//
// Who counts a connection raises the count first and looks at the key again; who takes a row changes the key
// first and looks at the counts again; all of that sequentially consistent, so at least one of the two sees
// the other (Dekker). A worker that dies holding a row leaves "taken by w", which reclaim(w) sets free.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

#include "lb/ledger/ledger.h"
#include "lb/ledger/rate_bucket.h"

namespace finishline::ledger {

/// Position of a row. Good for as long as its holder has a connection counted there.
using SourceRow = std::uint32_t;

class SourceTable {
 public:
  /// What a row is about, as a number that no client can choose: mixed with a secret of this ledger, so that
  /// nobody can fill a window on purpose.
  using Key = std::uint64_t;

  SourceTable(Ledger& ledger, WorkerId self);

  /// Of a client's host (4 bytes, or 16 of which an IPv6 /64 counts) at the listener with this key.
  Key key_of_client(std::span<const std::byte> host, Key listener) const;
  Key key_of_listener(std::string_view name) const;

  /// Counts one connection of this worker for `key`, in the row that has it or a new one. Nothing when there
  /// is no room: then share() counts it.
  std::optional<SourceRow> enter(Key key, Instant now);
  /// Counts one connection of a key that has no row of its own together with the owner of another.
  SourceRow share(Key key);
  /// Takes back one connection that enter() or share() counted.
  void leave(SourceRow row);

  /// Connections counted for this key by all workers. Counts made by enter() are seen by all later sums: of
  /// two workers that enter at once and then sum, at least one sees both. A row that changes hands at this
  /// moment counts, whosever it is, so the sum may be too large then, never too small. So many of each
  /// worker's count are `apart`: no connections.
  std::uint64_t connections(Key key, std::uint32_t apart = 0) const;
  /// All that are counted in this row, whosever they are: what limits those who share one.
  std::uint64_t connections_in(SourceRow row) const;
  RateBucket connection_bucket(SourceRow row);
  RateBucket request_bucket(SourceRow row);

 private:
  friend class Ledger;
  static void reclaim(Layout& layout, WorkerId worker);

  std::optional<SourceRow> find(Key key) const;
  Key settled(SourceRow row) const;
  std::optional<SourceRow> claim(Key key, Instant now);
  bool evict(SourceRow row, Key old, Instant now);
  void count(SourceRow row, std::int32_t n);
  bool counted(SourceRow row) const;
  struct Window {
    SourceRow first;
    std::uint32_t size;
  };
  Window window_of(Key key) const;

  Layout* layout_;  // borrowed from the ledger
  WorkerId self_;
};

}  // namespace finishline::ledger
