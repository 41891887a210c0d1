// Misbehaviour on demand, for tests of those who talk to a server. Pure; the same seed repeats the same
// faults.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <random>

#include "proto/units.h"

namespace finishline::server {

struct FaultOptions {
  Nanos delay{};                               // a reply leaves this much after its work is done
  Nanos jitter{};                              // a piece of work takes up to this much longer, evenly spread
  std::optional<std::uint64_t> stall_after{};  // after so many replies: neither reads nor answers any more
  std::optional<std::uint64_t> crash_after{};  // after so many replies: dies by SIGKILL
  std::uint64_t drop_every = 0;                // one of so many replies is not sent; 0: none
  std::uint64_t corrupt_every = 0;             // one of so many has a byte inverted
  std::uint64_t half_frame_every = 0;  // one of so many is cut in the middle, and the connection closed
  std::uint64_t fail_every = 0;        // one of so many says server_error
  std::uint64_t refuse_every = 0;      // one of so many requests is answered overloaded at once, unbegun
  bool slow_read = false;              // reads a few bytes at a time, with pauses
  std::uint64_t seed = 1;              // chooses which one of so many, the byte, the jitter
};

/// What becomes of one reply.
enum class Fate : std::uint8_t { send, drop, corrupt, half_frame, fail, stall, crash };

/// One event out of every `n`, at a random place among them.
class OneOf {
 public:
  explicit OneOf(std::uint64_t n) : n_(n) {}
  bool hit(std::mt19937_64& random);

 private:
  std::uint64_t n_;
  std::uint64_t place_ = 0;
  std::uint64_t chosen_ = 0;
};

class Faults {
 public:
  explicit Faults(const FaultOptions& options);

  /// For each request once: whether it is refused.
  bool refuses() { return refuse_.hit(random_); }
  /// What the next piece of work takes longer.
  Nanos extra_work();
  /// For each reply once, in the order of sending. The gravest fault wins when several fall together.
  Fate next();
  /// A place below `size` for the byte to invert; size > 0.
  std::size_t place(std::size_t size) { return random_() % size; }

 private:
  FaultOptions options_;
  std::mt19937_64 random_;
  OneOf drop_;
  OneOf corrupt_;
  OneOf half_frame_;
  OneOf fail_;
  OneOf refuse_;
  bool harmless_;
  std::uint64_t replies_ = 0;
};

}  // namespace finishline::server
