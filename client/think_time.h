// How long a connection of a closed loop rests between a reply and its next request. Pure.
#pragma once

#include <optional>
#include <random>
#include <string>
#include <variant>

#include "proto/units.h"

namespace finishline::client {

///   50ms       always as long
///   exp:50ms   exponential, with this mean: as people do
class ThinkTime {
 public:
  /// The string is the reason why not.
  static std::variant<ThinkTime, std::string> parse(const std::string& text);

  ThinkTime() = default;  // none
  ThinkTime(Nanos mean, bool exponential) : mean_(mean), exponential_(exponential) {}

  bool any() const { return mean_ > 0ns; }
  /// The next one.
  Nanos draw(std::mt19937_64& generator) const;
  /// For people: "50.00 ms", "50.00 ms on average".
  std::string text() const;

 private:
  Nanos mean_{};
  bool exponential_ = false;
};

}  // namespace finishline::client
