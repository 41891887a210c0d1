// Other proxies that share the servers (nodes), as this one knows them. Each has a row for its books behind
// those of our workers, so that whoever sums books sums theirs, too. One process writes all of this, the peer
// process (lb/peers), which hears the others through an engine; what they say is as old as it says. Any
// process reads it.
//
//   here     heard of late: what it owes and lets wait counts
//   silent   not heard for `peers.silence`: its row is empty, as that of a dead worker
//
// Only ages travel between machines, so every instant here is one of our own clock.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "lb/ledger/cell.h"
#include "lb/ledger/finish_rule.h"
#include "lb/ledger/pool_row.h"
#include "lb/sched/wait_lane.h"
#include "proto/units.h"

namespace finishline::ledger {

inline constexpr std::size_t kMaxNodeName = 64;
inline constexpr std::size_t kMaxEngineReason = 128;

enum class NodeState : std::uint8_t { none, here, silent };
std::string_view name_of(NodeState state);
/// Of the connection to what carries the messages.
enum class EngineState : std::uint8_t { off, connecting, connected, lost };
std::string_view name_of(EngineState state);
/// By whose books workers decide: `lost` is by their own and what servers say, because the engine is away.
enum class Sharing : std::uint8_t { alone, rows, lost };
std::string_view name_of(Sharing sharing);

/// What has become of orders of operators between proxies (lb/peers/shared_orders.h).
enum class OrderNews : std::uint8_t {
  adopted,   // another proxy's holds here
  conflict,  // likewise, over one that was ordered here at the same time
  left_out,  // another proxy's cannot be carried out here, or does nothing
  not_kept   // the engine has refused one of ours, or to tell of others'
};
inline constexpr std::size_t kOrderNews = 4;
std::string_view name_of(OrderNews news);

struct NodeStatus {
  std::string name;
  NodeState state = NodeState::none;
  std::uint64_t epoch = 0;  // another one: it has begun anew
  Instant heard_at{};
  Instant first_heard_at{};  // in this epoch
  std::int64_t messages = 0, bytes = 0;
  std::int64_t gaps = 0;      // times that messages of it were missed
  std::int64_t silences = 0;  // times that it fell silent
  bool left = false;          // it has said that it ends
  ServerBooks books{};        // over all servers
  std::uint64_t waiting = 0;  // requests
};

struct EngineStatus {
  EngineState state = EngineState::off;
  std::string reason;          // why it is not connected
  Instant since{};             // of `state`
  Instant heartbeat_at{};      // of the peer process
  std::uint32_t revision = 0;  // of the configuration that it works by (revision.h); 0: of none yet
  Nanos lag{};                 // from here through the engine and back; 0: not known
  std::int64_t sent = 0, bytes_sent = 0, received = 0, bytes_received = 0;
  std::int64_t losses = 0;                        // times that the connection was lost
  std::array<std::int64_t, kOrderNews> orders{};  // by OrderNews
  Sharing sharing = Sharing::alone;
  std::uint32_t sharers = 0;       // proxies that use the same servers, this one included
  std::int64_t disagreements = 0;  // times that a server had other work left than proxies had said
};

/// Any process. Of the node that has this row, or had it last.
std::string node_name(const Ledger& ledger, std::uint32_t row);
/// Any process. Nodes in the order of their rows; those ever heard of.
EngineStatus engine_status(const Ledger& ledger);
std::vector<NodeStatus> node_statuses(const Ledger& ledger);

// --- of our own workers, to be told to others ----------------------------------------------------------

struct OwnWork {
  ServerBooks books;
  std::int64_t sent = 0;  // requests, ever
  Instant settled_at{};   // when the last one was done, or withdrawn
};
OwnWork own_work(const Ledger& ledger, ServerId server);
/// What waits of this type in all our workers, as if it were one.
sched::WaitLane own_lane(const Ledger& ledger, PoolId pool, std::uint8_t type);
/// A bit for each type of which something waits in any of our workers.
std::uint64_t own_waiting_types(const Ledger& ledger, PoolId pool);

// --- the peer process's writers --------------------------------------------------------------------------

/// What another proxy has at a server.
struct NodeWork {
  ServerBooks books;
  std::int64_t sent = 0;
  enum class Turn : std::uint8_t { same, settled, begun } turn = Turn::same;
  Nanos ago{};  // since `turn`
};

/// The row of the node of this name: its own, or a new one, or that of a node that has been silent for
/// kForgotten. Nothing when there is none. Peer process only.
std::optional<std::uint32_t> node_row(Ledger& ledger, std::string_view name, Instant now);
inline constexpr Nanos kForgotten = std::chrono::minutes(1);

class NodeBooks {
 public:
  /// `row` is of node_row(). The ledger outlives it.
  NodeBooks(Ledger& ledger, std::uint32_t row);

