// A ring of records in shared memory, a few words each: written by one process, which waits for nobody, and
// read by others. What is not read in time is written over, and the reader knows how much that was.
//
// Why a record is whole: each word is released after the count that was stored before it, so whoever sees a
// word of the record that overwrites an old one also sees a count by which the old one is gone. The count that
// comes after a record publishes its words.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>

#include "lb/ledger/cell.h"
#include "lb/ledger/demand_rows.h"

namespace finishline::ledger {

template <std::size_t kWords, std::uint32_t kSlots>
struct alignas(kLine) WordRing {
  using Words = std::array<std::uint64_t, kWords>;

  /// The writer's alone.
  void write(const Words& words) {
    const std::uint64_t number = written.load(kRelaxed);
    auto& slot = slots[number % kSlots];
    for (std::size_t i = 0; i < kWords; ++i) slot[i].store(words[i], kRelease);
    written.store(number + 1, kRelease);
  }
  /// How many there were ever.
  std::uint64_t count() const { return written.load(kAcquire); }
  /// `take` gets the words of each from number `next` on, which then is the first that is not there yet.
  /// Returns how many of them were written over before they could be read.
  template <class Take>
  std::uint64_t read(std::uint64_t& next, Take take) const {
    const std::uint64_t end = count();
    std::uint64_t missed = 0;
    for (; next < end; ++next) {
      Words words;
      const auto& slot = slots[next % kSlots];
      for (std::size_t i = 0; i < kWords; ++i) words[i] = slot[i].load(kAcquire);
      const std::uint64_t ahead = written.load(kRelaxed) - next;
      if (ahead < kSlots) {
        take(words);
      } else {  // its slot is being written again, or was; so are the next ones, as far as the writer is ahead
        const std::uint64_t gone = std::min(ahead - kSlots + 1, end - next);
        missed += gone;
        next += gone - 1;
      }
    }
    return missed;
  }

  Cell<std::uint64_t> written;  // so far
  alignas(kLine) std::array<std::array<Cell<std::uint64_t>, kWords>, kSlots> slots;
};

}  // namespace finishline::ledger
