#include "client/think_time.h"

#include <algorithm>
#include <chrono>
#include <cmath>

#include "proto/quantity.h"

namespace finishline::client {
namespace {

constexpr Nanos kLongest = std::chrono::hours(24);

}  // namespace

std::variant<ThinkTime, std::string> ThinkTime::parse(const std::string& text) {
  const bool exponential = text.starts_with("exp:");
  const auto mean = parse_duration(text.substr(exponential ? 4 : 0), Bare::zero);
  if (!mean || *mean < 0ns || *mean > kLongest)
    return "'" + text +
           "' is no time to think: a duration up to 24h, as 50ms, or exp:50ms for an exponential one "
           "with that mean";
  return ThinkTime(*mean, exponential);
}

Nanos ThinkTime::draw(std::mt19937_64& generator) const {
  if (!exponential_) return mean_;
  const double unit = static_cast<double>(generator() >> 11) * 0x1.0p-53;  // in [0, 1)
  return std::min(Nanos{std::llround(-std::log1p(-unit) * static_cast<double>(mean_.count()))}, kLongest);
}

std::string ThinkTime::text() const { return human(mean_) + (exponential_ ? " on average" : ""); }

}  // namespace finishline::client
