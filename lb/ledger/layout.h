// The ledger as it lies in memory. One shared mapping, made by the master, inherited by every child; sizes
// are fixed when it is made and rows are sized for the maximum, because an untouched page costs nothing.
//
//   S = max_servers, W = max_workers, P = max_peers, V = W + P: other proxies (nodes.h) have the rows behind
//   those of workers, so that sums, policies and finish times know nothing of them. Every region starts on a
//   page (4096 bytes)
//
//   +0        Layout          this header
//             finish words    S x 8          |f0|f1|f2|f3|f4|f5|f6|f7|  eight servers to a cache line
//             states          S x 1          one byte per server
//             ServerRow       S x 384        name, slots, health, the process of one that is scaled
//             WorkerRow       W x 64         state and pid of worker w
//             PairRow         V x S x 128    row of worker w about server s at [w * S + s]
//             PairCounts      W x S x 640    the same, split by request type and status; connections it has
//             WorkerCounts    W x 7296       counters of one worker over all servers
//             PoolRow         4096 x 128     name and policy of pool p
//             ListenerRow     4096 x 128     name of listener l
//             ListenerCells   W x 4096 x 64  what worker w has counted of it
//             waiting lines   4097 x (64 + W'' x 8)  per pool, and of all listeners: since when w waits
//             waiting types   256 x V'' x 8  a bit for each type that waits at w; V'' = V rounded up to 8
//             LaneRow         V x 256 x 64 x 64  what waits there, by pool and type
//             PlanRow         256 x 576      prices by which workers weigh what waits for pool p
//             PromiseRow      256 x 192      how true what was promised in pool p has come
//             CallRow         W x 64         who is called to look at what waits
//             SeatRow         256 x 64       which proxy decides in pool p
//             SeatCallRow     S x 64         whom it has called for server s
//             SeatGrantRow    W x 512        what of that is for worker w
//             CostSums        W x S x 1600   how long server s worked, by type, as worker w has seen it
//             LearnedRow      S x 3072       what control has learned of that, by type
//             RecordRing      W x 512 KiB    requests that worker w has served, while somebody reads them
//             LatencyEntry    B x 16          whose block n is; B = W x (S + 512), 65536 at most
//             latency blocks  B x 8704        a histogram: see model/latency_histogram.h
//             DecisionRing    W x 72 KiB     and what it decided, while somebody asks
//             source keys     N x 8          |k0|k1|k2|k3|k4|k5|k6|k7|  a window to a cache line
//             SourceBuckets   N x 16         of row n; N = max_sources, a multiple of 8, 1024 for listeners
//             source counts   N x W' x 4     of row n by worker; W' = W rounded up to 16, a line
//             SourceRing      W x 96 KiB     where traffic comes from, in samples, while somebody watches
//             NodeRow         P x 192        another proxy, whose books are those of worker W + n
//
// Writers and readers ("all": any process, any time). All times are ns on CLOCK_MONOTONIC.
//
//   field                    unit     writer                readers       ordering
//   Layout: numbers          -        master, before fork   all           the fork
//   Layout::revision, reloads_refused, stalled   master     all           relaxed: each stands alone
//   Layout::quarantined      count    master                all           relaxed: stands alone
//   Layout::admin_lost       flag     master                all           relaxed: stands alone
//   Layout::lines_lost       lines    all, by CAS           all           relaxed: stands alone
//   ControlRow               see control_status.h, control_tallies.h, up_orders.h
//   Layout::server_count     rows     master                all           release after the row; acquire
//   Layout::worker_limit     rows     worker, at start      all           raised by CAS before it books
//   Layout::node_limit       rows     peer                  all           release after the row; acquire
//   Layout::sharing, sharers          peer                  all           relaxed: each stands alone
//   Layout::peer_asleep      0, 1     peer; who takes it    workers       seq_cst: see nodes.h
//   Layout::disagreements    count    workers               all           relaxed: stands alone
//   EngineRow, NodeRow                peer                  all           relaxed: each stands alone
//     texts by their bytes: release; acquire
//   finish word              ns, 0    all, by CAS           all           acq_rel; acquire, see below
//     of a server of streams: how many connections were opened to it, ever; it only says that one was
//   state                    enum     master, control       all           relaxed: made of the next two
//   ServerRow::admin         enum     control               all           relaxed: stands alone
//   ServerRow::health        enum     control               all           relaxed: stands alone
//   ServerRow::trial         0, 1     control; who takes it all           by CAS: one worker gets it
//   ServerRow::share         1/1000   control               all           relaxed: stands alone
//   ServerRow::ejections, check_failures     control        all           relaxed: each stands alone
//   ServerRow::notes         -        control               control       relaxed: each is checked when read
//   ServerRow::name          text     master                all           by name_bytes: release; acquire
//     of a row that is let anew (row_lease.h); who copies the name of an absent server just then may see both
//   ServerRow::told_admin, PoolRow::told_policy  peer, control  all  by CAS: control takes what it obeys
//   ServerRow::slots         count    master, control       all           relaxed: stands alone
//   ServerRow::scaled        see scaled_server.h
//   ServerRow::kind          enum     master                all           relaxed: before the fork
//   ServerRow::trusted_until ns       all, last one wins    all           relaxed: a hint that expires
//   WorkerRow                         see worker_status.h
//   Layout::pool_count       rows     master                all           release after the row; acquire
//   PoolRow::running         word     master, control       all           by CAS: changes << 8 | policy
//   PoolRow::readers         bits     control               all           relaxed: stands alone
//   PoolRow::chosen, configured       master, control       all           relaxed: each stands alone
//   PoolRow::name            text     master                all           by name_bytes: release; acquire
//   PoolRow::last_generation number   master                master        relaxed: stands alone
//   Layout::listener_count   rows     master                all           release after the row; acquire
//   ListenerRow::name        text     master                all           by name_bytes: release; acquire
//   ListenerRow::last_generation      master                master        relaxed: stands alone
//   ListenerRow::lost        flag     master                all           relaxed: stands alone
//   ListenerCells            count    its worker (*)        all           relaxed: each stands alone
//   waiting lines: first     ns, 0    its worker (*)        workers       relaxed, published by signatures
//                signatures  count    workers               nobody        acq_rel: see waiting_line.h
//   waiting types            bits     its worker (*)        all           release after the lane; demand.h
//   LaneRow, but the next    -        its worker            all           relaxed: hints
//   LaneRow::arrived, requests        its worker            control       relaxed: each stands alone
//   PlanRow                  -        control               workers       its number, by release, comes last
//     the rest may be of two plans: any prices are safe, see sched/matching.h
//   PromiseRow               count, us workers, by addition  control   each stands alone
//   CallRow::called          0, 1     all; its worker (*)   its worker    seq_cst: see demand.h
//   SeatRow                  see .h   peer                  all           release; relaxed: stands alone
//   SeatCallRow              see .h   workers, peer, by CAS workers, peer acq_rel; see seat_rows.h
//   SeatGrantRow             see .h   peer; `taken` its worker            release after the slot; acquire
//   CostSums                          its worker            control       relaxed: sums that only grow
//   LearnedRow                        control               all           relaxed: each stands alone
//   PoolRow::costs           count    control               workers       release after LearnedRows; acquire
//   latency_blocks_taken     count    workers               all           acq_rel
//   LatencyEntry::key        -        who took it, once     all           release; acquire
//   LatencyEntry::octaves    bits     its worker (*)        all           relaxed: see latencies.cc
//   latency block            counts   its worker (*)        all           relaxed: each stands alone
//   latency_series_dropped   count    workers               all           relaxed: stands alone
//   Layout::sources_watched_until  ns control             workers       relaxed: stands alone
//   Record-, Decision-, SourceRing    its worker            control       see recording.cc
//   PairRow::owed            ns       its worker (*)        all           relaxed, published by the word
//   PairRow::in_flight       count    its worker (*)        all           relaxed, published by the word
//     of a server of streams: the loads of its open connections, and how many they are
//   PairRow::settled_at      ns       its worker (*)        peer          relaxed: stands alone
//   PairRow::held            0, 1     its worker (*)        master        release when it lets go; acquire
//   counters                 .def     its worker (*)        all           relaxed: each stands alone
//   PairCounts::slots_*      count    its worker (*)        workers       seq_cst: see slot_leases.h
//   source key, count        -, count all by CAS; its worker (*)  all     seq_cst: see source_table.h
//   SourceBuckets            ns       all, by CAS           all           relaxed reads: see rate_bucket.h
//   (*) of the rows of other proxies the peer process is the worker
//   (*) and the master: when that worker runs no more (reclaim(), before its fork), and of rows nobody holds
//
// Why the finish word's ordering is enough. A worker changes its PairRow first and the finish word after,
// by CAS (release). Whoever computes a finish time reads the word first (acquire), then the rows, then
// moves the word by CAS from what it read. If the CAS succeeds, every earlier mover's row changes were in
// the sum; if it fails, somebody else moved it and sums again, or decides again. So the last mover always
// has seen all books, and two workers that settle the last two requests cannot both miss the other.
//
// Why a load is kept in `owed` and not in a cell of its own: it is what a request in flight owes, in another
// unit. It is added and taken away by the same writer, summed by the same reader and taken back by the same
// reclaim() when its worker dies; and policies that weigh work weigh loads without knowing it.
//
// Why the words are dense although all workers write them: every decision reads the words of all servers
// of a pool and writes one. Eight to a line, 1024 servers are 128 lines; one to a line, they would be 1024.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

