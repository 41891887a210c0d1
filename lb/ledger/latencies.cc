#include "lb/ledger/latencies.h"

#include <algorithm>
#include <bit>
#include <functional>

#include "lb/ledger/layout.h"

namespace finishline::ledger {
namespace {

constexpr auto kRelaxed = std::memory_order_relaxed;

// A key is never 0: that is an entry whose taker has not written it yet, or died before it could.
constexpr std::uint64_t kTaken = std::uint64_t{1} << 63;
constexpr unsigned kWorkerShift = 48, kWhatShift = 40, kTypeShift = 32;

std::uint64_t key_of(WorkerId worker, const LatencySeries& series) {
  return kTaken | std::uint64_t{worker} << kWorkerShift |
         static_cast<std::uint64_t>(series.what) << kWhatShift | std::uint64_t{series.type} << kTypeShift |
         series.of;
}

WorkerId worker_in(std::uint64_t key) { return static_cast<WorkerId>((key & ~kTaken) >> kWorkerShift); }

LatencySeries series_in(std::uint64_t key) {
  return {.what = static_cast<Latency>(key >> kWhatShift & 0xff),
          .of = static_cast<std::uint32_t>(key),
          .type = static_cast<RequestType>(key >> kTypeShift & 0xff)};
}

template <class LayoutOf>
auto& entry(LayoutOf& layout, std::uint32_t n) {
  return layout.template region<LatencyEntry>(layout.offsets.latency_entries)[n];
}

template <class LayoutOf>
auto* block(LayoutOf& layout, std::uint32_t n) {
  return layout.template region<Cell<std::uint64_t>>(layout.offsets.latency_blocks) +
         n * LatencyBuckets::kCount;
}

std::uint32_t blocks_in(const Layout& layout) {
  return model::latency_blocks(layout.sizes.max_workers, layout.sizes.max_servers);
}

/// Entries that have been handed out, as far as there are any.
std::uint32_t entries_in(const Layout& layout) {
  return std::min(layout.latency_blocks_taken.load(std::memory_order_acquire), blocks_in(layout));
}

/// Calls `use(series, block number)` for each block.
template <class Use>
void each_block(const Layout& layout, Use use) {
  for (std::uint32_t n = 0; n < entries_in(layout); ++n)
    if (const std::uint64_t key = entry(layout, n).key.load(std::memory_order_acquire); key != 0)
      use(series_in(key), n);
}

/// Calls `use(bucket)` for the buckets in which something may be: to read others would make pages of them.
template <class Use>
void each_bucket(const Layout& layout, std::uint32_t n, Use use) {
  std::uint64_t octaves = entry(layout, n).octaves.load(kRelaxed);
  for (; octaves != 0; octaves &= octaves - 1) {
    const std::size_t first =
        static_cast<std::size_t>(std::countr_zero(octaves)) * LatencyBuckets::kPerOctave;
    for (std::size_t i = 0; i < LatencyBuckets::kPerOctave; ++i) use(first + i);
  }
}

template <class Which>
void forget(Ledger& ledger, Which which) {
  Layout& layout = ledger.layout();
  each_block(layout, [&](const LatencySeries& series, std::uint32_t n) {
    if (!which(series)) return;
    each_bucket(layout, n, [&](std::size_t i) { block(layout, n)[i].store(0, kRelaxed); });
    entry(layout, n).octaves.store(0, kRelaxed);
  });
}

}  // namespace

LatencyWriter::LatencyWriter(Ledger& ledger, WorkerId worker) : layout_(&ledger.layout()), worker_(worker) {}

LatencyWriter::Blocks& LatencyWriter::room_for(PoolId pool, RequestType type) {
  if (pool >= pools_.size()) pools_.resize(pool + 1);
  if (!pools_[pool]) pools_[pool] = std::make_unique<OfTypes>();
  return (*pools_[pool])[type];
}

void LatencyWriter::take_blocks(PoolId pool, RequestType type) {
  Blocks& blocks = room_for(pool, type);
  for (std::size_t i = 0; i < blocks.size(); ++i)
    blocks[i] = find_or_take({static_cast<Latency>(i), pool, type});
}

/// A pool carries streams or requests: they do not get into each other's way.
const LatencyWriter::Blocks& LatencyWriter::stream_blocks_of(PoolId pool) {
  Blocks& blocks = room_for(pool, 0);
  if (blocks[0] == nullptr) {
    blocks[0] = find_or_take({Latency::stream, pool, 0});
    blocks[1] = find_or_take({Latency::stream_connect, pool, 0});
  }
  return blocks;
}

void LatencyWriter::take_block(ServerId server) {
  if (server >= servers_.size()) servers_.resize(server + 1);
  servers_[server] = find_or_take({Latency::response, server, 0});
}

/// Of this worker: those of its predecessor, and those that another writer of this worker has taken.
void LatencyWriter::look_at_new_entries() {
  for (const std::uint32_t end = entries_in(*layout_); looked_at_ < end; ++looked_at_) {
    const std::uint64_t key = entry(*layout_, looked_at_).key.load(std::memory_order_acquire);
    if (key != 0 && worker_in(key) == worker_) own_.emplace(key, looked_at_);
  }
}

/// Entries go by a counter that only grows. Who dies between its step and the key has lost one block for
/// good.
LatencyWriter::Block* LatencyWriter::find_or_take(const LatencySeries& series) {
  look_at_new_entries();
  const std::uint64_t key = key_of(worker_, series);
  if (const auto found = own_.find(key); found != own_.end()) return block(*layout_, found->second);
  if (entries_in(*layout_) == blocks_in(*layout_)) return nowhere();
  const std::uint32_t n = layout_->latency_blocks_taken.fetch_add(1);
  if (n >= blocks_in(*layout_)) return nowhere();
  entry(*layout_, n).key.store(key, std::memory_order_release);
  own_.emplace(key, n);
  return block(*layout_, n);
}

/// Once per series and worker, since it is remembered.
LatencyWriter::Block* LatencyWriter::nowhere() {
  nowhere_.resize(LatencyBuckets::kCount);
  layout_->latency_series_dropped.fetch_add(1);
  return nowhere_.data();
}

void LatencyWriter::note_octave(const Block& cell) {
  const Block* const first = block(*layout_, 0);
  const auto at = static_cast<std::size_t>(&cell - first);
  if (std::less<>{}(&cell, first) || at >= blocks_in(*layout_) * LatencyBuckets::kCount) return;
  auto& octaves = entry(*layout_, static_cast<std::uint32_t>(at / LatencyBuckets::kCount)).octaves;
  const std::size_t octave = at % LatencyBuckets::kCount / LatencyBuckets::kPerOctave;
  octaves.store(octaves.load(kRelaxed) | std::uint64_t{1} << octave, kRelaxed);
}

LatencyReader::LatencyReader(const Ledger& ledger) : layout_(&ledger.layout()) {
  each_block(*layout_, [this](const LatencySeries& series, std::uint32_t n) { blocks_.emplace(series, n); });
}

LatencyHistogram LatencyReader::of(const LatencySeries& series) const {
  LatencyHistogram sum;
  const auto [begin, end] = blocks_.equal_range(series);
  for (auto it = begin; it != end; ++it)
    each_bucket(*layout_, it->second,
                [&](std::size_t i) { sum.add(i, block(*layout_, it->second)[i].load(kRelaxed)); });
  return sum;
}

std::int64_t latency_series_dropped(const Ledger& ledger) {
  return ledger.layout().latency_series_dropped.load(kRelaxed);
}

void forget_server_latencies(Ledger& ledger, ServerId server) {
  forget(ledger, [server](const LatencySeries& series) {
    return series.what == Latency::response && series.of == server;
  });
}

void forget_pool_latencies(Ledger& ledger, PoolId pool) {
  forget(ledger, [pool](const LatencySeries& series) {
    return series.what != Latency::response && series.of == pool;
  });
}

}  // namespace finishline::ledger
