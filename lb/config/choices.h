// What keys of the configuration are chosen from.
#pragma once

#include <cstdint>
#include <string_view>

namespace finishline::config {

enum class Mode : std::uint8_t { frame, mini, http, stream };
enum class Check : std::uint8_t {
  automatic,  // by protocol
  ping,
  connect,
  http,
  redis,
  postgres,
  off,
};
enum class WhenFull : std::uint8_t { reject, wait };
enum class WhenBound : std::uint8_t { automatic, late, early };
enum class Admit : std::uint8_t { always, deadline };
enum class ShareBy : std::uint8_t { rows, seat };
enum class Learn : std::uint8_t { off, watch, on };
enum class LoadBy : std::uint8_t { connection, time, bytes };
enum class Bulk : std::uint8_t { automatic, splice, copy };
enum class SendProxy : std::uint8_t { off, v1, v2 };
enum class Resolve : std::uint8_t { first, all };
enum class StartTls : std::uint8_t { required, when_offered, off };
enum class LogFormat : std::uint8_t { text, json };
enum class LogLevel : std::uint8_t { debug, info, warning, error };
std::string_view name_of(Mode mode);
std::string_view name_of(Learn learn);

}  // namespace finishline::config
