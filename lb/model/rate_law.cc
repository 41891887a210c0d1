#include "lb/model/rate_law.h"

#include <algorithm>
#include <optional>

#include "proto/quantity.h"

namespace finishline::model {
namespace {

constexpr double kLeast = 1e-6;  // a request in eleven days
constexpr std::int64_t kRampParts = 10;

std::string quoted(std::string_view text) { return "'" + std::string(text) + "'"; }

/// The rates between the separators, 0 among them; nothing when one of them is none.
std::optional<std::vector<double>> rates_of(std::string_view text, std::string_view separator) {
  std::vector<double> rates;
  for (std::size_t at = 0; at != std::string_view::npos;) {
    at = text.find(separator);
    const auto rate = parse_rate(text.substr(0, at));
    if (!rate || (*rate > 0 && *rate < kLeast)) return std::nullopt;
    rates.push_back(*rate);
    if (at != std::string_view::npos) text.remove_prefix(at + separator.size());
  }
  return rates;
}

}  // namespace

std::variant<RateLaw, std::string> RateLaw::parse(std::string_view text) {
  const bool ramp = text.find("..") != std::string_view::npos;
  const auto rates = rates_of(text, ramp ? ".." : ",");
  const bool some = rates && std::ranges::any_of(*rates, [](double rate) { return rate > 0; });
  if (!some || (ramp && rates->size() != 2))
    return quoted(text) +
           " is not a rate above 0, as 100, 1000/s or 60/m, nor two with .. between them for a ramp, as "
           "100..1000, nor a list of steps, as 100,200,400";
  if (rates->size() > kMostSteps) return "more than " + std::to_string(kMostSteps) + " rates: leave some out";
  RateLaw law;
  law.rates_ = *rates;
  law.ramp_ = ramp;
  return law;
}

Pace RateLaw::over(Nanos length) const {
  const auto parts = ramp_ ? kRampParts : static_cast<std::int64_t>(rates_.size());
  std::vector<Pace::Stretch> stretches;
  Nanos begin{};
  for (std::int64_t i = 0; i < parts; ++i) {
    const Nanos end = length / parts * (i + 1) + length % parts * (i + 1) / parts;
    const auto on_ramp = [&](std::int64_t part) {
      return rates_[0] + (rates_[1] - rates_[0]) * static_cast<double>(part) / kRampParts;
    };
    const double kept = ramp_ ? 0 : rates_[static_cast<std::size_t>(i)];
    stretches.push_back({end - begin, ramp_ ? on_ramp(i) : kept, ramp_ ? on_ramp(i + 1) : kept});
    begin = end;
  }
  return Pace(std::move(stretches));
}

std::string RateLaw::text() const {
  std::string text;
  for (const double rate : rates_)
    text += (text.empty() ? "" : ramp_ ? " to " : ", ") + human_rate(rate) + "/s";
  return text;
}

}  // namespace finishline::model
