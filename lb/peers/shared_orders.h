// What operators have ordered, as all proxies are to have it: a drained server, a policy. Each order has a
// version, which the engine counts; who orders on top of a version that is not the last has lost to whoever
// was first, takes that one's order, and says so. Pure: what stands here and there comes in, what to do goes
// out.
//
//   changed here --ask the engine, on top of the version known--> agreed, or lost to another's order
//   changed there --adopt--> until it stands here
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "proto/units.h"

namespace finishline::peers {

/// As the engine keeps it: "VERSION BY VALUE".
struct SharedOrder {
  std::uint64_t version = 0;  // 0: nobody has ordered anything
  std::string by{};           // name of a proxy
  std::string value{};
  bool operator==(const SharedOrder&) const = default;
};
std::string to_text(const SharedOrder& order);
/// Nothing for a text that is none.
std::optional<SharedOrder> shared_order_of(std::string_view text);

class SharedOrders {
 public:
  explicit SharedOrders(std::string self) : self_(std::move(self)) {}

  static constexpr Nanos kAdoptIn = 2s;  // an order that is not obeyed by then has been changed again
  static constexpr Nanos kAskAgain = 1s;

  struct Step {
    std::optional<SharedOrder> ask{};    // the engine is to have this value, on top of this version
    std::optional<SharedOrder> adopt{};  // this is to stand here
    bool conflict = false;               // and something else was ordered here at the same time
  };
  /// What stands here now, and what would without any order. Called again and again.
  Step here(const std::string& field, const std::string& value, const std::string& otherwise, Instant now);
  /// What stands there now; version 0: nothing does.
  Step there(const std::string& field, const SharedOrder& order, Instant now);
  /// Of what was asked: accepted, or not, because this stands there.
  Step answered(const std::string& field, const std::optional<SharedOrder>& instead, Instant now);
  /// It can be ordered here no more: what it was is not remembered.
  void forget(const std::string& field) { fields_.erase(field); }
  /// From now on it is known what stands there; before, nothing is asked. False: not any more.
  void set_known(bool known);

 private:
  struct Field {
    SharedOrder agreed{};
    std::string here{};
    bool seen = false;   // `here` is what stands here
    bool dirty = false;  // the others have not got it
    std::optional<SharedOrder> asked{};
    Instant asked_at{};
    std::optional<Instant> adopting{};  // since when `here` is to come to stand here
  };

  const std::string self_;
  bool known_ = false;
  std::map<std::string, Field> fields_;
};

}  // namespace finishline::peers
