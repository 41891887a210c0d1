// What one proxy tells the others of itself, as bytes and back. Pure; what is read may be anybody's.
//
//   "FLP1"  flags 1  epoch 8  sequence 4  name 1 + n
//   servers: count, then for each   key 8  owed us  in flight  sent  turn 1  ago us
//   lanes:   count, then for each   key 8  count  volume  head's age us  head's, longest, shortest length
//                                   until the urgent start us  urgent length
//   calls:   count, then for each   node's key 8  server's key 8  lane's key 8  length  why 1
//   seats:   count, then for each   pool's key 8; only where the flags say so
//
// Whole numbers without a width are varints: seven bits a byte, least first; those that may be below zero are
// folded (0, -1, 1, -2, ...). Keys are hashes of names, so that proxies need not number alike. Times are ages
// or spans, for clocks are never compared. A report says what has changed since the one before it; one that
// is `full` says all, and what it does not name is nothing.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "proto/units.h"

namespace finishline::peers {

inline constexpr std::size_t kMaxReport = 1U << 20;  // bytes; a longer one is none
inline constexpr std::size_t kMaxName = 64;

/// Of a server, a node, or a lane of a pool.
std::uint64_t key_of(std::string_view name);
/// `lane`: the request type's name, and what else tells lanes of a pool apart.
std::uint64_t key_of(std::string_view pool, std::string_view lane);

enum class Turn : std::uint8_t { same, settled, begun };

struct ServerReport {
  std::uint64_t key = 0;
  Nanos owed{};  // whole microseconds
  std::uint32_t in_flight = 0;
  std::uint64_t sent = 0;  // requests, ever
  Turn turn = Turn::same;
  Nanos ago{};  // since it was done with a request of this proxy, or idle and given one
  bool operator==(const ServerReport&) const = default;
};

struct LaneReport {
  std::uint64_t key = 0;
  std::uint32_t count = 0;  // 0: nothing waits any more, and the rest is nothing
  std::uint64_t volume = 0;
  Nanos head_age{};  // since the head's key; below zero where it lies ahead
  std::uint32_t head_length = 0, longest = 0, shortest = 0;
  std::optional<Nanos> until_urgent{};  // to the earliest latest start; nothing: none has a deadline
  std::uint32_t urgent_length = 0;
  bool operator==(const LaneReport&) const = default;
};

/// "Send this server one of that kind." From who is in the seat of its pool: ledger/seats.h.
struct Call {
  std::uint64_t node = 0, server = 0, lane = 0;
  std::uint32_t length = 0;  // of the one that is meant
  std::uint8_t reason = 0;   // sched::Reason
  bool operator==(const Call&) const = default;
};

struct Report {
  bool full = false;
  bool wants_full = false;  // of everybody: the sender has missed something, or is new
  bool leaving = false;     // the last one
  std::uint64_t epoch = 0;
  std::uint32_t sequence = 0;
  std::string name{};
  std::vector<ServerReport> servers{};
  std::vector<LaneReport> lanes{};
  std::vector<Call> calls{};
  std::vector<std::uint64_t> seats{};  // of these pools it has the seat
  bool operator==(const Report&) const = default;
};

/// Times are cut to whole microseconds.
std::string encode(const Report& report);
/// Nothing for bytes that are no report: cut short, too long, with a name that is none.
std::optional<Report> decode(std::string_view bytes);

}  // namespace finishline::peers
