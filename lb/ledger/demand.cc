#include "lb/ledger/demand.h"

#include <algorithm>
#include <atomic>
#include <bit>
#include <utility>

#include "lb/ledger/layout.h"

namespace finishline::ledger {
namespace {

constexpr auto kRelaxed = std::memory_order_relaxed;
constexpr auto kSeqCst = std::memory_order_seq_cst;

std::uint64_t bit_of(std::uint8_t type) { return std::uint64_t{1} << type; }

void write_lane(LaneRow& row, const sched::WaitLane& lane) {
  row.head_key.store(lane.head_key, kRelaxed);
  row.urgent_start.store(lane.urgent_start, kRelaxed);
  row.volume.store(lane.volume, kRelaxed);
  row.count.store(lane.count, kRelaxed);
  row.head_length.store(lane.head_length, kRelaxed);
  row.longest.store(lane.longest, kRelaxed);
  row.shortest.store(lane.shortest, kRelaxed);
  row.urgent_length.store(lane.urgent_length, kRelaxed);
}

sched::WaitLane lane_in(const LaneRow& row, WorkerId worker, std::uint8_t type) {
  return {.head_key = row.head_key.load(kRelaxed),
          .urgent_start = row.urgent_start.load(kRelaxed),
          .volume = row.volume.load(kRelaxed),
          .count = row.count.load(kRelaxed),
          .head_length = row.head_length.load(kRelaxed),
          .longest = row.longest.load(kRelaxed),
          .shortest = row.shortest.load(kRelaxed),
          .urgent_length = row.urgent_length.load(kRelaxed),
          .worker = static_cast<std::uint16_t>(worker),
          .type = type};
}

}  // namespace

// --- what a worker shows -----------------------------------------------------------------------------

Demand::Demand(Ledger& ledger, PoolId pool, WorkerId self)
    : layout_(pool < kSharingPools ? &ledger.layout() : nullptr), pool_(pool), self_(self) {
  if (layout_ == nullptr) return;
  types_ = &layout_->waiting_types(pool_, 0);
  layout_->waiting_types(pool_, self_).store(0, kRelaxed);
}

bool Demand::show(const sched::WaitLane& lane) {
  if (layout_ == nullptr) return false;
  write_lane(layout_->lane(self_, pool_, lane.type), lane);
  const std::uint64_t bits = lane.count > 0 ? shown_ | bit_of(lane.type) : shown_ & ~bit_of(lane.type);
  if (bits == shown_) return false;
  const bool begins = bits > shown_;
  shown_ = bits;
  layout_->waiting_types(pool_, self_).store(bits, std::memory_order_release);
  if (begins) std::atomic_thread_fence(kSeqCst);
  return begins;
}

void Demand::clear() {
  if (layout_ == nullptr || std::exchange(shown_, 0) == 0) return;
  layout_->waiting_types(pool_, self_).store(0, std::memory_order_release);
}

void Demand::arrived(std::uint8_t type, std::uint32_t length) {
  if (layout_ != nullptr) {
    LaneRow& lane = layout_->lane(self_, pool_, type);
    lane.arrived.add(length);
    lane.requests.add(1);
  }
}

// --- what it sees of others --------------------------------------------------------------------------

void Demand::made_room() { std::atomic_thread_fence(kSeqCst); }

std::uint64_t Demand::waiting() const {
  std::uint64_t waiting = 0;
  if (layout_ == nullptr) return waiting;
  layout_->each_writer([&](WorkerId worker) { waiting |= types_[worker].load(kRelaxed); });
  return waiting;
}

void Demand::read_others(std::size_t types, std::vector<sched::WaitLane>& lanes) const {
  if (layout_ == nullptr) return;
  const std::uint64_t known = types < kDemandTypes ? (std::uint64_t{1} << types) - 1 : ~std::uint64_t{0};
  layout_->each_writer([&](WorkerId worker) {
    if (worker == self_) return;
    const std::uint64_t waiting = layout_->waiting_types(pool_, worker).load(std::memory_order_acquire);
    for (std::uint64_t bits = waiting & known; bits != 0; bits &= bits - 1) {
      const auto type = static_cast<std::uint8_t>(std::countr_zero(bits));
      const sched::WaitLane lane = lane_in(layout_->lane(worker, pool_, type), worker, type);
      if (lane.count > 0) lanes.push_back(lane);
    }
  });
}

WorkerId Demand::first_remote() const {
  return layout_ == nullptr ? ~WorkerId{0} : layout_->sizes.max_workers;
}

Sharing Demand::sharing() const {
  return layout_ == nullptr ? Sharing::alone : static_cast<Sharing>(layout_->sharing.load(kRelaxed));
}

std::int64_t Demand::sent(WorkerId worker, ServerId server) const {
  if (layout_ == nullptr) return 0;
  return layout_->pair(worker, server).counters[static_cast<std::size_t>(ServerCell::sent)].load(kRelaxed);
}

bool Demand::read_plan(std::uint32_t& seen, sched::PoolPlan& plan) const {
  if (layout_ == nullptr) return false;
  const PlanRow& row = std::as_const(*layout_).plan(pool_);
  const std::uint32_t number = row.number.load(std::memory_order_acquire);
  if (number == seen) return false;
  seen = number;
  for (std::size_t group = 0; group < sched::kMaxGroups; ++group)
    plan.price[group] = row.price[group].load(kRelaxed);
  plan.load = row.load.load(kRelaxed);
  plan.mean_service = Nanos(row.mean_service.load(kRelaxed));
  return true;
}

// --- calls -------------------------------------------------------------------------------------------

bool Calls::call(WorkerId worker) const {
  std::uint32_t none = 0;
  return layout_->call(worker).called.compare_exchange(none, 1, kSeqCst);
}

bool Calls::take() const {
  Cell<std::uint32_t>& called = layout_->call(self_).called;
  std::uint32_t yes = 1;
  return called.load(kRelaxed) != 0 && called.compare_exchange(yes, 0, kSeqCst);
}

// --- for control, and after a death ------------------------------------------------------------------

bool DemandSum::any() const {
  return std::ranges::any_of(waiting, [](double volume) { return volume > 0; });
}

DemandSum sum_demand(const Ledger& ledger, PoolId pool, std::size_t types) {
  DemandSum sum{std::vector<double>(types), std::vector<std::uint64_t>(types),
                std::vector<std::uint64_t>(types), std::vector<std::uint64_t>(types)};
  if (pool >= kSharingPools) return sum;
  const Layout& layout = ledger.layout();
  layout.each_writer([&](WorkerId worker) {
    const std::uint64_t waiting = layout.waiting_types(pool, worker).load(std::memory_order_acquire);
    for (std::size_t type = 0; type < types && type < kDemandTypes; ++type) {
      const LaneRow& lane = layout.lane(worker, pool, static_cast<std::uint8_t>(type));
      sum.arrived[type] += lane.arrived.load(kRelaxed);
      sum.requests[type] += lane.requests.load(kRelaxed);
      if ((waiting & bit_of(static_cast<std::uint8_t>(type))) == 0) continue;
      sum.waiting[type] += static_cast<double>(lane.volume.load(kRelaxed));
      sum.counts[type] += lane.count.load(kRelaxed);
    }
  });
  return sum;
}

void write_plan(Ledger& ledger, PoolId pool, const sched::PoolPlan& plan) {
  if (pool >= kSharingPools) return;
  PlanRow& row = ledger.layout().plan(pool);
  for (std::size_t group = 0; group < sched::kMaxGroups; ++group)
    row.price[group].store(plan.price[group], kRelaxed);
  row.load.store(plan.load, kRelaxed);
  row.mean_service.store(plan.mean_service.count(), kRelaxed);
  row.number.store(row.number.load(kRelaxed) + 1, std::memory_order_release);
}

// --- other proxies -------------------------------------------------------------------------------------

void show_lane(Layout& layout, WorkerId writer, PoolId pool, const sched::WaitLane& lane) {
  if (pool >= kSharingPools || lane.type >= kDemandTypes) return;
  write_lane(layout.lane(writer, pool, lane.type), lane);
  Cell<std::uint64_t>& waiting = layout.waiting_types(pool, writer);
  const std::uint64_t shown = waiting.load(kRelaxed);
  waiting.store(lane.count > 0 ? shown | bit_of(lane.type) : shown & ~bit_of(lane.type),
                std::memory_order_release);
}

bool anything_waits(const Ledger& ledger, WorkerId worker) {
  const Layout& layout = ledger.layout();
  const PoolId pools = std::min(layout.pool_count.load(std::memory_order_acquire), kSharingPools);
  for (PoolId pool = 0; pool < pools; ++pool)
    if (layout.waiting_types(pool, worker).load(kRelaxed) != 0) return true;
  return false;
}

std::uint64_t waiting_of(const Ledger& ledger, PoolId pool, WorkerId writer) {
  const Layout& layout = ledger.layout();
  std::uint64_t count = 0;
  std::uint64_t bits = layout.waiting_types(pool, writer).load(std::memory_order_acquire);
  for (; bits != 0; bits &= bits - 1)
    count +=
        layout.lane(writer, pool, static_cast<std::uint8_t>(std::countr_zero(bits))).count.load(kRelaxed);
  return count;
}

std::uint64_t own_waiting_types(const Ledger& ledger, PoolId pool) {
  if (pool >= kSharingPools) return 0;
  const Layout& layout = ledger.layout();
  std::uint64_t waiting = 0;
  const WorkerId workers = layout.worker_limit.load(std::memory_order_acquire);
  for (WorkerId worker = 0; worker < workers; ++worker)
    waiting |= layout.waiting_types(pool, worker).load(std::memory_order_acquire);
  return waiting;
}

namespace {

/// Both as if they waited in one place.
sched::WaitLane merged(const sched::WaitLane& a, const sched::WaitLane& b) {
  sched::WaitLane both = a.head_key <= b.head_key ? a : b;
  const sched::WaitLane& urgent = a.urgent_start <= b.urgent_start ? a : b;
  both.urgent_start = urgent.urgent_start;
  both.urgent_length = urgent.urgent_length;
  both.volume = a.volume + b.volume;
  both.count = a.count + b.count;
  both.longest = std::max(a.longest, b.longest);
  both.shortest = std::min(a.shortest, b.shortest);
  return both;
}

}  // namespace

sched::WaitLane own_lane(const Ledger& ledger, PoolId pool, std::uint8_t type) {
  const Layout& layout = ledger.layout();
  sched::WaitLane all{.type = type};
  const WorkerId workers = layout.worker_limit.load(std::memory_order_acquire);
  for (WorkerId worker = 0; worker < workers; ++worker) {
    if ((layout.waiting_types(pool, worker).load(std::memory_order_acquire) & bit_of(type)) == 0) continue;
    const sched::WaitLane lane = lane_in(layout.lane(worker, pool, type), worker, type);
    if (lane.count > 0) all = all.count == 0 ? lane : merged(all, lane);
  }
  return all;
}

void withdraw_demand(Layout& layout, WorkerId worker) {
  for (PoolId pool = 0; pool < kSharingPools; ++pool) layout.waiting_types(pool, worker).store(0, kRelaxed);
}

}  // namespace finishline::ledger
