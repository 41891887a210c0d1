// Latency histograms in shared memory: what each worker has seen, in a block of its own per series, which it
// alone writes and everybody may read. A series gets its block with its first value, from a store that all
// workers share, and keeps it: the successor of a dead worker goes on counting. So memory is taken for what
// happens, not for what could, and it is bounded (model::latency_blocks).
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <memory>
#include <unordered_map>
#include <vector>

#include "lb/ledger/cell.h"
#include "lb/ledger/ledger.h"
#include "lb/ledger/pool_row.h"
#include "lb/model/latency_histogram.h"
#include "proto/cost_model.h"

namespace finishline::ledger {

enum class Latency : std::uint8_t {
  // of a pool and a request type
  request,       // arrival to the answer of a server, or to the deadline; what is refused is in none
  waiting,       // arrival to being sent, of requests that a server has answered
  first_answer,  // from then to its reply
  service,       // as the server reports it; only of replies that do
  // of a server
  response,  // sent to reply, of replies that speak for the server
  // of a pool of streams
  stream,          // arrival to end
  stream_connect,  // of the connection to the server
  count_
};

struct LatencySeries {
  Latency what = Latency::request;
  std::uint32_t of = 0;  // PoolId, or ServerId
  RequestType type = 0;  // where it is of requests
  auto operator<=>(const LatencySeries&) const = default;
};

using model::LatencyBuckets;
using model::LatencyHistogram;

/// The key says whose the block of this number is; a bit for each octave in which something is.
struct LatencyEntry {
  Cell<std::uint64_t> key;
  Cell<std::uint64_t> octaves;
};
static_assert(sizeof(LatencyEntry) == 16 && LatencyBuckets::kCount * sizeof(Cell<std::uint64_t>) == 8704);

/// One worker's writer; a few instructions per value, no clock.
class LatencyWriter {
 public:
  /// `worker` < sizes().max_workers. The ledger outlives it.
  LatencyWriter(Ledger& ledger, WorkerId worker);

  /// One that a server has answered. `service` 0: it did not say.
  struct Answered {
    Nanos request{}, waiting{}, first_answer{}, service{};
  };
  void answered(PoolId pool, RequestType type, const Answered& it) {
    const Blocks& blocks = blocks_of(pool, type);
    const std::size_t at_server = LatencyBuckets::bucket_of(it.first_answer);
    const bool waited = it.waiting > Nanos{};
    count(blocks[0][waited ? LatencyBuckets::bucket_of(it.request) : at_server]);
    count(blocks[1][waited ? LatencyBuckets::bucket_of(it.waiting) : 0]);
    count(blocks[2][at_server]);
    if (it.service > Nanos{}) count(blocks[3][LatencyBuckets::bucket_of(it.service)]);
  }
  /// One whose deadline has passed: it would have taken longer still.
  void timed_out(PoolId pool, RequestType type, Nanos request) {
    count(blocks_of(pool, type)[0][LatencyBuckets::bucket_of(request)]);
  }
  void responded(ServerId server, Nanos response) {
    if (server >= servers_.size() || servers_[server] == nullptr) [[unlikely]]
      take_block(server);
    count(servers_[server][LatencyBuckets::bucket_of(response)]);
  }
  /// `what`: of streams.
  void stream(Latency what, PoolId pool, Nanos value) {
    count(stream_blocks_of(pool)[what == Latency::stream ? 0 : 1][LatencyBuckets::bucket_of(value)]);
  }

 private:
  using Block = Cell<std::uint64_t>;  // the first of kCount
  using Blocks = std::array<Block*, model::kRequestLatencies>;
  using OfTypes = std::array<Blocks, CostModel::kMaxTypes>;

  void count(Block& cell) {
    const std::uint64_t before = cell.load(std::memory_order_relaxed);
    if (before == 0) [[unlikely]]
      note_octave(cell);  // first: who dies in between leaves nothing that readers do not see
    cell.store(before + 1, std::memory_order_relaxed);
  }
  const Blocks& blocks_of(PoolId pool, RequestType type) {
    if (pool >= pools_.size() || !pools_[pool] || (*pools_[pool])[type][0] == nullptr) [[unlikely]]
      take_blocks(pool, type);
    return (*pools_[pool])[type];
  }
  const Blocks& stream_blocks_of(PoolId pool);
  Blocks& room_for(PoolId pool, RequestType type);
  void take_blocks(PoolId pool, RequestType type);
  void take_block(ServerId server);
  Block* find_or_take(const LatencySeries& series);
  Block* nowhere();
  void note_octave(const Block& cell);
  void look_at_new_entries();

  Layout* layout_;  // borrowed from the ledger
  WorkerId worker_;
  std::vector<std::unique_ptr<OfTypes>> pools_;
  std::vector<Block*> servers_;
  std::unordered_map<std::uint64_t, std::uint32_t> own_;  // blocks, by key
  std::uint32_t looked_at_ = 0;                           // entries below this
  std::vector<Block> nowhere_;                            // for series that got no block
};

/// All histograms as they are now, over all workers; any process. What is added meanwhile may be in or not.
class LatencyReader {
 public:
  explicit LatencyReader(const Ledger& ledger);
  LatencyHistogram of(const LatencySeries& series) const;

 private:
  const Layout* layout_;
  std::multimap<LatencySeries, std::uint32_t> blocks_;
};

/// Series that got no block, by any worker: their values are in no histogram.
std::int64_t latency_series_dropped(const Ledger& ledger);
/// Nobody writes it any more and its row goes to another name. Master only.
void forget_server_latencies(Ledger& ledger, ServerId server);
void forget_pool_latencies(Ledger& ledger, PoolId pool);

}  // namespace finishline::ledger
