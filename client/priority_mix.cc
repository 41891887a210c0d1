#include "client/priority_mix.h"

#include <algorithm>
#include <numeric>
#include <optional>

#include "proto/quantity.h"

namespace finishline::client {
namespace {

std::optional<std::size_t> class_in(const std::string& text) {
  const auto number = parse_count(text);
  if (!number || *number >= proto::kPriorities) return std::nullopt;
  return static_cast<std::size_t>(*number);
}

/// From 0 to 1, spread evenly over consecutive numbers (the golden ratio's multiples, in 64 bits).
double place_of(std::uint64_t number) {
  return static_cast<double>((number + 1) * 0x9e3779b97f4a7c15ULL >> 11) * 0x1p-53;
}

}  // namespace

std::variant<PriorityMix, std::string> PriorityMix::all_of(const std::string& text) {
  const auto only = class_in(text);
  if (!only) return "'" + text + "' is not a class from 0 to 3";
  PriorityMix mix;
  mix.share_ = {};
  mix.share_[*only] = 1;
  return mix;
}

std::variant<PriorityMix, std::string> PriorityMix::parse(const std::string& text) {
  PriorityMix mix;
  mix.share_ = {};
  for (std::size_t begin = 0; begin <= text.size();) {
    const std::size_t end = std::min(text.find(',', begin), text.size());
    const std::string part = text.substr(begin, end - begin);
    const std::size_t colon = std::min(part.find(':'), part.size());
    const auto which = class_in(part.substr(0, colon));
    const auto share = parse_number(part.substr(std::min(colon + 1, part.size())));
    if (!which || !share || *share < 0)
      return "'" + part + "' is not a class from 0 to 3 and a share, as 3:0.1";
    mix.share_[*which] += *share;
    begin = end + 1;
  }
  const double sum = std::accumulate(mix.share_.begin(), mix.share_.end(), 0.0);
  if (sum <= 0) return "the shares are all 0";
  for (double& share : mix.share_) share /= sum;
  return mix;
}

std::uint8_t PriorityMix::of(std::uint64_t number) const {
  double left = place_of(number);
  std::uint8_t last = 0;
  for (std::uint8_t priority = 0; priority < share_.size(); ++priority) {
    if (share_[priority] <= 0) continue;
    last = priority;
    if ((left -= share_[priority]) < 0) break;
  }
  return last;
}

}  // namespace finishline::client
