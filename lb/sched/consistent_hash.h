// consistent-hash: a client always gets the same server, found in a table: one look-up, however large the
// pool. When one of n servers is added or removed about 1/n of the clients move, at most 2/n.
// The table: maglev.h. A place whose server takes no work is passed over for another drawn by the client's
// hash, so the other clients notice nothing, and the table is the same in every worker and after a restart.
#pragma once

#include <vector>

#include "lb/sched/policy.h"

namespace finishline::sched {

class ConsistentHash final : public Policy {
 public:
  unsigned inputs() const override { return kIdentity | kWeight; }
  std::optional<std::size_t> pick(const PoolView& view, const Job& job, Random& random) override;

 private:
  std::vector<std::uint32_t> table_;  // made at the first pick
  std::size_t servers_ = 0;
};

}  // namespace finishline::sched
