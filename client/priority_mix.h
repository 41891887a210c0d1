// Which priority class each request of a run has: all the same, or by shares. Pure; the same for the same
// number, so that a request that is sent again keeps its class.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <variant>

#include "proto/frame.h"

namespace finishline::client {

class PriorityMix {
 public:
  /// All of class 0.
  PriorityMix() = default;
  /// Of "3": all of this class. The string says what is wrong.
  static std::variant<PriorityMix, std::string> all_of(const std::string& text);
  /// Of "0:0.9,3:0.1". The string says what is wrong.
  static std::variant<PriorityMix, std::string> parse(const std::string& text);

  /// The class of the request of this number.
  std::uint8_t of(std::uint64_t number) const;
  /// Whether any is not of class 0.
  bool any() const { return share_[0] < 1; }

 private:
  std::array<double, proto::kPriorities> share_{1, 0, 0, 0};  // sum: 1
};

}  // namespace finishline::client
