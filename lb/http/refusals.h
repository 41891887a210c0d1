// Who was refused, counted by reason, and said in the log: the first of each reason at once, then once a
// minute at most. One loop.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <string_view>

#include "proto/units.h"

namespace finishline::http {

/// The values of the `reason` label and of the log field alike.
enum class Refused : std::uint8_t {
#define FINISHLINE_REFUSAL(name, help) name,
#include "lb/http/refusals.def"
#undef FINISHLINE_REFUSAL
  count_
};
inline constexpr std::size_t kRefused = static_cast<std::size_t>(Refused::count_);
std::string_view name_of(Refused reason);
/// Of a request that was refused with this status before it was understood.
constexpr Refused reason_for(int status) {
  switch (status) {
    case 413:
      return Refused::large_body;
    case 414:
      return Refused::long_target;
    case 431:
      return Refused::large_head;
    default:
      return Refused::bad_request;
  }
}

class RefusalCounts {
 public:
  using Counts = std::array<std::int64_t, kRefused>;  // by Refused

  /// Goes on from what an earlier process has counted, and has `keep` told of what is counted from now on.
  void go_on_from(const Counts& before, std::function<void(Refused)> keep);
  /// `from` is the client's host.
  void count(Refused reason, std::string_view from, Instant now);
  std::int64_t of(Refused reason) const { return counts_[static_cast<std::size_t>(reason)]; }
  const Counts& counts() const { return counts_; }

 private:
  void tell(std::size_t reason, std::string_view from, Instant now);

  Counts counts_{};
  Counts told_{};
  std::function<void(Refused)> keep_;
  std::array<std::optional<Instant>, kRefused> told_at_{};
};

}  // namespace finishline::http
