// ip-hash: a client always gets the same server, whichever worker it meets and after any restart, and keeps
// it while that server takes work, whatever becomes of the others. Weighted rendezvous hashing (Thaler and
// Ravishankar, IEEE/ACM ToN 1998; weights: Schindelhauer and Schomaker, SPAA 2005).
#pragma once

#include "lb/sched/policy.h"

namespace finishline::sched {

/// Clients spread in proportion to the weights. A server that leaves gives its clients to all others; one
/// that comes back takes exactly those again, one by one while it starts slowly.
class IpHash final : public Policy {
 public:
  unsigned inputs() const override { return kIdentity | kWeight; }
  std::optional<std::size_t> pick(const PoolView& view, const Job& job, Random& random) override;
};

}  // namespace finishline::sched
