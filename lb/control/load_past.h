// The past of a load, as its forecast is made from it: a series of the history on the clock of a place.
// Control process.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>

#include "lb/config/config.h"
#include "lb/forecast/place_clock.h"
#include "lb/forecast/series.h"
#include "lb/history/timeline.h"

namespace finishline::control {

/// A value, which may go to a thread.
struct LoadPast {
  forecast::Series series;  // on the clock of the place
  forecast::PlaceClock clock{};
  forecast::Calendar calendar{};

  /// Unix time, of a time of the series or after it.
  std::int64_t utc_of(std::int64_t place_s) const { return clock.utc_of(place_s); }
};

/// From the first value that is known in the plan; nothing where fewer than `least` are. On the loop's
/// thread.
std::optional<LoadPast> load_past(const history::Timeline& timeline, const std::string& series,
                                  const history::Timeline::Plan& plan, const forecast::LoadOrigin& place,
                                  std::size_t least = 1);
/// Of these samples, which are some. On the loop's thread.
LoadPast load_past(const std::vector<forecast::LoadSample>& samples, forecast::Grid grid,
                   const forecast::LoadOrigin& place);

/// As configured.
forecast::LoadOrigin place_of(const config::Proxy& proxy);

}  // namespace finishline::control
