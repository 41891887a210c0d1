// What servers really need for each type of request: workers sum up what replies say, control learns from the
// sums (sched/cost_learner.h) and writes here what comes of it, and workers decide by that. No clock.
//
//   worker w, server s, type k   n, sum of r, sum of r * r        r = log2(service / (length * declared
//   cost)) control                      differences since its last look -> cost, its sd, samples, age; a
//   revision
//
// The sums only grow, also over the death of a worker, whose successor goes on with them, and over that of
// control, whose successor goes on with what was learned. Between two stores a reply may count in one of them
// and not in the other.
#pragma once

#include <cstdint>

#include "lb/ledger/ledger.h"
#include "lb/ledger/pool_row.h"
#include "proto/cost_model.h"

namespace finishline::ledger {

/// Beyond this, r counts as this much: a factor of 16.
inline constexpr double kMostLog2 = 4;

/// One worker's writer: a few relaxed stores per reply.
class CostNotes {
 public:
  /// The ledger outlives it.
  CostNotes(Ledger& ledger, WorkerId self);

  /// A good reply says that its service took so many times as long as declared; `ratio` > 0.
  void note(ServerId server, RequestType type, double ratio);
  /// A server that had nothing else to do was busy for us for so much longer than it worked: the request's
  /// way there and the reply's back.
  void note_way(ServerId server, Nanos way);

 private:
  CostSums* rows_;  // of this worker, by ServerId
};

/// Over all workers, since the row was let.
struct CostEvidence {
  std::uint64_t n = 0;
  double sum = 0, squares = 0;  // of r and r * r
};
CostEvidence cost_evidence(const Ledger& ledger, ServerId server, RequestType type);
Nanos ways_to(const Ledger& ledger, ServerId server);

struct LearnedCost {
  double declared = 0, learned = 0;  // ns per unit of length; 0: nobody learns this
  double sd = 0;                     // of the logarithm of `learned`
  std::uint64_t samples = 0;
  Instant updated_at{};  // the last reply that counted; Instant{}: none
  bool doubted = false;  // what this server says cannot be true

  double ratio() const { return learned / declared; }
};
/// Any process.
LearnedCost learned_cost(const Ledger& ledger, ServerId server, RequestType type);
/// Control only; announce_costs() makes workers of the pool look.
void write_learned_cost(Ledger& ledger, ServerId server, RequestType type, const LearnedCost& cost);
void announce_costs(Ledger& ledger, PoolId pool);
/// What announce_costs() has counted. Behind it, learned_cost() is at least as new.
std::uint32_t cost_revision(const Ledger& ledger, PoolId pool);

/// Of a row that is let anew.
void forget_costs(Ledger& ledger, ServerId server);

}  // namespace finishline::ledger
