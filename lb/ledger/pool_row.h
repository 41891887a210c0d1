// What all processes know of a pool: which policy its workers follow, who asked for it, and whether its
// requests are recorded. Rows are keyed by the pool's name and survive reload and upgrade; policies stand in
// them by their numbers (lb/sched/policies.h), because the ledger may outlive the program.
//
// Only workers of a generation whose configuration has a pool look at its row, and control, which has taken
// the configuration in force before the next one is begun. So a row is free, and goes to the next name that
// needs one, when the last generation that had its pool has no workers any more.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "lb/ledger/cell.h"
#include "lb/ledger/ledger.h"

namespace finishline::ledger {

using PoolId = std::uint32_t;

/// Bytes of the longest name of a pool or listener that a row can hold.
inline constexpr std::size_t kMaxPoolName = 64;

/// Who looks at rows: generations of workers as the master numbers them.
struct Generations {
  std::uint32_t oldest = 1;  // that has workers, or will have
  std::uint32_t ours = 1;    // that is to have the pool
};
/// The row of the pool of this name, taken now if it is new; nothing when all kMaxPools are in use or the
/// name is longer than kMaxPoolName. Master only.
std::optional<PoolId> ensure_pool(Ledger& ledger, std::string_view name, const Generations& generations = {});
/// Any process.
std::optional<PoolId> find_pool(const Ledger& ledger, std::string_view name);
std::uint32_t pool_count(const Ledger& ledger);  // ids are below this
std::string_view pool_name(const Ledger& ledger, PoolId pool);

struct PoolPolicy {
  std::uint8_t running = 0;     // what workers follow; 0: what their configuration says
  std::uint8_t chosen = 0;      // what file or operator asked for; may be `adaptive`, which nobody can follow
  std::uint8_t configured = 0;  // what the file says
  std::uint32_t changes = 0;    // of `running`, so far
};
/// Any process.
PoolPolicy pool_policy(const Ledger& ledger, PoolId pool);

/// A configuration comes into force whose file says `configured`; where that is not for workers to follow,
/// they begin with `first`. Where the file says what it said before, the choice of an operator stays. Master
/// only.
void configure_policy(Ledger& ledger, PoolId pool, std::uint8_t configured, std::uint8_t first);
/// An operator asks for it; workers follow from their next decision on if it is for them to follow. Control
/// only.
void choose_policy(Ledger& ledger, PoolId pool, std::uint8_t chosen, bool for_workers);
/// Workers follow it from their next decision on. Control only.
void run_policy(Ledger& ledger, PoolId pool, std::uint8_t running);

/// Who wants the pool's requests recorded (recording.h).
/// `explainer` wants what is decided (decisions.h).
enum class Reader : std::uint32_t { recorder = 1U << 0, adaptive = 1U << 1, explainer = 1U << 2 };
/// Control only.
void want_recording(Ledger& ledger, PoolId pool, Reader reader, bool wanted);

/// What a worker looks at for each decision and each reply: a relaxed load of a cell that hardly ever
/// changes.
class PoolOrders {
 public:
  PoolOrders(const Ledger& ledger, PoolId pool);
  /// Orders that never come, for a pool without a row.
  PoolOrders();

  // Relaxed: each word is all there is to see, and a decision made a few nanoseconds before the order is one
  // made before it.
  /// Another value means another policy.
  std::uint32_t word() const { return running_->load(std::memory_order_relaxed); }
  static std::uint8_t policy_in(std::uint32_t word) { return static_cast<std::uint8_t>(word); }
  bool recording() const {
    return (readers_->load(std::memory_order_relaxed) & ~static_cast<std::uint32_t>(Reader::explainer)) != 0;
  }
  bool explaining() const {
    return (readers_->load(std::memory_order_relaxed) & static_cast<std::uint32_t>(Reader::explainer)) != 0;
  }
  /// Another value means other costs (learned_costs.h).
  std::uint32_t costs() const { return costs_->load(std::memory_order_relaxed); }

 private:
  const Cell<std::uint32_t>* running_;
  const Cell<std::uint32_t>* readers_;
  const Cell<std::uint32_t>* costs_;
};

}  // namespace finishline::ledger