#include "lb/ledger/cell.h"
#include "lb/ledger/control_row.h"
#include "lb/ledger/cost_rows.h"
#include "lb/ledger/decisions.h"
#include "lb/ledger/demand.h"
#include "lb/ledger/demand_rows.h"
#include "lb/ledger/ledger.h"
#include "lb/ledger/listener_cells.h"
#include "lb/ledger/metric_names.h"
#include "lb/ledger/node_rows.h"
#include "lb/ledger/pool_cells.h"
#include "lb/ledger/recording.h"
#include "lb/ledger/seat_rows.h"
#include "lb/ledger/server_cells.h"
#include "lb/ledger/source_ring.h"
#include "lb/ledger/waiting_line.h"
#include "proto/cost_model.h"
#include "proto/frame.h"

namespace finishline::ledger {

inline constexpr std::size_t kPage = 4096;

struct alignas(kLine) ServerRow {
  Cell<std::uint32_t> slots;
  Cell<std::uint32_t> name_bytes;
  Cell<std::uint8_t> kind;           // ServerKind
  Cell<std::uint8_t> told_admin;     // 0, or 1 + the AdminState that another proxy has ordered
  Cell<std::int64_t> trusted_until;  // till then the finish word may stand above the books: see Ledger::audit
  alignas(kLine) Cell<std::uint8_t> admin;  // AdminState
  Cell<std::uint8_t> health;                // sched::Health
  Cell<std::uint32_t> trial;                // 1: a half-open server may be given its one request
  Cell<std::uint32_t> share;                // of its speed, in slow start
  Cell<std::int64_t> ejections;
  Cell<std::int64_t> check_failures;
  HealthCells notes;
  ScaledCells scaled;
  alignas(kLine) std::array<char, kMaxServerName> name;
};

struct alignas(kLine) WorkerRow {
  Cell<std::int32_t> pid;
  Cell<std::uint8_t> state;  // WorkerState
  Cell<std::uint32_t> starts, deaths;
  Cell<std::int64_t> started_at;
  Cell<std::int64_t> heartbeat_at;
  Cell<std::uint32_t> revision;
};

/// Two lines with one writer: booking a request and counting it touch the first, bytes of streams the second.
struct alignas(kLine) PairRow {
  Cell<std::int64_t> owed;
  Cell<std::uint32_t> in_flight;
  Cell<std::uint32_t> held;       // 1: this worker may write about this server, see row_lease.h
  Cell<std::int64_t> settled_at;  // when the last request there was done, or withdrawn
  std::array<Cell<std::int64_t>, kServerCells> counters;
};

struct alignas(kLine) PairCounts {
  std::array<Cell<std::int64_t>, CostModel::kMaxTypes> served;
  std::array<Cell<std::int64_t>, proto::kStatusCount> failed;
  Cell<std::uint32_t> slots_held;    // of a server whose connections are shared: see slot_leases.h
  Cell<std::uint32_t> slots_wanted;  // parts of this worker that want one more
};

struct alignas(kLine) WorkerCounts {
  std::array<Cell<std::int64_t>, kWorkerCells> counters;
  std::array<Cell<std::int64_t>, kCloseReasons> closed;
  std::array<Cell<std::int64_t>, CostModel::kMaxTypes> received;
  std::array<Cell<std::int64_t>, proto::kPriorities - 1> received_urgent;  // of classes 1 and up
  std::array<Cell<std::int64_t>, CostModel::kMaxTypes> abandoned;          // open when this worker died
  std::array<std::array<Cell<std::int64_t>, proto::kStatusCount>, CostModel::kMaxTypes> answered;
  std::array<Cell<std::int64_t>, proto::kStatusCount> rejected;
};

inline constexpr std::size_t kRecordWords = 4;

struct alignas(kLine) RecordRing {
  Cell<std::uint64_t> written;  // records so far
  alignas(kLine) std::array<std::array<Cell<std::uint64_t>, kRecordWords>, kRingRecords> records;
};

inline constexpr std::size_t kDecisionWords = 5 + kAlternatives;

struct alignas(kLine) DecisionRing {
  Cell<std::uint64_t> written;  // decisions so far
  alignas(kLine) std::array<std::array<Cell<std::uint64_t>, kDecisionWords>, kRingDecisions> decisions;
};

/// The words of two token buckets: when the next event of this kind is due in theory.
struct SourceBuckets {
  Cell<std::int64_t> connections;
  Cell<std::int64_t> requests;
};

struct alignas(kLine) Layout {
  static constexpr std::uint64_t kMagic = 0x656e696c6853'4946;  // "FISHline" in memory
  static constexpr std::uint32_t kVersion = 24;
  static constexpr std::uint32_t kWindow = 8;           // source keys that are searched for a client
  static constexpr std::uint32_t kListenerRows = 1024;  // behind those of clients
  static constexpr std::uint32_t kListenerWindow = 64;

