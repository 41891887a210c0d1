// The seats of this proxy's pools: takes and keeps those that it can have, says in the ledger who has them,
// and carries calls between the proxy in a seat and the others (ledger/seats.h). Peer process.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "lb/ledger/seats.h"
#include "lb/peers/directory.h"
#include "lb/peers/engine.h"
#include "lb/peers/report.h"
#include "lb/peers/seat_lease.h"

namespace finishline::peers {

class Seats {
 public:
  struct Options {
    std::string name;    // of this proxy
    std::string prefix;  // of keys
    Nanos silence = 150ms;
  };
  /// All but the options outlive it.
  Seats(ledger::Ledger& ledger, const Directory& directory, PeerEngine& engine, Options options);

  /// The directory is another one now: seats that it has stay whose they are, those of other pools are given
  /// back.
  void follow_directory(Nanos silence);

  /// To be called every few milliseconds.
  void look(Instant now);
  /// The engine is away.
  void lost();
  /// This proxy ends: others need not wait until the keys do.
  void leave();

  /// Whether there are pools with seats at all, and one whose seat is ours.
  bool any() const { return !seats_.empty(); }
  bool holds_any(Instant now) const;
  /// To be told in each report: the pools whose seats are ours.
  std::vector<std::uint64_t> held(Instant now) const;
  /// What workers have called for since the last time.
  std::vector<Call> new_calls(Instant now);

  /// Another proxy, of this row in the ledger, has these seats.
  void heard(std::uint32_t node, const std::vector<std::uint64_t>& held, Instant now);
  /// What is called for here goes to the worker that has it. Returns the workers that have to look; nothing
  /// when it waits no more.
  std::vector<ledger::WorkerId> take_calls(const std::vector<Call>& calls, Instant now);

 private:
  struct Seat {
    ledger::PoolId pool = 0;
    std::uint64_t key = 0;  // of the pool's name
    std::string name;
    SeatLease lease{};
    ledger::SeatHolder told{};  // in the log
    std::optional<Instant> cleared_at{};
  };

  void ask(const Seat& seat, SeatLease::Ask what);
  void take_answer(std::uint64_t key, SeatLease::Ask what, const RedisReply& reply);
  void clear(Seat& seat);
  void give_back(const Seat& seat);
  void show(Seat& seat, Instant now);
  std::string key_of_seat(const Seat& seat) const { return options_.prefix + ":seat:" + seat.name; }
  std::optional<ledger::WorkerId> worker_with(const Directory::Lane& lane, const Call& call) const;
  std::optional<Call> call_of(const Directory::Server& server, const ledger::SeatCall& call) const;

  ledger::Ledger& ledger_;
  const Directory& directory_;
  PeerEngine& engine_;
  Options options_;
  ledger::SeatCalls calls_;
  std::vector<Seat> seats_;
  bool refused_ = false;  // told of
};

}  // namespace finishline::peers
