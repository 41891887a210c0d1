// The frame protocol: header, encoder, incremental decoder. The manual is PROTOCOL.md; this file, the
// manual and tests/unit/proto/frame_test.cc change together. Ground floor: no I/O, no clock, no log.
//
//    0               4   5   6   7   8                      16      20      24      28      32
//    +---------------+---+---+---+---+-----------------------+-------+-------+-------+-------+------
//    | body_bytes    |ver|knd|typ|flg| id                    |length |dl/stat|svc_us |blg/srv| body
//    +---------------+---+---+---+---+-----------------------+-------+-------+-------+-------+------
//                                     network byte order throughout
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <string_view>
#include <vector>

namespace finishline::proto {

inline constexpr std::size_t kHeaderBytes = 32;
inline constexpr std::uint8_t kVersion = 1;
inline constexpr std::uint32_t kDefaultMaxBody = 16U << 20;

enum class Kind : std::uint8_t {
  request = 1,
  reply = 2,
  ping = 3,
  pong = 4,
  goaway = 5,
  describe = 6,
  description = 7,
  estimate = 8,
  estimated = 9,
  cancel = 10,
  resize = 11,
};

/// Whether a client that sends such a frame has asked for something: it gets an answer of its own. Who has
/// sent no other frames has not asked yet (listener.handshake_timeout).
constexpr bool is_answered(Kind kind) noexcept {
  return kind == Kind::request || kind == Kind::ping || kind == Kind::describe || kind == Kind::estimate;
}

inline constexpr std::uint8_t kRetryable = 0x01;     // flags bit 0: the work may be done twice
inline constexpr std::uint8_t kPriorityBits = 0x06;  // flags bits 1 and 2: the priority class
inline constexpr std::uint8_t kKnownFlags = kRetryable | kPriorityBits;

/// 0, what everybody has who does not say, to 3, the most urgent.
inline constexpr std::size_t kPriorities = 4;
constexpr std::uint8_t priority_of(std::uint8_t flags) noexcept { return (flags & kPriorityBits) >> 1; }
/// Below kPriorities.
constexpr std::uint8_t priority_flags(std::uint8_t priority) noexcept {
  return static_cast<std::uint8_t>(priority << 1);
}

/// What became of a request. One list for wire, log, metrics and reports.
enum class Status : std::uint32_t {
  ok = 0,
  bad_frame,
  unknown_type,
  too_large,
  no_server,
  server_lost,
  deadline_exceeded,
  overloaded,
  draining,
  server_error,
  cancelled,
};
inline constexpr std::size_t kStatusCount = 11;
/// "ok", "bad_frame", ...; "unknown" for a number outside the list.
std::string_view name_of(Status status) noexcept;

struct FrameHeader {
  std::uint32_t body_bytes = 0;
  Kind kind = Kind::request;
  char type = 0;  // type code letter; 0 where a kind has none
  std::uint8_t flags = 0;
  std::uint64_t id = 0;      // the sender's own, echoed in the answer
  std::uint32_t length = 0;  // the length tag: units of work
  std::uint32_t detail = 0;  // request: deadline in ms from receipt, 0 = none; reply: Status
  std::uint32_t service_us =
      0;                     // reply: time the server worked on it; overloaded: time until it may come again
  std::uint32_t origin = 0;  // reply: from a server its backlog in us, from the proxy the server's number
};

namespace detail {
constexpr std::uint64_t network_order(std::uint64_t value) noexcept {
  if constexpr (std::endian::native == std::endian::little) return __builtin_bswap64(value);
  return value;
}
inline void put_u64(std::byte* out, std::uint64_t value) noexcept {
  value = network_order(value);
  std::memcpy(out, &value, sizeof value);
}
inline std::uint64_t get_u64(const std::byte* in) noexcept {
  std::uint64_t value;
  std::memcpy(&value, in, sizeof value);
  return network_order(value);
}
constexpr std::uint64_t pair(std::uint32_t high, std::uint32_t low) noexcept {
  return std::uint64_t{high} << 32 | low;
}
}  // namespace detail

/// Writes kHeaderBytes at `out`, as four words.
inline void encode_header(const FrameHeader& header, std::byte* out) noexcept {
  const std::uint32_t tags = std::uint32_t{kVersion} << 24 | static_cast<std::uint32_t>(header.kind) << 16 |
                             std::uint32_t{static_cast<std::uint8_t>(header.type)} << 8 | header.flags;
  detail::put_u64(out, detail::pair(header.body_bytes, tags));
  detail::put_u64(out + 8, header.id);
  detail::put_u64(out + 16, detail::pair(header.length, header.detail));
  detail::put_u64(out + 24, detail::pair(header.service_us, header.origin));
}

/// Reads kHeaderBytes at `in` without judging them: kind may be outside the enum.
inline FrameHeader decode_header(const std::byte* in) noexcept {
  const std::uint64_t first = detail::get_u64(in);
  const std::uint64_t third = detail::get_u64(in + 16);
  const std::uint64_t fourth = detail::get_u64(in + 24);
  return {.body_bytes = static_cast<std::uint32_t>(first >> 32),
          .kind = static_cast<Kind>(static_cast<std::uint8_t>(first >> 16)),
          .type = static_cast<char>(static_cast<std::uint8_t>(first >> 8)),
          .flags = static_cast<std::uint8_t>(first),
          .id = detail::get_u64(in + 8),
          .length = static_cast<std::uint32_t>(third >> 32),
          .detail = static_cast<std::uint32_t>(third),
          .service_us = static_cast<std::uint32_t>(fourth >> 32),
          .origin = static_cast<std::uint32_t>(fourth)};
}

/// Which kinds a receiver accepts: a proxy receives `requests`, a server orders besides, a client or link
/// `answers`.
enum class Direction : std::uint8_t { requests, answers, to_server };

/// A decoded frame. `body` borrows from the decoder or the fed span: good until the next call.
struct Frame {
  FrameHeader header;
  std::span<const std::byte> body;
};

/// Cuts a byte stream into frames: many from one read, one from many reads. Never throws on input and
/// keeps no bytes while reads end at frame boundaries; otherwise at most one read, or one frame of
/// max_body, whichever is larger. Allocates only for a frame that spans reads, and only as its bytes come.
///
///   decoder.feed(bytes);
///   while ((step = decoder.next(frame)) == Step::frame || step == Step::too_large) use(step, frame);
///   if (step == Step::bad) close();          // the boundary is lost; only this can end the loop early
///
/// A caller that must pause in between calls stash() before `bytes` dies and goes on with next() later,
/// without feeding: stash() and feed() in any order never lose or reorder a byte.
class FrameDecoder {
 public:
  enum class Step : std::uint8_t {
    frame,      // `frame` is filled
    too_large,  // header is filled, body is empty: the body is over max_body and will be skipped as it comes
    need_more,  // all whole frames are out; the tail, if any, has been kept
    bad,        // version, kind or flags make no sense here, header is as read; it stays in this state
  };

