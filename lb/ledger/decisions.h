// Decisions as they were taken, from the workers to the control process, for people who ask why: one ring per
// worker in shared memory, as for requests served (recording.h). Written only while somebody asks; what is
// not fetched in time is overwritten.
#pragma once

#include <array>
#include <cstdint>
#include <vector>

#include "lb/ledger/ledger.h"
#include "lb/ledger/pool_row.h"
#include "proto/cost_model.h"

namespace finishline::ledger {

struct DecisionRing;  // layout.h

/// Decisions kept of one worker.
inline constexpr std::uint32_t kRingDecisions = 1024;
/// Servers that are told of for each.
inline constexpr std::size_t kAlternatives = 4;

/// Why a request went to a server just then.
enum class Why : std::uint8_t {
  at_once,  // nothing of its kind waited, and a server that does it as cheaply as any had room
  urgent,   // sched::Reason, of those that wait, and the next three
  critical,
  in_order,
  steal,
  policy,  // the pool's policy chose when it came
  again,   // it had been lost or refused elsewhere
  moved,   // it was bound to another server, and not sent yet
};

/// One request that was sent to a server.
struct Decision {
  Instant received_at{};
  Instant decided_at{};
  Nanos service{};  // expected; whole microseconds
  std::uint32_t length = 0;
  ServerId server = 0;
  PoolId pool = 0;
  RequestType type = 0;
  std::uint8_t priority = 0;
  Why why = Why::policy;
  /// Those that would have had it done soonest, and in what time from then; whole microseconds.
  struct Alternative {
    ServerId server = 0;
    Nanos until_done{};
  };
  std::array<Alternative, kAlternatives> alternatives{};
  std::uint8_t alternative_count = 0;
};

/// A worker's writer.
class DecisionWriter {
 public:
  /// The ledger outlives it.
  DecisionWriter(Ledger& ledger, WorkerId worker);
  void write(const Decision& decision);

 private:
  DecisionRing* ring_;
};

/// Reads the rings of all workers; one object reads each decision once. The control process.
class DecisionReader {
 public:
  /// Begins with what is written from now on.
  explicit DecisionReader(const Ledger& ledger);
  /// Appends what is new, by worker and in the order in which it was decided.
  void read(std::vector<Decision>& to);

 private:
  void read(WorkerId worker, std::vector<Decision>& to);

  const Ledger& ledger_;
  std::vector<std::uint64_t> read_;  // by worker: decisions fetched or missed so far
};

}  // namespace finishline::ledger
