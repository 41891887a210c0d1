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
#include <vector>

#include "proto/units.h"

namespace finishline::peers {

/// Of what proxies change of the configuration (control/shared_changes.h): what their fields begin with.
inline constexpr std::string_view kChangeField = "change ";

/// As the engine keeps it: "VERSION BY VALUE".
struct SharedOrder {
  std::uint64_t version = 0;  // 0: nobody has ordered anything
  std::string by{};           // name of a proxy
  std::string value{};
  bool operator==(const SharedOrder&) const = default;
};
std::string to_text(const SharedOrder& order);
/// Nothing for a text that is none; `asked`: version 0 is one on top of which something is asked for.
std::optional<SharedOrder> shared_order_of(std::string_view text, bool asked = false);
/// Fields and what stands in them, from process to process; none of these holds a zero.
std::string to_table(const std::map<std::string, std::string>& fields);
std::map<std::string, std::string> table_of(std::string_view text);

class SharedOrders {
 public:
  explicit SharedOrders(std::string self) : self_(std::move(self)) {}
  void set_self(const std::string& self) { self_ = self; }

  static constexpr Nanos kAdoptIn = 2s;  // an order that is not obeyed by then has been changed again
  static constexpr Nanos kAskAgain = 1s;

  struct Step {
    std::optional<SharedOrder> ask{};    // the engine is to have this value, on top of this version
    std::optional<SharedOrder> adopt{};  // this is to stand here
    bool conflict = false;               // and something else was ordered here at the same time
  };
  /// For who knows when something is ordered here: what stands here from the start, what an operator has
  /// ordered since, in force; `otherwise` would stand without any order. What was adopted is neither.
  void begins(const std::string& field, const std::string& value, const std::string& otherwise);
  void ordered(const std::string& field, const std::string& value, const std::string& otherwise);
  /// What is to be asked for now. Called again and again.
  Step due(const std::string& field, Instant now);
  /// For who looks what stands here, again and again: all of these, by what has changed.
  Step here(const std::string& field, const std::string& value, const std::string& otherwise, Instant now);
  /// What stands there now; version 0: nothing does.
  Step there(const std::string& field, const SharedOrder& order, Instant now);
  /// Of what was asked: accepted, or not, because this stands there.
  Step answered(const std::string& field, const std::optional<SharedOrder>& instead, Instant now);
  /// It can be ordered here no more: what it was is not remembered.
  void forget(const std::string& field) { fields_.erase(field); }
  /// All that anything is known of.
  std::vector<std::string> fields() const;
  /// From now on it is known what stands there; before, nothing is asked. False: not any more.
  void set_known(bool known);

 private:
  struct Field {
    SharedOrder agreed{};
    std::string here{}, otherwise{};
    bool seen = false;     // `here` is what stands here
    bool dirty = false;    // the others have not got it
    bool ordered = false;  // and an operator wants it, since this process runs
    std::optional<SharedOrder> asked{};
    Instant asked_at{};
    std::optional<Instant> adopting{};  // since when `here` is to come to stand here
  };

  static void accept(Field& field);

  std::string self_;
  bool known_ = false;
  std::map<std::string, Field> fields_;
};

}  // namespace finishline::peers
