// The rows of what requests cost servers, as they lie in the ledger (layout.h): what workers see, and what
// control learns of it.
#pragma once

#include <array>
#include <cstdint>

#include "lb/ledger/cell.h"
#include "lb/ledger/demand_rows.h"
#include "proto/cost_model.h"

namespace finishline::ledger {

/// Of replies that say how long their service took; r = log2(that / what is declared), see learned_costs.h.
struct CostSum {
  Cell<std::int64_t> sum;      // of r, in 2^-20
  Cell<std::int64_t> squares;  // of r * r, in 2^-20
  Cell<std::uint64_t> n;
};

struct alignas(kLine) CostSums {
  Cell<std::int64_t> ways;  // ns: see CostNotes
  alignas(kLine) std::array<CostSum, CostModel::kMaxTypes> types;
};

struct LearnedCell {
  Cell<double> declared, learned;  // ns per unit of length
  Cell<double> sd;
  Cell<std::uint64_t> samples;
  Cell<std::int64_t> updated_at;
  Cell<std::uint32_t> doubted;
};

struct alignas(kLine) LearnedRow {
  std::array<LearnedCell, CostModel::kMaxTypes> types;
};

}  // namespace finishline::ledger
