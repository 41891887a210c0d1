// The ring of samples of one worker, as it lies in memory: see layout.h.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

#include "lb/ledger/cell.h"
#include "lb/ledger/demand_rows.h"
#include "lb/ledger/source_samples.h"

namespace finishline::ledger {

inline constexpr std::size_t kSourceWords = 3;

struct alignas(kLine) SourceRing {
  Cell<std::uint64_t> written;  // samples so far
  alignas(kLine) std::array<std::array<Cell<std::uint64_t>, kSourceWords>, kRingSources> samples;
};

static_assert(sizeof(SourceRing) == 64 + 96 * 1024);

}  // namespace finishline::ledger
