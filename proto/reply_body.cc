#include "proto/reply_body.h"

#include <algorithm>
#include <array>
#include <cstring>

#include "proto/frame.h"

namespace finishline::proto {
namespace {

std::array<std::byte, 4> bytes_of(std::uint32_t length) noexcept {
  return {static_cast<std::byte>(length >> 24), static_cast<std::byte>(length >> 16),
          static_cast<std::byte>(length >> 8), static_cast<std::byte>(length)};
}

}  // namespace

void fill_reply_body(std::span<std::byte> out, std::span<const std::byte> body,
                     std::uint32_t length) noexcept {
  const auto tag = bytes_of(length);
  const std::span<const std::byte> pattern = body.empty() ? tag : body;
  while (!out.empty()) {
    const std::size_t count = std::min(out.size(), pattern.size());
    std::memcpy(out.data(), pattern.data(), count);
    out = out.subspan(count);
  }
}

bool is_reply_body(std::span<const std::byte> reply, std::span<const std::byte> body,
                   std::uint32_t length) noexcept {
  const auto tag = bytes_of(length);
  const std::span<const std::byte> pattern = body.empty() ? tag : body;
  while (!reply.empty()) {
    const std::size_t count = std::min(reply.size(), pattern.size());
    if (std::memcmp(reply.data(), pattern.data(), count) != 0) return false;
    reply = reply.subspan(count);
  }
  return true;
}

void put_earliest(std::span<std::byte, kEarliestBytes> out, std::uint64_t microseconds) noexcept {
  detail::put_u64(out.data(), microseconds);
}

std::optional<std::uint64_t> earliest_in(std::span<const std::byte> body) noexcept {
  if (body.size() != kEarliestBytes) return std::nullopt;
  return detail::get_u64(body.data());
}

}  // namespace finishline::proto