  std::uint64_t magic;
  std::uint32_t version;
  Sizes sizes;
  std::int64_t created_at;
  std::uint64_t bytes;  // of the whole mapping
  struct Offsets {      // of the regions, from the start of the mapping
    std::uint64_t latency_entries, latency_blocks;
    std::uint64_t finish, states, servers, workers, pairs, pair_counts, worker_counts, pools, listeners,
        listener_cells, lines, rings, decisions;
    std::uint64_t waiting_types, lanes, plans, promises, calls, cost_sums, learned;
    std::uint64_t source_keys, source_buckets, source_counts;
    std::uint64_t nodes, source_rings, seats, seat_calls, seat_grants;
  } offsets;
  std::array<std::uint64_t, 2> source_secret;  // random: see source_table.h
  alignas(kLine) Cell<std::uint32_t> revision;
  Cell<std::int64_t> reloads_refused;
  Cell<std::int64_t> stalled;       // children that the watchdog has killed
  Cell<std::uint32_t> quarantined;  // children that keep dying young
  Cell<std::uint32_t> admin_lost;   // 1: the file of the admin server's Unix socket is
  Cell<std::int64_t> lines_lost;    // of the log, by all processes
  Cell<std::int64_t> sources_watched_until;
  ControlRow control;
  alignas(kLine) Cell<std::uint32_t> server_count;
  alignas(kLine) Cell<std::uint32_t> worker_limit;  // workers ever seen have ids below this
  Cell<std::uint32_t> pool_count;
  Cell<std::uint32_t> listener_count;
  Cell<std::uint32_t> latency_blocks_taken;  // may grow beyond what there are
  Cell<std::int64_t> latency_series_dropped;
  alignas(kLine) Cell<std::uint32_t> node_limit;   // rows of other proxies ever taken are below this
  Cell<std::uint32_t> sharers;                     // proxies that use the same servers, this one included
  Cell<std::uint8_t> sharing;                      // Sharing
  Cell<std::int64_t> disagreements;                // of servers with what proxies have said
  alignas(kLine) Cell<std::uint32_t> peer_asleep;  // 1: the peer process wants to be rung
  EngineRow engine;

