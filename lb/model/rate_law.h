// How many requests a second are wanted, in the words of the command line. Pure.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "lb/model/pace.h"
#include "proto/units.h"

namespace finishline::model {

///   100, 60/m      the same all the time
///   100..10000     rising evenly over the whole run, or falling
///   100,200,400    one after the other
class RateLaw {
 public:
  static constexpr std::size_t kMostSteps = 100;

  /// The string is the reason why not.
  static std::variant<RateLaw, std::string> parse(std::string_view text);

  RateLaw() = default;  // none
  /// The same all the time; above 0.
  RateLaw(double rate) : rates_{rate} {}  // NOLINT: a number is a rate

  bool given() const { return !rates_.empty(); }
  bool is_ramp() const { return ramp_; }
  bool is_steps() const { return !ramp_ && rates_.size() > 1; }
  bool changes() const { return rates_.size() > 1; }
  /// The first of the rates; 0 when none is given.
  double first() const { return given() ? rates_.front() : 0; }
  /// How many rates follow each other.
  std::size_t steps() const { return rates_.size(); }

  /// The rate over a run of this length, which is above 0: a step has an equal part of it; a ramp is cut into
  /// ten stretches, so that its beginning and its end can be told apart. Precondition: changes().
  Pace over(Nanos length) const;
  /// For people: "100/s", "100/s to 10,000/s", "100/s, 200/s, 400/s".
  std::string text() const;

 private:
  std::vector<double> rates_;
  bool ramp_ = false;
};

}  // namespace finishline::model
