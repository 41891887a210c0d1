// What a server says of itself when it is asked how it is: the body of a pong (PROTOCOL.md). Pure.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace finishline::proto {

struct ServerVitals {
  double cpu_percent = 0;  // of one core, lately; more than 100 with several threads
  std::uint64_t memory_bytes = 0;
  std::uint32_t slots = 1;
  std::uint64_t backlog_us = 0;  // work that it still has
  bool cancel = false;           // it understands frames of kind cancel
  bool operator==(const ServerVitals&) const = default;
};

/// The `length` of a ping that wants a pong with a body. Who does not know of it ignores it, so nobody is
/// sent a body that he has not asked for.
inline constexpr std::uint32_t kWantsVitals = 1;
/// A longer body is none.
inline constexpr std::uint32_t kMaxVitalsBytes = 4096;

std::string to_json(const ServerVitals& vitals);
/// What a proxy says when it is asked the same: that it understands frames of kind cancel.
inline constexpr std::string_view kVitalsOfProxy = R"({"cancel": true})";
/// Names that are missing are 0 or false, others are ignored; nothing when it is no JSON object or a number
/// makes no sense.
std::optional<ServerVitals> parse_vitals(std::string_view body);

}  // namespace finishline::proto