  template <class T>
  T* region(std::uint64_t offset) {
    return reinterpret_cast<T*>(reinterpret_cast<std::byte*>(this) + offset);
  }
  template <class T>
  const T* region(std::uint64_t offset) const {
    return reinterpret_cast<const T*>(reinterpret_cast<const std::byte*>(this) + offset);
  }
  Cell<std::int64_t>* finish_words() { return region<Cell<std::int64_t>>(offsets.finish); }
  Cell<std::uint8_t>* states() { return region<Cell<std::uint8_t>>(offsets.states); }
  ServerRow& server(ServerId s) { return region<ServerRow>(offsets.servers)[s]; }
  WorkerRow& worker(WorkerId w) { return region<WorkerRow>(offsets.workers)[w]; }
  std::size_t pair_index(WorkerId w, ServerId s) const { return std::size_t{w} * sizes.max_servers + s; }
  PairRow& pair(WorkerId w, ServerId s) { return region<PairRow>(offsets.pairs)[pair_index(w, s)]; }
  PairCounts& pair_counts(WorkerId w, ServerId s) {
    return region<PairCounts>(offsets.pair_counts)[pair_index(w, s)];
  }
  WorkerCounts& worker_counts(WorkerId w) { return region<WorkerCounts>(offsets.worker_counts)[w]; }
  SourceRing& source_ring(WorkerId w) { return region<SourceRing>(offsets.source_rings)[w]; }
  const SourceRing& source_ring(WorkerId w) const { return region<SourceRing>(offsets.source_rings)[w]; }
  NodeRow& node(std::uint32_t n) { return region<NodeRow>(offsets.nodes)[n]; }
  const NodeRow& node(std::uint32_t n) const { return region<NodeRow>(offsets.nodes)[n]; }
  /// Calls with the id of each whose books count: workers, then other proxies.
  template <class F>
  void each_writer(F f) const {
    const WorkerId workers = worker_limit.load(std::memory_order_acquire);
    for (WorkerId worker = 0; worker < workers; ++worker) f(worker);
    const std::uint32_t nodes = node_limit.load(std::memory_order_acquire);
    for (std::uint32_t n = 0; n < nodes; ++n) f(sizes.max_workers + n);
  }
  /// What all together have at this server.
  ServerBooks sum_books(ServerId s) const {
    ServerBooks sum;
    each_writer([&](WorkerId writer) {
      const PairRow& row = pair(writer, s);
      sum.in_flight += row.in_flight.load(std::memory_order_relaxed);
      sum.owed += Nanos(row.owed.load(std::memory_order_relaxed));
    });
    return sum;
  }
  const Cell<std::int64_t>* finish_words() const { return region<Cell<std::int64_t>>(offsets.finish); }
  const Cell<std::uint8_t>* states() const { return region<Cell<std::uint8_t>>(offsets.states); }
  const ServerRow& server(ServerId s) const { return region<ServerRow>(offsets.servers)[s]; }
  const WorkerRow& worker(WorkerId w) const { return region<WorkerRow>(offsets.workers)[w]; }
  const PairRow& pair(WorkerId w, ServerId s) const {
    return region<PairRow>(offsets.pairs)[pair_index(w, s)];
  }
  const PairCounts& pair_counts(WorkerId w, ServerId s) const {
    return region<PairCounts>(offsets.pair_counts)[pair_index(w, s)];
  }
  const WorkerCounts& worker_counts(WorkerId w) const {
    return region<WorkerCounts>(offsets.worker_counts)[w];
  }
  const RecordRing& ring(WorkerId w) const { return region<RecordRing>(offsets.rings)[w]; }
  const PoolRow& pool(std::uint32_t p) const { return region<PoolRow>(offsets.pools)[p]; }

