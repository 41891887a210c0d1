// What operators have ordered, as all proxies are to have it: a drained server, a policy. Each order has a
// version, which the engine counts; who orders on top of a version that is not the last has lost to whoever
// was first, takes that one's order, and says so. Pure: what stands here and there comes in, what to do goes
// out.
//
//   changed here --ask the engine, on top of the version known--> agreed, or lost to another's order
//   changed there --adopt--> until it stands here
//
// What has been adopted is never told over another order, whatever its version: only an operator's own is. An
// engine that has forgotten is told again by who knows what stood there, with the version that it had, so
// that whatever was ordered on top of it meanwhile stands over it.
//
// A line that nobody needs any more may go from the engine (order_attic.h). Its versions do not begin anew:
// the largest that has gone is the floor, on top of which whatever has no line stands. Who knows a version
// up to the floor of something that has no line knows that it is as the files say; who knows a higher one,
// that the engine has forgotten it.
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
/// The field that holds the floor, beside those of orders.
inline constexpr std::string_view kFloorField = "floor";
/// What a change holds where it is as in the file.
inline constexpr const char* kAsInFile = "{}";

/// As the engine keeps it: "VERSION BY VALUE".
struct SharedOrder {
  std::uint64_t version = 0;  // 0: nobody has ordered anything
  std::string by{};           // name of a proxy
  std::string value{};
  bool operator==(const SharedOrder&) const = default;
};
std::string to_text(const SharedOrder& order);
/// Nothing for a text that is none; `asked`: version 0 is one on top of which something is asked for.
/// Versions have fifteen digits at most, as the scripts in the engine have it.
std::optional<SharedOrder> shared_order_of(std::string_view text, bool asked = false);
/// Fields and what stands in them, from process to process; none of these holds a zero.
std::string to_table(const std::map<std::string, std::string>& fields);
std::map<std::string, std::string> table_of(std::string_view text);
/// The floor among fields of the engine; 0: there is none.
std::uint64_t floor_in(const std::map<std::string, std::string>& fields);

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
  /// What would stand here without any order, for there() and what it may find.
  void set_otherwise(const std::string& field, const std::string& value) { fields_[field].otherwise = value; }
  /// What stands there now; version 0: nothing does.
  Step there(const std::string& field, const SharedOrder& order, Instant now);
  /// What stands there is no order: ours goes over it.
  void unreadable(const std::string& field);
  /// What stands there means nothing here: it is known, and our next order stands over it.
  void pass_over(const std::string& field, const SharedOrder& order);
  /// What was adopted last could not be carried out here, or could after all: it is told to nobody then.
  void note_left_out(const std::string& field, bool left_out) { fields_[field].left_out = left_out; }
  /// After what was asked this stands there: that, or not, because another one was first.
  Step answered(const std::string& field, const SharedOrder& order, Instant now);
  /// As it stands there; before there() is told of what stands beside it.
  void set_floor(std::uint64_t version) { floor_ = version; }
  /// It can be ordered here no more: what it was is not remembered.
  void forget(const std::string& field) { fields_.erase(field); }
  /// All that anything is known of.
  std::vector<std::string> fields() const;
  /// The others have all that was ordered here.
  bool all_told() const;
  /// From now on it is known what stands there; before, nothing is asked. False: not any more.
  void set_known(bool known);

 private:
  struct Field {
    SharedOrder agreed{};
    std::string here{}, otherwise{};
    bool seen = false;       // `here` is what stands here
    bool dirty = false;      // the others have not got it
    bool ordered = false;    // an operator here wants it, since this process runs
    bool forgotten = false;  // the engine has no line of what is agreed
    bool left_out = false;   // what is agreed does not stand here
    std::optional<SharedOrder> asked{};
    Instant asked_at{};
    std::optional<Instant> adopting{};  // since when `here` is to come to stand here
  };

  bool is_asked(const Field& field, const SharedOrder& order) const;
  static void accept(Field& field, const SharedOrder& order);
  static void forget_line(Field& field);
  static std::uint64_t base_of(const Field& field);
  Step tidied(Field& field, Instant now);

  std::string self_;
  bool known_ = false;
  std::uint64_t floor_ = 0;
  std::map<std::string, Field> fields_;
};

}  // namespace finishline::peers
