#include "lb/ledger/learned_costs.h"

#include <algorithm>
#include <cmath>

#include "lb/ledger/layout.h"

namespace finishline::ledger {
namespace {

constexpr auto kRelaxed = std::memory_order_relaxed;
constexpr double kFixed = 1 << 20;

std::int64_t to_fixed(double value) { return static_cast<std::int64_t>(std::lround(value * kFixed)); }
double from_fixed(std::int64_t value) { return static_cast<double>(value) / kFixed; }

}  // namespace

// --- workers -----------------------------------------------------------------------------------------

CostNotes::CostNotes(Ledger& ledger, WorkerId self) : rows_(&ledger.layout().cost_sums(self, 0)) {}

void CostNotes::note(ServerId server, RequestType type, double ratio) {
  const double r = std::clamp(std::log2(ratio), -kMostLog2, kMostLog2);
  CostSum& sum = rows_[server].types[type];
  sum.sum.add(to_fixed(r));
  sum.squares.add(to_fixed(r * r));
  sum.n.add(1);
}

void CostNotes::note_way(ServerId server, Nanos way) { rows_[server].ways.add(way.count()); }

// --- control -----------------------------------------------------------------------------------------

CostEvidence cost_evidence(const Ledger& ledger, ServerId server, RequestType type) {
  const Layout& layout = ledger.layout();
  const WorkerId workers = layout.worker_limit.load(std::memory_order_acquire);
  CostEvidence all;
  for (WorkerId worker = 0; worker < workers; ++worker) {
    const CostSum& sum = layout.cost_sums(worker, server).types[type];
    const std::uint64_t n = sum.n.load(kRelaxed);
    if (n == 0) continue;
    all.n += n;
    all.sum += from_fixed(sum.sum.load(kRelaxed));
    all.squares += from_fixed(sum.squares.load(kRelaxed));
  }
  return all;
}

Nanos ways_to(const Ledger& ledger, ServerId server) {
  const Layout& layout = ledger.layout();
  const WorkerId workers = layout.worker_limit.load(std::memory_order_acquire);
  Nanos all{};
  for (WorkerId worker = 0; worker < workers; ++worker)
    all += Nanos(layout.cost_sums(worker, server).ways.load(kRelaxed));
  return all;
}

LearnedCost learned_cost(const Ledger& ledger, ServerId server, RequestType type) {
  const LearnedCell& cell = ledger.layout().learned(server).types[type];
  return {.declared = cell.declared.load(kRelaxed),
          .learned = cell.learned.load(kRelaxed),
          .sd = cell.sd.load(kRelaxed),
          .samples = cell.samples.load(kRelaxed),
          .updated_at = Instant(Nanos(cell.updated_at.load(kRelaxed))),
          .doubted = cell.doubted.load(kRelaxed) != 0};
}

void write_learned_cost(Ledger& ledger, ServerId server, RequestType type, const LearnedCost& cost) {
  LearnedCell& cell = ledger.layout().learned(server).types[type];
  cell.declared.store(cost.declared, kRelaxed);
  cell.learned.store(cost.learned, kRelaxed);
  cell.sd.store(cost.sd, kRelaxed);
  cell.samples.store(cost.samples, kRelaxed);
  cell.updated_at.store(cost.updated_at.time_since_epoch().count(), kRelaxed);
  cell.doubted.store(cost.doubted ? 1 : 0, kRelaxed);
}

void announce_costs(Ledger& ledger, PoolId pool) {
  Cell<std::uint32_t>& costs = ledger.layout().pool(pool).costs;
  costs.store(costs.load(kRelaxed) + 1, std::memory_order_release);
}

std::uint32_t cost_revision(const Ledger& ledger, PoolId pool) {
  return ledger.layout().pool(pool).costs.load(std::memory_order_acquire);
}

void forget_costs(Ledger& ledger, ServerId server) {
  Layout& layout = ledger.layout();
  const WorkerId workers = layout.worker_limit.load(std::memory_order_acquire);
  for (std::size_t type = 0; type < CostModel::kMaxTypes; ++type) {
    write_learned_cost(ledger, server, static_cast<RequestType>(type), {});
    for (WorkerId worker = 0; worker < workers; ++worker) {
      CostSum& sum = layout.cost_sums(worker, server).types[type];
      sum.sum.store(0, kRelaxed);
      sum.squares.store(0, kRelaxed);
      sum.n.store(0, kRelaxed);
    }
  }
  for (WorkerId worker = 0; worker < workers; ++worker)
    layout.cost_sums(worker, server).ways.store(0, kRelaxed);
}

}  // namespace finishline::ledger
