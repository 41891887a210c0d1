// A series as CSV texts that are small enough for the admin server, so cut that each slot of the history lies
// in one of them. Pure.
#pragma once

#include <cstdint>
#include <string>
#include <variant>
#include <vector>

#include "lb/forecast/series.h"

namespace finishline::cli {

struct HistoryPiece {
  std::int64_t from = 0, to = 0;  // Unix seconds, between which it tells all; `to` 0: of the last, no end
  std::string csv;
};

struct HistoryChange {
  double times = 1;           // each value is multiplied by this
  std::int64_t later_by = 0;  // seconds that are added to each time
};

/// At least one piece; each has the value before it, too, as that may hold into it. The string says why there
/// are none.
std::variant<std::vector<HistoryPiece>, std::string> history_pieces(std::vector<forecast::LoadSample> samples,
                                                                    const HistoryChange& change,
                                                                    std::int64_t step);

/// So many whole weeks, in seconds, that a series which ends then would end within the week before `now`.
std::int64_t weeks_until(std::int64_t now, std::int64_t end);

}  // namespace finishline::cli
