// What a key's value means, judged by its row of the table alone. Pure.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <variant>

#include "lb/config/document.h"
#include "lb/config/key_table.h"

namespace finishline::config {

/// The word that stands for a value that the proxy finds itself.
inline constexpr std::string_view kAuto = "auto";

/// Durations as nanoseconds or kAuto, sizes as bytes, rates per hour, choices as their position in the range,
/// distances as nanoseconds or a number.
using Value = std::variant<bool, std::int64_t, double, std::string>;

struct Fault {
  std::string message;
  std::string remedy;
};

/// For every type of key but networks, hosts, durations and types.
std::variant<Value, Fault> read_value(const Key& key, const Node& node);

/// Why this text cannot name a thing; "" when it can.
std::string name_fault(std::string_view text);

/// What `value` is in a member of type T.
template <class T>
T value_as(const Value& value) {
  if constexpr (std::is_same_v<T, bool> || std::is_same_v<T, double> || std::is_same_v<T, std::string>) {
    return std::get<T>(value);
  } else if constexpr (std::is_same_v<T, sched::Distance>) {
    if (const auto* later = std::get_if<std::int64_t>(&value)) return {.later = Nanos(*later)};
    return {.factor = std::get<double>(value)};
  } else if constexpr (requires(T optional) { optional.has_value(); }) {
    if (std::holds_alternative<std::string>(value)) return std::nullopt;  // kAuto
    return value_as<typename T::value_type>(value);
  } else {
    return static_cast<T>(std::get<std::int64_t>(value));  // whole numbers, Nanos, enums
  }
}

}  // namespace finishline::config
