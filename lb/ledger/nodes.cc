#include "lb/ledger/nodes.h"

#include <algorithm>
#include <array>

#include "lb/ledger/demand.h"
#include "lb/ledger/layout.h"
#include "lb/ledger/seats.h"

namespace finishline::ledger {
namespace {

constexpr auto kRelaxed = std::memory_order_relaxed;
constexpr auto kAcquire = std::memory_order_acquire;
constexpr auto kRelease = std::memory_order_release;
constexpr auto kSeqCst = std::memory_order_seq_cst;

constexpr std::array<std::string_view, 3> kNodeStates{"none", "here", "silent"};
constexpr std::array<std::string_view, 4> kEngineStates{"off", "connecting", "connected", "lost"};
constexpr std::array<std::string_view, kOrderNews> kOrderWords{"adopted", "conflict", "left_out", "not_kept"};
constexpr std::array<std::string_view, 3> kSharings{"alone", "rows", "lost"};

std::int64_t ns(Instant t) { return t.time_since_epoch().count(); }
Instant instant(const Cell<std::int64_t>& cell) { return Instant(Nanos(cell.load(kRelaxed))); }

template <std::size_t N>
std::string text_in(const std::array<char, N>& text, const Cell<std::uint32_t>& bytes) {
  return {text.data(), std::min<std::size_t>(bytes.load(kAcquire), N)};
}

template <std::size_t N>
void write_text(std::array<char, N>& to, Cell<std::uint32_t>& bytes, std::string_view text) {
  bytes.store(0, kRelease);
  std::ranges::copy(text.substr(0, N), to.begin());
  bytes.store(static_cast<std::uint32_t>(std::min(text.size(), N)), kRelease);
}

ServerBooks books_of(const Layout& layout, WorkerId writer, ServerId server) {
  const PairRow& row = layout.pair(writer, server);
  return {row.in_flight.load(kRelaxed), Nanos(row.owed.load(kRelaxed))};
}

std::array<std::int64_t, kOrderNews> order_counts(const EngineRow& row) {
  std::array<std::int64_t, kOrderNews> counts{};
  for (std::size_t news = 0; news < kOrderNews; ++news) counts[news] = row.orders[news].load(kRelaxed);
  return counts;
}

std::uint32_t nodes_in(const Layout& layout) { return layout.node_limit.load(kAcquire); }

NodeStatus status_of(const Ledger& ledger, std::uint32_t n) {
  const Layout& layout = ledger.layout();
  const NodeRow& row = layout.node(n);
  NodeStatus status{.name = text_in(row.name, row.name_bytes),
                    .state = static_cast<NodeState>(row.state.load(kRelaxed)),
                    .epoch = row.epoch.load(kRelaxed),
                    .heard_at = instant(row.heard_at),
                    .first_heard_at = instant(row.first_heard_at),
                    .messages = row.messages.load(kRelaxed),
                    .bytes = row.bytes.load(kRelaxed),
                    .gaps = row.gaps.load(kRelaxed),
                    .silences = row.silences.load(kRelaxed),
                    .left = row.left.load(kRelaxed) != 0};
  const WorkerId writer = layout.sizes.max_workers + n;
  for (ServerId server = 0; server < ledger.server_count(); ++server) {
    const ServerBooks books = books_of(layout, writer, server);
    status.books.in_flight += books.in_flight;
    status.books.owed += books.owed;
  }
  const PoolId pools = std::min(layout.pool_count.load(kAcquire), kSharingPools);
  for (PoolId pool = 0; pool < pools; ++pool) status.waiting += waiting_of(ledger, pool, writer);
  return status;
}

}  // namespace

std::string_view name_of(NodeState state) { return kNodeStates[static_cast<std::size_t>(state)]; }
std::string_view name_of(EngineState state) { return kEngineStates[static_cast<std::size_t>(state)]; }
std::string_view name_of(OrderNews news) { return kOrderWords[static_cast<std::size_t>(news)]; }
std::string_view name_of(Sharing sharing) { return kSharings[static_cast<std::size_t>(sharing)]; }

EngineStatus engine_status(const Ledger& ledger) {
  const Layout& layout = ledger.layout();
  const EngineRow& row = layout.engine;
  return {.state = static_cast<EngineState>(row.state.load(kRelaxed)),
          .reason = text_in(row.reason, row.reason_bytes),
          .since = instant(row.since),
          .heartbeat_at = instant(row.heartbeat_at),
          .revision = row.revision.load(kAcquire),
          .lag = Nanos(row.lag.load(kRelaxed)),
          .sent = row.sent.load(kRelaxed),
          .bytes_sent = row.bytes_sent.load(kRelaxed),
          .received = row.received.load(kRelaxed),
          .bytes_received = row.bytes_received.load(kRelaxed),
          .losses = row.losses.load(kRelaxed),
          .orders = order_counts(row),
          .sharing = static_cast<Sharing>(layout.sharing.load(kRelaxed)),
          .sharers = layout.sharers.load(kRelaxed),
          .disagreements = layout.disagreements.load(kRelaxed)};
}

std::string node_name(const Ledger& ledger, std::uint32_t row) {
  if (row >= nodes_in(ledger.layout())) return {};
  const NodeRow& node = ledger.layout().node(row);
  return text_in(node.name, node.name_bytes);
}

std::vector<NodeStatus> node_statuses(const Ledger& ledger) {
  std::vector<NodeStatus> all;
  for (std::uint32_t n = 0; n < nodes_in(ledger.layout()); ++n)
    if (NodeStatus status = status_of(ledger, n); status.state != NodeState::none)
      all.push_back(std::move(status));
  return all;
}

// --- our own workers ---------------------------------------------------------------------------------

OwnWork own_work(const Ledger& ledger, ServerId server) {
  const Layout& layout = ledger.layout();
  OwnWork own;
  std::int64_t settled = 0;
  const WorkerId workers = layout.worker_limit.load(kAcquire);
  for (WorkerId worker = 0; worker < workers; ++worker) {
    const PairRow& row = layout.pair(worker, server);
    own.books.in_flight += row.in_flight.load(kRelaxed);
    own.books.owed += Nanos(row.owed.load(kRelaxed));
    own.sent += row.counters[static_cast<std::size_t>(ServerCell::sent)].load(kRelaxed);
    settled = std::max(settled, row.settled_at.load(kRelaxed));
  }
  own.settled_at = Instant(Nanos(settled));
  return own;
}

// --- rows --------------------------------------------------------------------------------------------

std::optional<std::uint32_t> node_row(Ledger& ledger, std::string_view name, Instant now) {
  Layout& layout = ledger.layout();
  if (name.empty() || name.size() > kMaxNodeName) return std::nullopt;
  std::optional<std::uint32_t> free;
  for (std::uint32_t n = 0; n < layout.sizes.max_peers; ++n) {
    const NodeRow& row = layout.node(n);
    const auto state = static_cast<NodeState>(row.state.load(kRelaxed));
    if (state != NodeState::none && text_in(row.name, row.name_bytes) == name) return n;
    const bool forgotten = state == NodeState::silent && now - instant(row.heard_at) > kForgotten;
    if (!free && (state == NodeState::none || forgotten)) free = n;
  }
  if (!free) return std::nullopt;
  NodeRow& row = layout.node(*free);
  for (auto* cell : {&row.heard_at, &row.messages, &row.bytes, &row.gaps, &row.silences})
    cell->store(0, kRelaxed);
  row.heard_at.store(ns(now), kRelaxed);
  write_text(row.name, row.name_bytes, name);
  row.state.store(static_cast<std::uint8_t>(NodeState::silent), kRelaxed);
  layout.node_limit.store(std::max(layout.node_limit.load(kRelaxed), *free + 1), kRelease);
  return free;
}

NodeBooks::NodeBooks(Ledger& ledger, std::uint32_t row)
    : ledger_(&ledger), row_(row), writer_(ledger.sizes().max_workers + row) {}

void NodeBooks::enter(std::uint64_t epoch, Instant now) {
  NodeRow& row = ledger_->layout().node(row_);
  row.epoch.store(epoch, kRelaxed);
  row.first_heard_at.store(ns(now), kRelaxed);
  row.left.store(0, kRelaxed);
  row.state.store(static_cast<std::uint8_t>(NodeState::here), kRelaxed);
}

void NodeBooks::heard(std::size_t bytes, Instant now) {
  NodeRow& row = ledger_->layout().node(row_);
  row.heard_at.store(ns(now), kRelaxed);
  row.messages.add(1);
  row.bytes.add(static_cast<std::int64_t>(bytes));
}

void NodeBooks::count_gap() { ledger_->layout().node(row_).gaps.add(1); }

bool NodeBooks::show(ServerId server, const NodeWork& work, Instant now) {
  Layout& layout = ledger_->layout();
  PairRow& row = layout.pair(writer_, server);
  const Nanos owed_before{row.owed.load(kRelaxed)};
  row.owed.store(std::clamp(work.books.owed, 0ns, kMostOwed).count(), kRelaxed);
  row.in_flight.store(work.books.in_flight, kRelaxed);
  auto& sent = row.counters[static_cast<std::size_t>(ServerCell::sent)];
  const std::int64_t more = work.sent - sent.load(kRelaxed);
  sent.store(work.sent, kRelaxed);
  if (work.turn == NodeWork::Turn::settled) row.settled_at.store(ns(now - work.ago), kRelaxed);
  if (ledger_->kind(server) == ServerKind::streams) return false;
  const bool sooner = move_word(server,
                                {.owed = work.books.owed - owed_before,
                                 .in_flight = work.books.in_flight,
                                 .turned = work.turn != NodeWork::Turn::same,
                                 .settled = work.turn == NodeWork::Turn::settled,
                                 .ago = work.ago},
                                now);
  if (more > 0) SeatCalls(*ledger_).came(row_, server, static_cast<std::uint64_t>(more), now);
  return sooner;
}

/// The rows first, the word after, as for a worker's own: layout.h.
bool NodeBooks::move_word(ServerId server, RemoteChange change, Instant now) {
  auto& word = ledger_->layout().finish_words()[server];
  std::int64_t seen = word.load(kAcquire);
  for (;;) {
    if (change.settled) change.ago = std::min(change.ago, now - last_settled(server));
    const std::int64_t moved =
        remote_finish(seen, ledger_->books(server), ledger_->slots(server), change, ns(now));
    if (moved == seen) return false;
    const bool sooner = moved < seen;
    if (!word.compare_exchange(seen, moved)) continue;
    if (moved != kIdle) ledger_->trust(server, moved <= ns(now + kFirstTurn) ? moved : 0);
    return sooner;
  }
}

Instant NodeBooks::last_settled(ServerId server) const {
  const Layout& layout = ledger_->layout();
  std::int64_t last = 0;
  layout.each_writer(
      [&](WorkerId writer) { last = std::max(last, layout.pair(writer, server).settled_at.load(kRelaxed)); });
  return Instant(Nanos(last));
}

void NodeBooks::show(PoolId pool, const sched::WaitLane& lane) {
  show_lane(ledger_->layout(), writer_, pool, lane);
}

void NodeBooks::clear(Instant now) { ledger_->reclaim_books(writer_, now); }

void NodeBooks::fall_silent(Instant now, bool left) {
  NodeRow& row = ledger_->layout().node(row_);
  if (row.state.load(kRelaxed) != static_cast<std::uint8_t>(NodeState::here)) return;
  if (!left) row.silences.add(1);
  row.left.store(left ? 1 : 0, kRelaxed);
  row.state.store(static_cast<std::uint8_t>(NodeState::silent), kRelaxed);
  clear(now);
}

void peer_starting(Ledger& ledger, const std::vector<ServerId>& servers, Instant now) {
  Layout& layout = ledger.layout();
  layout.engine.revision.store(0, kRelaxed);
  beat_peer(ledger, now);
  if (layout.sizes.max_peers == 0) return;
  for (ServerId server = 0; server < ledger.server_count(); ++server)
    layout.pair(layout.sizes.max_workers, server).held.store(0, kRelaxed);
  acquire_node_rows(ledger, servers);
  layout.node_limit.store(std::max(layout.node_limit.load(kRelaxed), 1U), kRelease);
}

/// All in the row of the first.
void acquire_node_rows(Ledger& ledger, std::span<const ServerId> servers) {
  Layout& layout = ledger.layout();
  if (layout.sizes.max_peers == 0) return;
  for (const ServerId server : servers) layout.pair(layout.sizes.max_workers, server).held.store(1, kRelaxed);
}

void release_node_rows(Ledger& ledger, std::span<const ServerId> servers, Instant now) {
  Layout& layout = ledger.layout();
  if (layout.sizes.max_peers == 0) return;
  for (const ServerId server : servers) {
    for (std::uint32_t n = 0; n < nodes_in(layout); ++n) {
      NodeBooks(ledger, n).show(server, {}, now);
      layout.pair(layout.sizes.max_workers + n, server).settled_at.store(0, kRelaxed);
    }
    layout.pair(layout.sizes.max_workers, server).held.store(0, kRelease);
  }
}

void confirm_peer_revision(Ledger& ledger, std::uint32_t revision) {
  ledger.layout().engine.revision.store(revision, kRelease);  // behind what it holds: row_lease.h
}

void reclaim_nodes(Ledger& ledger, Instant now) {
  Layout& layout = ledger.layout();
  for (std::uint32_t n = 0; n < nodes_in(layout); ++n) {
    NodeBooks(ledger, n).fall_silent(now);
    for (ServerId server = 0; server < ledger.server_count(); ++server)
      layout.pair(layout.sizes.max_workers + n, server).held.store(0, kRelaxed);
  }
  if (engine_status(ledger).state == EngineState::off) return;
  enter(ledger, EngineState::lost, "the peer process has died", now);
  layout.sharing.store(static_cast<std::uint8_t>(Sharing::lost), kRelaxed);
}

namespace {

std::uint8_t taken(Cell<std::uint8_t>& cell) {
  std::uint8_t told = cell.load(kRelaxed);
  while (told != 0 && !cell.compare_exchange(told, 0)) {
  }
  return told;
}

}  // namespace

void tell_admin(Ledger& ledger, ServerId server, AdminState state) {
  ledger.layout().server(server).told_admin.store(static_cast<std::uint8_t>(1 + static_cast<int>(state)),
                                                  kRelease);
}

void tell_policy(Ledger& ledger, PoolId pool, std::uint8_t policy) {
  ledger.layout().pool(pool).told_policy.store(policy, kRelease);
}

std::optional<AdminState> take_told_admin(Ledger& ledger, ServerId server) {
  const std::uint8_t told = taken(ledger.layout().server(server).told_admin);
  return told == 0 ? std::nullopt : std::optional(static_cast<AdminState>(told - 1));
}

std::optional<std::uint8_t> take_told_policy(Ledger& ledger, PoolId pool) {
  const std::uint8_t told = taken(ledger.layout().pool(pool).told_policy);
  return told == 0 ? std::nullopt : std::optional(told);
}

void note_order(Ledger& ledger, OrderNews news) {
  ledger.layout().engine.orders[static_cast<std::size_t>(news)].fetch_add(1);
}

void silence_if_stalled(Ledger& ledger, Instant now) {
  const EngineStatus engine = engine_status(ledger);
  const bool trusts = engine.state == EngineState::connected;
  if (!trusts || now - engine.heartbeat_at <= kStalled) return;
  for (std::uint32_t n = 0; n < nodes_in(ledger.layout()); ++n) NodeBooks(ledger, n).fall_silent(now);
  enter(ledger, EngineState::lost, "the peer process does not run", now);
  if (engine.sharing == Sharing::rows) set_sharing(ledger, Sharing::lost, engine.sharers);
}

void forget_engine(Ledger& ledger) {
  Layout& layout = ledger.layout();
  for (std::uint32_t n = 0; n < nodes_in(layout); ++n)
    layout.node(n).state.store(static_cast<std::uint8_t>(NodeState::none), kRelaxed);
  layout.engine.state.store(static_cast<std::uint8_t>(EngineState::off), kRelaxed);
  set_sharing(ledger, Sharing::alone, 1);
}

// --- the engine --------------------------------------------------------------------------------------

void beat_peer(Ledger& ledger, Instant now) { ledger.layout().engine.heartbeat_at.store(ns(now), kRelaxed); }

void enter(Ledger& ledger, EngineState state, std::string_view reason, Instant now) {
  EngineRow& row = ledger.layout().engine;
  if (state == EngineState::lost &&
      row.state.load(kRelaxed) == static_cast<std::uint8_t>(EngineState::connected))
    row.losses.add(1);
  row.since.store(ns(now), kRelaxed);
  write_text(row.reason, row.reason_bytes, reason);
  row.state.store(static_cast<std::uint8_t>(state), kRelaxed);
}

void set_sharing(Ledger& ledger, Sharing sharing, std::uint32_t sharers) {
  ledger.layout().sharers.store(sharers, kRelaxed);
  ledger.layout().sharing.store(static_cast<std::uint8_t>(sharing), kRelaxed);
}

void set_engine_lag(Ledger& ledger, Nanos lag) { ledger.layout().engine.lag.store(lag.count(), kRelaxed); }

void count_sent(Ledger& ledger, std::size_t bytes) {
  ledger.layout().engine.sent.add(1);
  ledger.layout().engine.bytes_sent.add(static_cast<std::int64_t>(bytes));
}

void count_received(Ledger& ledger, std::size_t bytes) {
  ledger.layout().engine.received.add(1);
  ledger.layout().engine.bytes_received.add(static_cast<std::int64_t>(bytes));
}

PeerSleep::PeerSleep(Ledger& ledger) : asleep_(&ledger.layout().peer_asleep) {}

void PeerSleep::fall_asleep() const {
  asleep_->store(1, kSeqCst);
  std::atomic_thread_fence(kSeqCst);
}

bool PeerSleep::wake() const {
  std::atomic_thread_fence(kSeqCst);
  std::uint32_t yes = 1;
  return asleep_->load(kRelaxed) != 0 && asleep_->compare_exchange(yes, 0, kSeqCst);
}

}  // namespace finishline::ledger