  FrameDecoder(Direction direction, std::uint32_t max_body) noexcept
      : max_body_(max_body), kinds_(kinds_of(direction)) {}

  /// Must not be called while an earlier span is neither used up (need_more) nor stashed.
  void feed(std::span<const std::byte> bytes) noexcept { input_ = bytes; }
  Step next(Frame& frame);
  void stash();
  /// Feeds `bytes` and calls use(frame, step) for each frame, also for one that is too large, until they are
  /// used up: true. False when they make no sense, or `use` has returned false.
  template <class Use>
  bool take_all(std::span<const std::byte> bytes, Use use) {
    feed(bytes);
    Frame frame;
    Step step = next(frame);
    for (; step == Step::frame || step == Step::too_large; step = next(frame))
      if (!use(frame, step)) return false;
    return step == Step::need_more;
  }

  /// True when the last next() ran out of bytes inside a frame: a peer that falls silent now owes us the
  /// rest. False after a pause, because what is stashed has not been looked at.
  bool mid_frame() const noexcept { return owed_; }
  /// What no frame has been made of: behind `bad` the bytes that are none, behind need_more those of a frame
  /// that is not whole. Good until the next call.
  std::span<const std::byte> unread() const noexcept { return kept().empty() ? input_ : kept(); }
  /// Heap bytes held for unfinished input.
  std::size_t kept_bytes() const noexcept { return kept_.capacity(); }

 private:
  static constexpr std::uint32_t bit(Kind kind) { return 1U << static_cast<unsigned>(kind); }
  static constexpr std::uint32_t kinds_of(Direction direction) {
    if (direction == Direction::answers)
      return bit(Kind::reply) | bit(Kind::pong) | bit(Kind::goaway) | bit(Kind::description) |
             bit(Kind::estimated);
    const std::uint32_t asked =
        bit(Kind::request) | bit(Kind::ping) | bit(Kind::describe) | bit(Kind::estimate) | bit(Kind::cancel);
    return direction == Direction::to_server ? asked | bit(Kind::resize) : asked;
  }

  inline Step take(std::span<const std::byte>& bytes, Frame& frame) noexcept;
  Step next_from_kept(Frame& frame);
  inline Step run_out();
  void skip(std::span<const std::byte>& bytes) noexcept;
  void keep(std::size_t count, std::size_t frame_bytes);
  inline void forget_used() noexcept;

  std::span<const std::byte> kept() const noexcept { return std::span(kept_).subspan(kept_used_); }

  std::span<const std::byte> input_;  // fed, not yet consumed; borrowed
  std::vector<std::byte> kept_;       // unfinished or stashed bytes that precede input_
  std::size_t kept_used_ = 0;         // consumed prefix of kept_
  std::uint32_t skip_ = 0;            // body bytes of a too large frame still to be thrown away
  std::uint32_t max_body_;
  std::uint32_t kinds_;  // bit n set: kind n is accepted
  bool bad_ = false;
  bool owed_ = false;
};

}  // namespace finishline::proto