  DecisionRing& decisions(WorkerId w) { return region<DecisionRing>(offsets.decisions)[w]; }
  const DecisionRing& decisions(WorkerId w) const { return region<DecisionRing>(offsets.decisions)[w]; }
  RecordRing& ring(WorkerId w) { return region<RecordRing>(offsets.rings)[w]; }
  PoolRow& pool(std::uint32_t p) { return region<PoolRow>(offsets.pools)[p]; }
  ListenerRow& listener(ListenerId l) { return region<ListenerRow>(offsets.listeners)[l]; }
  const ListenerRow& listener(ListenerId l) const { return region<ListenerRow>(offsets.listeners)[l]; }
  ListenerCells& listener_cells(WorkerId w, ListenerId l) {
    return region<ListenerCells>(offsets.listener_cells)[std::size_t{w} * kMaxListenerRows + l];
  }
  const ListenerCells& listener_cells(WorkerId w, ListenerId l) const {
    return region<ListenerCells>(offsets.listener_cells)[std::size_t{w} * kMaxListenerRows + l];
  }
  static std::size_t line_stride(const Sizes& of) {
    return kLine / sizeof(std::int64_t) + (of.max_workers + 7U) / 8 * 8;
  }
  Cell<std::int64_t>* line(LineId of) {
    return region<Cell<std::int64_t>>(offsets.lines) + of * line_stride(sizes);
  }
  Cell<std::int64_t>& signatures(LineId of) { return line(of)[0]; }
  Cell<std::int64_t>& first_waiting(LineId of, WorkerId w) {
    return line(of)[kLine / sizeof(std::int64_t) + w];
  }
  // What waits: pools below kSharingPools.
  static std::size_t demand_stride(const Sizes& of) { return (of.max_workers + of.max_peers + 7U) / 8 * 8; }
  Cell<std::uint64_t>& waiting_types(PoolId p, WorkerId w) {
    return region<Cell<std::uint64_t>>(offsets.waiting_types)[p * demand_stride(sizes) + w];
  }
  const Cell<std::uint64_t>& waiting_types(PoolId p, WorkerId w) const {
    return region<Cell<std::uint64_t>>(offsets.waiting_types)[p * demand_stride(sizes) + w];
  }
  static std::size_t lane_index(WorkerId w, PoolId p, std::uint8_t type) {
    return (std::size_t{w} * kSharingPools + p) * kDemandTypes + type;
  }
  LaneRow& lane(WorkerId w, PoolId p, std::uint8_t type) {
    return region<LaneRow>(offsets.lanes)[lane_index(w, p, type)];
  }
  const LaneRow& lane(WorkerId w, PoolId p, std::uint8_t type) const {
    return region<LaneRow>(offsets.lanes)[lane_index(w, p, type)];
  }
  PlanRow& plan(PoolId p) { return region<PlanRow>(offsets.plans)[p]; }
  const PlanRow& plan(PoolId p) const { return region<PlanRow>(offsets.plans)[p]; }
  PromiseRow& promise(PoolId p) { return region<PromiseRow>(offsets.promises)[p]; }
  const PromiseRow& promise(PoolId p) const { return region<PromiseRow>(offsets.promises)[p]; }
  CallRow& call(WorkerId w) { return region<CallRow>(offsets.calls)[w]; }
  SeatRow& seat(PoolId p) { return region<SeatRow>(offsets.seats)[p]; }
  const SeatRow& seat(PoolId p) const { return region<SeatRow>(offsets.seats)[p]; }
  SeatCallRow& seat_calls(ServerId s) { return region<SeatCallRow>(offsets.seat_calls)[s]; }
  const SeatCallRow& seat_calls(ServerId s) const { return region<SeatCallRow>(offsets.seat_calls)[s]; }
  SeatGrantRow& seat_grants(WorkerId w) { return region<SeatGrantRow>(offsets.seat_grants)[w]; }
  CostSums& cost_sums(WorkerId w, ServerId s) {
    return region<CostSums>(offsets.cost_sums)[pair_index(w, s)];
  }
  const CostSums& cost_sums(WorkerId w, ServerId s) const {
    return region<CostSums>(offsets.cost_sums)[pair_index(w, s)];
  }
  LearnedRow& learned(ServerId s) { return region<LearnedRow>(offsets.learned)[s]; }
  const LearnedRow& learned(ServerId s) const { return region<LearnedRow>(offsets.learned)[s]; }
  Cell<std::uint64_t>& source_key(std::uint32_t n) {
    return region<Cell<std::uint64_t>>(offsets.source_keys)[n];
  }
  SourceBuckets& source_buckets(std::uint32_t n) { return region<SourceBuckets>(offsets.source_buckets)[n]; }
  std::uint32_t source_rows() const { return sizes.max_sources + kListenerRows; }
  static std::size_t source_stride(const Sizes& of) { return (of.max_workers + 15U) / 16 * 16; }
  Cell<std::uint32_t>& source_count(std::uint32_t n, WorkerId w) {
    return region<Cell<std::uint32_t>>(offsets.source_counts)[n * source_stride(sizes) + w];
  }
};

}  // namespace finishline::ledger
