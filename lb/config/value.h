// What a key's value means, judged by its row of the table alone. Pure.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <variant>

#include "lb/config/document.h"
#include "lb/config/key_table.h"

namespace finishline::config {

/// The word that stands for a value that the proxy finds itself.
inline constexpr std::string_view kAuto = "auto";

/// Durations as nanoseconds or kAuto, sizes as bytes, rates per hour, choices as their position in the range.
using Value = std::variant<bool, std::int64_t, double, std::string>;

struct Fault {
  std::string message;
  std::string remedy;
};

/// For every type of key but networks, hosts, durations and types.
std::variant<Value, Fault> read_value(const Key& key, const Node& node);

/// Why this text cannot name a thing; "" when it can.
std::string name_fault(std::string_view text);

}  // namespace finishline::config
