// When a request that comes now would be done: plays forward what is in service and what waits, roughly.
// Floor 1: pure.
//
//   free[s]   when server s will be free, from now     rest[k]   what waits of type k and comes before it
//   again and again the server that is free first takes a piece of that: of a type that it does as cheaply as
//   anybody, the one of which most is left, by shares; else of the type that it helps with at the least loss,
//   if the piece is done there before all of that could be by those who are cheaper
//   when rest of its own type is gone, the request is done where free[s] + service is least
//
// What waits is cut into kPieces at most, so the time this takes depends on servers and types alone: a few
// microseconds for a few servers. Later arrivals that pass are not foreseen, nor is any way to a server but
// what it counts as farther than others (PoolCosts::Server::later).
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "lb/sched/pool_costs.h"
#include "lb/sched/wait_lane.h"
#include "proto/units.h"

namespace finishline::sched {

struct Prospect {
  Nanos until_done{};      // from now
  Nanos until_begun{};     // of that, until it is begun
  std::size_t server = 0;  // position in the pool
};

/// What is asked. The spans borrow for the length of the call.
struct Newcomer {
  std::uint8_t type = 0;  // a lane
  std::uint32_t length = 0;
  std::int64_t key = 0;  // see Matching::key_of
  Instant now{};
  std::span<const std::int64_t> finish;  // by position: as in PoolView
  std::span<const WaitLane> lanes;       // of all workers, in any order
};

/// Keeps its room from call to call.
class Prospects {
 public:
  /// Nothing when no server that can do it is available.
  std::optional<Prospect> of(const PoolCosts& costs, const Newcomer& newcomer);

 private:
  static constexpr double kPieces = 48;

  struct Type {
    double rest = 0, all = 0;  // length that waits before the newcomer
    double count = 0;
    double cheapest = 0;  // price, of the available servers
    double rate = 0;      // length per ns of those who are as cheap
  };
  void begin(const PoolCosts& costs, const Newcomer& newcomer);
  void add(const WaitLane& lane, const Newcomer& newcomer);
  void play(const PoolCosts& costs, std::uint8_t type);
  std::optional<std::size_t> next_piece(const PoolCosts& costs, std::size_t server) const;
  bool is_help(const PoolCosts& costs, std::size_t server, std::size_t type) const;
  double piece_of(const Type& type) const;
  double price(const PoolCosts& costs, std::size_t server, std::size_t type) const;

  std::vector<Type> types_;
  std::vector<double> free_;      // by position, ns from now; infinite: not available
  std::vector<double> asked_at_;  // the same; infinite also when it has found nothing to do
};

}  // namespace finishline::sched
