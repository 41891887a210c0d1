// The bodies of requests: seeded bytes, another run of them for every request, so that a reply given to the
// wrong request is seen. Pure.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace finishline::client {

/// A body is a window into one table of random bytes: nothing is computed per request. Windows of requests
/// less than kWindows apart begin at different places; bodies of a few bytes may still be equal by chance.
class Payload {
 public:
  static constexpr std::size_t kWindows = 65536;

  Payload(std::uint64_t seed, std::size_t bytes);

  std::size_t size() const { return bytes_; }
  /// The body of this request; lives as long as the payload.
  std::span<const std::byte> body_of(std::uint64_t number) const {
    return std::span(table_).subspan(number * kStep % kWindows, bytes_);
  }

 private:
  static constexpr std::uint64_t kStep = 40503;  // odd: neighbours lie far apart, and all windows are used

  std::size_t bytes_;
  std::vector<std::byte> table_;
};

}  // namespace finishline::client
