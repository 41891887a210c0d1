// What traffic is wanted, in the words of the command line: how requests arrive, of which types, how long.
// Pure: parsed values without any randomness; load_plan draws from them.
#pragma once

#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "lb/model/pace.h"
#include "proto/cost_model.h"
#include "proto/units.h"

namespace finishline::model {

/// One entry of "video=2,music=1".
struct Share {
  std::string name;
  double amount = 0;  // >= 0
};
/// The string is the reason why not. A name stands once, and the amounts are not all zero.
std::variant<std::vector<Share>, std::string> parse_shares(std::string_view text);

/// How long requests are, in units of the length tag.
///
///   1..9         every whole number from 1 to 9 alike        const:3 or 3   always 3
///   exp:5        exponential, mean 5                         pareto:1.5:1   Pareto, shape 1.5, least 1
///
/// exp and pareto are rounded to whole units, at least 1.
class LengthLaw {
 public:
  /// The string is the reason why not.
  static std::variant<LengthLaw, std::string> parse(std::string_view text);

  LengthLaw() = default;  // 1..9

  /// The length for `u`, uniform in [0, 1).
  std::uint32_t draw(double u) const;
  /// The largest length that can come out; nothing for exp and pareto, which have no end.
  std::optional<std::uint32_t> largest() const;

 private:
  enum class Kind : std::uint8_t { uniform, exponential, pareto };
  LengthLaw(Kind kind, double low, double parameter) : kind_(kind), low_(low), parameter_(parameter) {}

  Kind kind_ = Kind::uniform;
  double low_ = 1;        // uniform, pareto: the least length
  double parameter_ = 9;  // uniform: the largest; exponential: the mean; pareto: the shape
};

enum class Arrivals : std::uint8_t {
  closed,   // the next request is sent when a reply makes room
  poisson,  // gaps are exponential
  uniform,  // gaps are all the same
  burst,    // `burst` requests at one instant, bursts evenly spaced
};
std::optional<Arrivals> arrivals_named(std::string_view name);
std::string_view name_of(Arrivals arrivals);

/// All that decides which requests come when. The same values give the same requests.
struct Traffic {
  std::vector<double> weights;  // by RequestType; the chance of a type is its share of the sum
  LengthLaw lengths;
  std::uint32_t max_length = std::numeric_limits<std::uint32_t>::max();  // longer draws are cut to this
  Arrivals arrivals = Arrivals::closed;
  double rate = 0;             // requests per second over time; closed, and a single burst, need none
  std::optional<Pace> pace;    // instead of `rate`, where it changes; nothing arrives behind its end
  std::uint64_t burst = 0;     // requests per burst; 0: all in one
  std::uint64_t requests = 0;  // 0: no limit
  Nanos duration{};            // open loop: nothing arrives at or after it; 0: no limit
  std::uint64_t seed = 1;
};

}  // namespace finishline::model
