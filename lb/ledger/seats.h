// The seat of a pool: of several proxies before the same servers the one that decides for all of them, while
// it holds the seat (lb/peers/seat_lease.h). Its workers see what waits in all proxies, and call: "send this
// server one of that kind". The others send nothing by themselves.
//
//   in the seat   a worker decides for another proxy:  SeatCalls::call(), the peer process carries it over
//   elsewhere     the peer process hears of it:        give_grant(), the worker that is called takes it
//
// All of this are hints, as calls between workers are: only who holds a request sends it, and books it as all
// do. Two seats, an old call or a lost one cost time or give a server more ahead; nothing is lost or doubled.
// Every word says until when it holds, so that nothing has to be taken back after a death.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "lb/ledger/cell.h"
#include "lb/ledger/ledger.h"
#include "lb/ledger/pool_row.h"
#include "proto/units.h"

namespace finishline::ledger {

struct SeatHolder {
  enum class Who : std::uint8_t { nobody, self, node } who = Who::nobody;
  std::uint32_t node = 0;  // its row
  bool operator==(const SeatHolder&) const = default;
};

struct SeatStatus {
  SeatHolder holder;
  Instant until{};         // then it is nobody's, unless it is renewed
  Instant since{};         // of the holder
  std::int64_t moves = 0;  // times that it was another one's than before
};

/// Any process. Pools from kSharingPools on have no seat.
SeatStatus seat_status(const Ledger& ledger, PoolId pool, Instant now);
SeatHolder seat_holder(const Ledger& ledger, PoolId pool, Instant now);
/// Peer process. True when it was another one's before, or nobody's.
bool show_seat(Ledger& ledger, PoolId pool, SeatHolder holder, Instant until, Instant now);

/// "Send this server one of that kind."
struct SeatCall {
  std::uint32_t node = 0;  // its row
  std::uint8_t lane = 0;
  std::uint8_t reason = 0;  // sched::Reason
  std::uint32_t length = 0;
  Nanos service{};  // that it is expected to take there; whole microseconds
  Instant at{};
};
/// So long what was called for is taken to be on its way; after that the proxy is left out at this server.
inline constexpr Nanos kSeatCallHolds = 10ms;
inline constexpr Nanos kSeatLeftOut = 15ms;  // from the call on

struct SeatCallStatus {
  std::int64_t made = 0, came = 0;  // calls carried over; those after which something was sent
  Nanos trip{};  // from a call until it was heard here that it was sent, lately; 0: not known
};
/// Any process.
SeatCallStatus seat_calls_status(const Ledger& ledger);

/// What a proxy in the seat has called for.
class SeatCalls {
 public:
  /// The ledger outlives it.
  explicit SeatCalls(Ledger& ledger) : layout_(&ledger.layout()) {}

  /// Workers. False: enough is on its way to this server.
  bool call(ServerId server, const SeatCall& call) const;
  /// Appends those not older than kSeatLeftOut.
  void read(ServerId server, Instant now, std::vector<SeatCall>& to) const;
  /// Peer process: likewise, those that were not taken before.
  void take(ServerId server, Instant now, std::vector<SeatCall>& to) const;
  /// Peer process: so many requests of this node are known to have come there.
  void came(std::uint32_t node, ServerId server, std::uint64_t requests, Instant now) const;

 private:
  Layout* layout_;
};

/// A call, at the proxy that was called.
struct SeatGrant {
  ServerId server = 0;
  std::uint8_t lane = 0;
  std::uint8_t reason = 0;
  std::uint32_t length = 0;
};
inline constexpr Nanos kSeatGrantHolds = 20ms;

/// Peer process. False: the worker has not taken the ones before.
bool give_grant(Ledger& ledger, WorkerId worker, const SeatGrant& grant, Instant now);
/// The worker of this id. Nothing: there is none that still holds.
std::optional<SeatGrant> take_grant(Ledger& ledger, WorkerId self, Instant now);

}  // namespace finishline::ledger
