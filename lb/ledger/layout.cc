// The drawing in layout.h, checked.
#include "lb/ledger/layout.h"

#include <type_traits>

namespace finishline::ledger {

static_assert(sizeof(Cell<std::int64_t>) == 8 && sizeof(Cell<std::uint8_t>) == 1);
static_assert(sizeof(ServerRow) == 384 && offsetof(ServerRow, admin) == 64 &&
              offsetof(ServerRow, notes) == 128 && offsetof(ServerRow, scaled) == 192 &&
              offsetof(ServerRow, name) == 256);
static_assert(sizeof(ScaledCells) == 64);
static_assert(sizeof(HealthCells) == 64 && sizeof(ControlRow) == 1792 && sizeof(UpOrderCells) == 24);
static_assert(sizeof(WorkerRow) == 64);
static_assert(sizeof(PairRow) == 128 && offsetof(PairRow, owed) == 0 && offsetof(PairRow, in_flight) == 8 &&
              offsetof(PairRow, settled_at) == 16 && offsetof(PairRow, counters) == 24);
static_assert(sizeof(PairCounts) == 640);
static_assert(sizeof(WorkerCounts) == 7296);
static_assert(sizeof(NodeRow) == 192 && sizeof(EngineRow) == 320);
static_assert(sizeof(LaneRow) == 64 && sizeof(PlanRow) == 576 && sizeof(CallRow) == 64 &&
              sizeof(PromiseRow) == 192);
static_assert(sizeof(SeatRow) == 64 && sizeof(SeatCallRow) == 64 && sizeof(SeatGrantRow) == 512);
static_assert(sizeof(CostSums) == 1600 && sizeof(LearnedRow) == 3072);
static_assert(sizeof(RecordRing) == 64 + 512 * 1024 && sizeof(DecisionRing) == 64 + 72 * 1024);
static_assert(sizeof(SourceBuckets) == 16 && sizeof(Cell<std::uint32_t>) == 4);
static_assert(offsetof(Layout, magic) == 0 && offsetof(Layout, version) == 8,
              "readable by any later version");
static_assert(std::is_trivially_copyable_v<Layout> && std::is_trivially_copyable_v<ServerRow> &&
              std::is_trivially_copyable_v<WorkerRow> && std::is_trivially_copyable_v<PairRow> &&
              std::is_trivially_copyable_v<PairCounts> && std::is_trivially_copyable_v<WorkerCounts> &&
              std::is_trivially_copyable_v<PoolRow> && std::is_trivially_copyable_v<RecordRing>);

}  // namespace finishline::ledger
