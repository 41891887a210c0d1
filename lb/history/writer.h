// Brings samples into the blocks of all tiers, and those to the store when it is told to. One thread; pure
// but for the store.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "lb/history/block.h"
#include "lb/history/past_values.h"
#include "lb/history/store.h"

namespace finishline::history {

class Writer {
 public:
  explicit Writer(Store store) : store_(std::move(store)) {}

  /// Samples come in the order of their times.
  void add(const SeriesSample& sample);
  /// Everything that has changed since the last time; false when it could not be written, which leaves it to
  /// the next time. `now` in Unix seconds.
  bool flush(std::int64_t now) { return flush_tiers(std::size(kTiers), now); }
  /// The same of the finest tier alone, which costs a third: what comes in between is not much.
  bool flush_finest(std::int64_t now) { return flush_tiers(1, now); }
  /// At once; false when it could not be written.
  bool add(const std::vector<TimeMark>& marks) { return store_.put(marks); }
  std::string error() const { return store_.error(); }

  /// Values that were measured elsewhere, at once, in all tiers, or none of them; `dry` only says what would
  /// come of it. `now`: of the latest sample, or, before the first, Unix seconds.
  PastOutcome bring(const PastValues& past, Overlap overlap, bool dry, std::int64_t now);

 private:
  /// The block of a series that is being filled.
  struct Open {
    std::int64_t start = -1;  // -1: none
    ValueBlock values{};
    HistogramBlock histograms{};
    std::int64_t slot = -1;
    int samples = 0;  // of this slot
    bool changed = false;
  };
  using Key = std::pair<std::size_t, std::string>;  // tier, series
  /// A block as it will be.
  struct Changed {
    std::size_t tier;
    std::int64_t start;
    ValueBlock values;
    std::string histograms;
  };

  bool flush_tiers(std::size_t tiers, std::int64_t now);
  Open& open_at(std::size_t tier, const std::string& series, std::int64_t time);
  void write(const Key& key, Open& block);
  void forget_idle(std::int64_t now);
  Changed block_of(std::size_t tier, const std::string& series, std::int64_t start) const;
  std::vector<Changed> with_past(const PastValues& past, Overlap overlap, std::int64_t now,
                                 PastOutcome& outcome) const;
  bool write(const std::string& series, const std::vector<Changed>& blocks, std::int64_t now);

  Store store_;
  std::map<Key, Open> open_;
  bool in_round_ = false;
};

}  // namespace finishline::history
