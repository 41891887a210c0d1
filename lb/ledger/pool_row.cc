#include "lb/ledger/pool_row.h"

#include <algorithm>

#include "lb/ledger/latencies.h"
#include "lb/ledger/layout.h"
#include "lb/ledger/promises.h"

namespace finishline::ledger {
namespace {

constexpr auto kRelaxed = std::memory_order_relaxed;
constexpr std::uint32_t kChange = 1U << 8;  // above the policy's number

const PoolRow kNoRow{};

/// One never used, else the first that is free; nothing when there is none.
std::optional<PoolId> free_row(const Ledger& ledger, std::uint32_t oldest) {
  const PoolId count = pool_count(ledger);
  if (count < kMaxPools) return count;
  for (PoolId id = 0; id < count; ++id)
    if (ledger.layout().pool(id).last_generation.load(kRelaxed) < oldest) return id;
  return std::nullopt;
}

/// A row for a name that has none, cleared of what stood there. The name goes first: nobody finds half of
/// one.
std::optional<PoolId> let_to(Ledger& ledger, std::string_view name, std::uint32_t oldest) {
  const auto id = name.size() > kMaxPoolName ? std::nullopt : free_row(ledger, oldest);
  if (!id) return std::nullopt;
  PoolRow& row = ledger.layout().pool(*id);
  row.name_bytes.store(0, std::memory_order_release);
  row.running.store(0, kRelaxed);
  row.readers.store(0, kRelaxed);
  row.chosen.store(0, kRelaxed);
  row.told_policy.store(0, kRelaxed);
  row.configured.store(0, kRelaxed);
  if (*id < pool_count(ledger)) forget_pool_latencies(ledger, *id);
  if (*id < kSharingPools) forget_promises(ledger, *id);
  std::ranges::copy(name, row.name.begin());
  row.name_bytes.store(static_cast<std::uint32_t>(name.size()), std::memory_order_release);
  ledger.layout().pool_count.store(std::max(pool_count(ledger), *id + 1), std::memory_order_release);
  return id;
}

}  // namespace

std::optional<PoolId> ensure_pool(Ledger& ledger, std::string_view name, const Generations& generations) {
  auto id = find_pool(ledger, name);
  if (!id) id = let_to(ledger, name, generations.oldest);
  if (!id) return std::nullopt;
  auto& last = ledger.layout().pool(*id).last_generation;
  last.store(std::max(last.load(kRelaxed), generations.ours), kRelaxed);
  return id;
}

std::optional<PoolId> find_pool(const Ledger& ledger, std::string_view name) {
  for (PoolId id = 0; id < pool_count(ledger); ++id)
    if (pool_name(ledger, id) == name) return id;
  return std::nullopt;
}

std::uint32_t pool_count(const Ledger& ledger) {
  return ledger.layout().pool_count.load(std::memory_order_acquire);
}

std::string_view pool_name(const Ledger& ledger, PoolId pool) {
  const PoolRow& row = ledger.layout().pool(pool);
  return {row.name.data(),
          std::min<std::size_t>(row.name_bytes.load(std::memory_order_acquire), row.name.size())};
}

PoolPolicy pool_policy(const Ledger& ledger, PoolId pool) {
  const PoolRow& row = ledger.layout().pool(pool);
  const std::uint32_t word = row.running.load(kRelaxed);
  return {PoolOrders::policy_in(word), row.chosen.load(kRelaxed), row.configured.load(kRelaxed),
          word / kChange};
}

void configure_policy(Ledger& ledger, PoolId pool, std::uint8_t configured, std::uint8_t first) {
  PoolRow& row = ledger.layout().pool(pool);
  if (row.configured.load(kRelaxed) == configured) return;
  row.configured.store(configured, kRelaxed);
  row.chosen.store(configured, kRelaxed);
  run_policy(ledger, pool, first);
}

void choose_policy(Ledger& ledger, PoolId pool, std::uint8_t chosen, bool for_workers) {
  ledger.layout().pool(pool).chosen.store(chosen, kRelaxed);
  if (for_workers) run_policy(ledger, pool, chosen);
}

void run_policy(Ledger& ledger, PoolId pool, std::uint8_t running) {
  auto& word = ledger.layout().pool(pool).running;
  std::uint32_t seen = word.load(kRelaxed);
  const auto next = [&] {  // the first one is no change
    return seen == 0 ? running : seen / kChange * kChange + kChange + running;
  };
  while (PoolOrders::policy_in(seen) != running && !word.compare_exchange(seen, next())) {
  }
}

void want_recording(Ledger& ledger, PoolId pool, Reader reader, bool wanted) {
  auto& cell = ledger.layout().pool(pool).readers;
  const auto bit = static_cast<std::uint32_t>(reader);
  const std::uint32_t before = cell.load(kRelaxed);
  const std::uint32_t after = wanted ? before | bit : before & ~bit;
  if (after != before) cell.store(after, kRelaxed);
}

PoolOrders::PoolOrders(const Ledger& ledger, PoolId pool)
    : running_(&ledger.layout().pool(pool).running),
      readers_(&ledger.layout().pool(pool).readers),
      costs_(&ledger.layout().pool(pool).costs) {}

PoolOrders::PoolOrders() : running_(&kNoRow.running), readers_(&kNoRow.readers), costs_(&kNoRow.costs) {}

}  // namespace finishline::ledger
