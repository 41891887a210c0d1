// Bytes of a message as text. Any process.
#pragma once

#include <cstddef>
#include <span>
#include <string_view>

namespace finishline::http {

/// Borrows from `bytes`.
inline std::string_view text_in(std::span<const std::byte> bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

}  // namespace finishline::http
