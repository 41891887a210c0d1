#include "lb/model/traffic.h"

#include <algorithm>
#include <array>
#include <cmath>

#include "proto/quantity.h"

namespace finishline::model {
namespace {

constexpr double kLongest = std::numeric_limits<std::uint32_t>::max();

constexpr std::array<std::string_view, 4> kArrivalNames{"closed", "poisson", "uniform", "burst"};

std::string quoted(std::string_view text) { return "'" + std::string(text) + "'"; }

/// The part before `separator`, which `text` loses along with it; all of `text` when there is none.
std::string_view take_until(std::string_view& text, std::string_view separator) {
  const std::size_t at = text.find(separator);
  const std::string_view head = text.substr(0, at);
  text = at == std::string_view::npos ? std::string_view{} : text.substr(at + separator.size());
  return head;
}

std::optional<double> whole_length(std::string_view text) {
  const auto number = parse_number(text);
  if (!number || *number < 0 || *number > kLongest || *number != std::floor(*number)) return std::nullopt;
  return number;
}

std::optional<double> positive(std::string_view text) {
  const auto number = parse_number(text);
  return number && *number > 0 ? number : std::nullopt;
}

std::uint32_t to_length(double value) {
  return static_cast<std::uint32_t>(std::clamp(std::round(value), 1.0, kLongest));
}

/// Reads one "name=amount"; the string is the reason why not.
std::variant<Share, std::string> parse_share(std::string_view text) {
  std::string_view amount = text;
  const std::string_view name = take_until(amount, "=");
  if (name.empty() || name.size() == text.size()) return quoted(text) + " is not NAME=NUMBER";
  const auto number = parse_number(amount);
  if (!number || *number < 0)
    return quoted(amount) + " after " + quoted(name) + " is not a number of 0 or more";
  return Share{std::string(name), *number};
}

}  // namespace

std::variant<std::vector<Share>, std::string> parse_shares(std::string_view text) {
  std::vector<Share> shares;
  double sum = 0;
  do {
    auto parsed = parse_share(take_until(text, ","));
    if (auto* problem = std::get_if<std::string>(&parsed)) return std::move(*problem);
    Share& share = std::get<Share>(parsed);
    if (std::any_of(shares.begin(), shares.end(), [&](const Share& s) { return s.name == share.name; }))
      return quoted(share.name) + " stands twice";
    sum += share.amount;
    shares.push_back(std::move(share));
  } while (!text.empty());
  if (sum <= 0) return std::string("the numbers are all 0");
  return shares;
}

std::variant<LengthLaw, std::string> LengthLaw::parse(std::string_view text) {
  const std::string what = quoted(text);
  if (text.find("..") != std::string_view::npos) {
    const auto low = whole_length(take_until(text, ".."));
    const auto high = whole_length(text);
    if (!low || !high) return what + ": a range is two whole numbers, as in 1..9";
    if (*low > *high) return what + ": the range ends before it begins";
    return LengthLaw(Kind::uniform, *low, *high);
  }
  const std::string_view law = take_until(text, ":");
  if (law == "exp") {
    const auto mean = positive(text);
    if (!mean) return what + ": exp needs a mean above 0, as in exp:5";
    return LengthLaw(Kind::exponential, 0, *mean);
  }
  if (law == "pareto") {
    const auto shape = positive(take_until(text, ":"));
    const auto least = positive(text);
    if (!shape || !least) return what + ": pareto needs shape and least length above 0, as in pareto:1.5:1";
    return LengthLaw(Kind::pareto, *least, *shape);
  }
  const auto constant = whole_length(law == "const" ? text : law);
  if (!constant || (law != "const" && !text.empty()))
    return what + ": a length is 1..9, exp:MEAN, pareto:SHAPE:LEAST, const:N or N";
  return LengthLaw(Kind::uniform, *constant, *constant);
}

std::uint32_t LengthLaw::draw(double u) const {
  switch (kind_) {
    case Kind::exponential:
      return to_length(-parameter_ * std::log1p(-u));
    case Kind::pareto:
      return to_length(low_ * std::pow(1.0 - u, -1.0 / parameter_));
    case Kind::uniform:
      break;
  }
  return static_cast<std::uint32_t>(std::min(low_ + std::floor(u * (parameter_ - low_ + 1)), parameter_));
}

std::optional<std::uint32_t> LengthLaw::largest() const {
  if (kind_ != Kind::uniform) return std::nullopt;
  return static_cast<std::uint32_t>(parameter_);
}

std::optional<Arrivals> arrivals_named(std::string_view name) {
  const auto at = std::find(kArrivalNames.begin(), kArrivalNames.end(), name);
  if (at == kArrivalNames.end()) return std::nullopt;
  return static_cast<Arrivals>(at - kArrivalNames.begin());
}

std::string_view name_of(Arrivals arrivals) { return kArrivalNames[static_cast<std::size_t>(arrivals)]; }

}  // namespace finishline::model
