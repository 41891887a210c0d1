#include "lb/config/rate.h"

#include "proto/quantity.h"

namespace finishline::config {

std::optional<Rate> parse_rate(std::string_view text) {
  static constexpr Unit kRates[] = {{"/s", 3600}, {"/m", 60}, {"/h", 1}};
  const auto per_hour = parse_in_units(text, kRates);
  return per_hour ? std::optional<Rate>(*per_hour) : std::nullopt;
}

}  // namespace finishline::config
