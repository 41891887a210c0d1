#include "lb/config/rate.h"

#include "proto/quantity.h"

namespace finishline::config {

std::optional<Rate> parse_rate(std::string_view text) {
  const auto per_hour = parse_rate_per_hour(text);
  return per_hour ? std::optional<Rate>(*per_hour) : std::nullopt;
}

}  // namespace finishline::config
