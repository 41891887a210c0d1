// One line of clients over all workers: who came first is served first, whichever worker holds its
// connection. Each worker keeps the order of its own; in shared memory stands since when its first has
// waited, a word per worker. Whose word is the oldest is next. Worker processes; no clock.
//
//   words of pool p:   | w0: 12.3 s | w1: 0 | w2: 11.9 s |     0: nobody waits there; worker 2 is next
//
// Who makes room, and is not next, rings the bell of who is (process/doorbell.h); who is next and has served
// its first passes the word on in the same way, until the room is used up. No ring can be missed: who begins
// to wait writes its word, then signs the line, then looks for room once more; who makes room makes it, then
// signs the line, then reads the words. Signatures are read-modify-writes of one cell, so of two the later
// sees what stood before the earlier.
//
// Who is next may be unable to come: stopped, dying, or under a configuration in which that room is none. So
// nobody is waited for longer than kPatience: who has seen room for so long, and the same first before it all
// that time, passes it over. The words of a dead worker are cleared by reclaim().
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "lb/ledger/ledger.h"

namespace finishline::ledger {

/// Lines: one per pool of streams (its PoolId), and one for those who would accept a connection.
using LineId = std::uint32_t;
inline constexpr LineId kAcceptLine = kMaxPools;
inline constexpr std::uint32_t kLines = kMaxPools + 1;

class WaitingLine {
 public:
  static constexpr Nanos kPatience = 100ms;

  /// The ledger outlives the line.
  WaitingLine(Ledger& ledger, LineId line, WorkerId self);

  /// The first of this worker has waited since then, of all that could use any room; nothing: none waits. To
  /// be followed by a look for room when it did not wait before.
  void set_first(std::optional<Instant> since);
  /// Room was made. To be followed by next().
  void sign();

  /// The worker whose first is the oldest but for those that were passed over; nothing when nobody waits.
  std::optional<WorkerId> next() const;
  /// Whether one that waits since then in this worker has nobody before it but those that were passed over.
  bool is_turn(Instant since) const;
  /// To be told every few milliseconds while its first is not next: whether there is room that nobody takes.
  void look(bool room, Instant now);

 private:
  std::int64_t first_of(WorkerId worker) const;
  bool passed_over(WorkerId worker, std::int64_t first) const {
    return worker < passed_.size() && passed_[worker] == first;
  }

  Layout* layout_;  // borrowed from the ledger
  LineId line_;
  WorkerId self_;
  std::int64_t shown_ = 0;            // our own word
  std::vector<std::int64_t> passed_;  // by worker: the first of its own that we have passed over
  WorkerId watched_ = 0;              // who is next and does not come
  std::int64_t watched_first_ = 0;    // its word; 0: there is nobody to watch, or no room
  Instant room_since_{};
};

}  // namespace finishline::ledger
