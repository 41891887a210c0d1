// What a reference server puts into the body of a reply, so that a client can check every byte of it
// without knowing how the server was started. Ground floor: pure.
//
// The body is the request's body, cut or repeated to the wanted size (an echo, when the sizes are equal);
// a request without a body stands for its length tag, four bytes in network order. Nothing depends on the
// id, because a proxy changes that on the way.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>

namespace finishline::proto {

/// Fills `out` for a request with this body and length tag. `out` must not overlap `body`.
void fill_reply_body(std::span<std::byte> out, std::span<const std::byte> body,
                     std::uint32_t length) noexcept;

/// Whether `reply` is what fill_reply_body() makes for its size. An empty reply always is.
bool is_reply_body(std::span<const std::byte> reply, std::span<const std::byte> body,
                   std::uint32_t length) noexcept;

/// The body of a refusal because of a deadline that cannot be met (status overloaded): in how many
/// microseconds from the receipt of the request it could be done at the earliest, in network order.
inline constexpr std::size_t kEarliestBytes = 8;
void put_earliest(std::span<std::byte, kEarliestBytes> out, std::uint64_t microseconds) noexcept;
/// Nothing when this is no such body.
std::optional<std::uint64_t> earliest_in(std::span<const std::byte> body) noexcept;

}  // namespace finishline::proto