  std::uint32_t row() const { return row_; }
  /// Whose id its books have.
  WorkerId writer() const { return writer_; }
  /// It has begun anew, or is back.
  void enter(std::uint64_t epoch, Instant now);
  void heard(std::size_t bytes, Instant now);
  void count_gap();
  /// True when the server is expected to be free earlier than before.
  bool show(ServerId server, const NodeWork& work, Instant now);
  void show(PoolId pool, const sched::WaitLane& lane);
  /// All that it has shown is void.
  void clear(Instant now);
  /// Likewise, and it is known to be silent; `left`: as it has said.
  void fall_silent(Instant now, bool left = false);

 private:
  bool move_word(ServerId server, RemoteChange change, Instant now);
  Instant last_settled(ServerId server) const;

  Ledger* ledger_;
  std::uint32_t row_;
  WorkerId writer_;
};

/// Master, right before the fork of the peer process: it works by no configuration, its heart begins to beat,
/// and it may write about these servers alone. Its death frees them.
void peer_starting(Ledger& ledger, const std::vector<ServerId>& servers, Instant now);
/// Peer process: it may write about these servers, too.
void acquire_node_rows(Ledger& ledger, std::span<const ServerId> servers);
/// Peer process: it writes about these no more, and what other proxies had there is nothing.
void release_node_rows(Ledger& ledger, std::span<const ServerId> servers, Instant now);
/// Peer process: it works by this revision, and has let go of servers that this one has not got.
void confirm_peer_revision(Ledger& ledger, std::uint32_t revision);
/// It is not to run any more: the engine is off, and this proxy alone. Master only.
void forget_engine(Ledger& ledger);
/// After its death: no other proxy counts. Master only.
void reclaim_nodes(Ledger& ledger, Instant now);

/// Another proxy's operator has ordered this: control is to carry it out. Peer process.
void tell_admin(Ledger& ledger, ServerId server, AdminState state);
void tell_policy(Ledger& ledger, PoolId pool, std::uint8_t policy);
/// What was told since the last time; nothing: nothing was. Control.
std::optional<AdminState> take_told_admin(Ledger& ledger, ServerId server);
std::optional<std::uint8_t> take_told_policy(Ledger& ledger, PoolId pool);

/// Peer process and control.
void note_order(Ledger& ledger, OrderNews news);

/// The peer process has not turned its loop for kStalled: what it has written may be long past. Control.
void silence_if_stalled(Ledger& ledger, Instant now);
inline constexpr Nanos kStalled = 500ms;

void beat_peer(Ledger& ledger, Instant now);
void enter(Ledger& ledger, EngineState state, std::string_view reason, Instant now);
void set_sharing(Ledger& ledger, Sharing sharing, std::uint32_t sharers);
void set_engine_lag(Ledger& ledger, Nanos lag);
void count_sent(Ledger& ledger, std::size_t bytes);
void count_received(Ledger& ledger, std::size_t bytes);

/// How workers wake the peer process when their books have changed: it says that it sleeps, then looks at the
/// books once more; they change their books, then ask whether it sleeps. One of them sees the other.
class PeerSleep {
 public:
  explicit PeerSleep(Ledger& ledger);
  /// Peer process. To be followed by a look at the books.
  void fall_asleep() const;
  /// Workers, after a change: true for the one that has to wake it.
  bool wake() const;

 private:
  Cell<std::uint32_t>* asleep_;
};

}  // namespace finishline::ledger
