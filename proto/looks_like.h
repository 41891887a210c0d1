// What the first bytes of a connection look like when they are not what was expected: for messages to people,
// who have most often reached another port or left out an option. Used by the client, and by listeners and
// links of the proxy. Ground floor: pure, standard library only.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>

namespace finishline::proto {

enum class Speech : std::uint8_t {
  unknown,
  frame,          // a frame of our version; perhaps not of a kind, or not with flags, that belong here
  other_version,  // of the frame protocol
  little_endian,  // a frame whose numbers are in the wrong byte order
  mini,
  tls,
  http,
  other,  // some other protocol, or text
};

struct Guess {
  Speech speech = Speech::unknown;
  std::string words;  // "HTTP", "a frame of version 2": fits behind "it looks like"; "" when unknown
};

/// A guess by what most often stands there, not a proof: two bytes are enough for some, and 32 for all.
Guess what_it_looks_like(std::span<const std::byte> bytes);

/// The first `most` bytes, as "48 54 54 50", and " ..." when there are more.
std::string hex_of(std::span<const std::byte> bytes, std::size_t most = 16);
/// The same as text: "GET / HTTP", with a dot for each byte that cannot be printed.
std::string printable(std::span<const std::byte> bytes, std::size_t most = 16);

}  // namespace finishline::proto
