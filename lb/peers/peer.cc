#include "lb/peers/peer.h"

#include <sys/random.h>

#include <algorithm>
#include <optional>
#include <string>
#include <utility>
#include <variant>

#include "lb/config/source.h"
#include "lb/ledger/demand.h"
#include "lb/ledger/worker_status.h"
#include "lb/log/log.h"
#include "lb/net/timer.h"
#include "lb/peers/nodes.h"
#include "lb/peers/order_exchange.h"
#include "lb/peers/publisher.h"
#include "lb/peers/seats.h"
#include "lb/process/logging.h"
#include "lb/process/order.h"
#include "lb/process/server_tls.h"

namespace finishline::peers {
namespace {

using ledger::EngineState;
using ledger::Sharing;

constexpr Nanos kLook = 10ms;
constexpr Nanos kLastWords = 50ms;  // until they have left
constexpr Nanos kLastOrders = 1s;   // until redis has what operators have ordered here

/// Another one at each start.
std::uint64_t new_epoch(Instant now) {
  std::uint64_t epoch = 0;
  if (::getrandom(&epoch, sizeof epoch, GRND_NONBLOCK) != sizeof epoch)
    epoch = static_cast<std::uint64_t>(now.time_since_epoch().count());
  return epoch;
}

PeerEngine::Options engine_options(const process::Heritage& heritage, process::ServerTls& tls) {
  const config::Peers& peers = heritage.config.peers;
  const auto context = [&](const std::string& host) {
    return tls.of("redis", peers, peers.tls_name.empty() ? host : peers.tls_name);
  };
  return {.addresses = peers.engines,
          .unresolved = peers.unresolved,
          .tls = context,
          .introduction = {.user = peers.user,
                           .password = heritage.peers_password,
                           .database = peers.database,
                           .sentinel_master = peers.sentinel_master},
          .channel = peers.prefix + ":books",
          .changed = peers.prefix + ":changed",
          .silence = peers.silence};
}

OrderExchange::Options exchange_options(const process::Heritage& heritage) {
  const auto tell = [fd = heritage.order_fd](std::string table) {
    process::send_order(fd, {.kind = process::Order::Kind::share, .text = std::move(table)});
  };
  return {.name = heritage.config.peers.name, .prefix = heritage.config.peers.prefix, .tell_control = tell};
}

/// The parts in the order in which they are built; destruction is the reverse.
class Peer {
 public:
  explicit Peer(process::Heritage& heritage);
  int run();

 private:
  void look();
  void hear(std::string_view bytes);
  void hear_ourselves(std::uint32_t sequence, Instant now);
  void on_state(EngineState state, const std::string& reason);
  void share();
  void wake(ledger::WorkerId worker);
  void wake_workers();
  void wake_decider();
  void on_bell();
  void take_orders();
  void obey(const process::Order& order);
  void change_to(const process::Order& order);
  void fail(const std::string& reason);
  void finish();
  void end_when_told();

  const process::Heritage& heritage_;
  ledger::Ledger& ledger_;
  const std::string name_;
  Nanos silence_;
  net::Loop loop_;
  const std::uint64_t epoch_;
  const ledger::WorkerId bell_number_;
  ConfiguredRows rows_;
  Directory directory_;
  Nodes nodes_;
  process::ServerTls tls_;
  PeerEngine engine_;
  Seats seats_;
  Publisher publisher_;
  OrderExchange shared_;
  ledger::Calls calls_;
  net::Timer look_;
  net::Timer end_;
  Instant looked_at_;
  Instant ending_since_{};
  std::uint32_t sharers_ = 1;
  int exit_code_ = 0;
  std::optional<net::Readable> bell_;
  std::optional<net::Readable> orders_;
};

Peer::Peer(process::Heritage& heritage)
    : heritage_(heritage),
      ledger_(heritage.ledger),
      name_(heritage.config.peers.name),
      silence_(heritage.config.peers.silence),
      epoch_(new_epoch(loop_.fresh_now())),
      bell_number_(heritage.ledger.sizes().max_workers),
      rows_{heritage.server_ids, heritage.pool_ids},
      directory_(directory_of(heritage.config, rows_)),
      nodes_(ledger_, directory_,
             {.name = heritage.config.peers.name, .epoch = epoch_, .silence = heritage.config.peers.silence},
             loop_.now()),
      tls_(heritage.server_files),
      engine_(loop_, engine_options(heritage, tls_),
              {.on_message = [this](std::string_view bytes) { hear(bytes); },
               .on_changed = [this] { shared_.read(); },
               .on_state = [this](EngineState state, const std::string& reason) { on_state(state, reason); }},
              epoch_),
      seats_(ledger_, directory_, engine_,
             {.name = heritage.config.peers.name,
              .prefix = heritage.config.peers.prefix,
              .silence = heritage.config.peers.silence}),
      publisher_(loop_, ledger_, directory_, engine_, seats_,
                 {.name = heritage.config.peers.name,
                  .epoch = epoch_,
                  .interval = heritage.config.peers.sync_interval}),
      shared_(loop_, ledger_, engine_, exchange_options(heritage)),
      calls_(ledger_, 0),
      look_(loop_, [this] { look(); }),
      end_(loop_, [this] { end_when_told(); }),
      looked_at_(loop_.now()) {
  shared_.change_to(rows_);
  ledger::confirm_peer_revision(ledger_, heritage.revision);
  look_.start(0ns, kLook);
  if (heritage.bells != nullptr && heritage.bells->fd(bell_number_) >= 0)
    bell_.emplace(loop_, heritage.bells->fd(bell_number_), [this] { on_bell(); });
  if (heritage.order_fd >= 0) orders_.emplace(loop_, heritage.order_fd, [this] { take_orders(); });
}

int Peer::run() {
  loop_.run();
  return exit_code_;
}

// --- time --------------------------------------------------------------------------------------------

void Peer::look() {
  const Instant now = loop_.fresh_now();
  ledger::beat_peer(ledger_, now);
  if (now - looked_at_ > silence_) {  // stopped meanwhile, and others have gone on
    nodes_.forget_all(now);
    publisher_.begin_anew();
  }
  if (engine_status(ledger_).state != engine_.state()) enter(ledger_, engine_.state(), engine_.reason(), now);
  looked_at_ = now;
  engine_.look(now);
  nodes_.look(now);
  seats_.look(now);
  publisher_.ask_for_full(nodes_.needs_full());
  publisher_.look(now);
  shared_.look(now);
  share();
}

/// By whose books workers decide. Who falls silent may still be there, and redis away: that is known when our
/// own words come back, or do not.
void Peer::share() {
  const bool connected = engine_.state() == EngineState::connected;
  const Sharing sharing = sharers_ <= 1 ? Sharing::alone : connected ? Sharing::rows : Sharing::lost;
  set_sharing(ledger_, sharing, sharers_);
}

// --- what is heard -----------------------------------------------------------------------------------

void Peer::hear(std::string_view bytes) {
  const Instant now = loop_.fresh_now();
  ledger::count_received(ledger_, bytes.size());
  const auto report = decode(bytes);
  if (!report || (engine_.state() == EngineState::lost && report->name != name_)) return;
  const Nodes::Heard heard = nodes_.hear(*report, bytes.size(), now);
  if (heard.own) hear_ourselves(report->sequence, now);
  sharers_ = std::max(sharers_, nodes_.here() + 1);
  if (heard.all) publisher_.want_full();
  if (heard.row) seats_.heard(*heard.row, report->seats, now);
  for (const ledger::WorkerId worker : seats_.take_calls(report->calls, now)) wake(worker);
  if (heard.room) wake_workers();
  if ((heard.room || heard.waiting) && seats_.holds_any(now)) wake_decider();
}

/// Words that were on their way for too long do not show that redis is there.
void Peer::hear_ourselves(std::uint32_t sequence, Instant now) {
  const Nanos lag = publisher_.lag_of(sequence, now);
  set_engine_lag(ledger_, lag);
  if (lag > silence_) return;
  engine_.came_back(now);
  sharers_ = nodes_.here() + 1;
}

void Peer::wake(ledger::WorkerId worker) {
  if (heritage_.bells != nullptr && calls_.call(worker)) heritage_.bells->ring(worker);
}

/// One of ours decides for what waits elsewhere, whether anything waits in it or not.
void Peer::wake_decider() {
  const ledger::WorkerId workers = worker_limit(ledger_);
  for (ledger::WorkerId worker = 0; worker < workers; ++worker)
    if (worker_status(ledger_, worker).state == ledger::WorkerState::running) return wake(worker);
}

/// Those in which something waits: a server may have room for it.
void Peer::wake_workers() {
  const ledger::WorkerId workers = worker_limit(ledger_);
  for (ledger::WorkerId worker = 0; worker < workers; ++worker)
    if (anything_waits(ledger_, worker)) wake(worker);
}

void Peer::on_bell() {
  heritage_.bells->silence(bell_number_);
  publisher_.wake();
}

void Peer::on_state(EngineState state, const std::string& reason) {
  const EngineState before = engine_status(ledger_).state;
  enter(ledger_, state, reason, loop_.fresh_now());
  if (state == EngineState::connected) {
    log::write(log::Event::engine_connected, {{"redis", engine_.place()}});
    publisher_.begin_anew();
    shared_.read();
  } else if (state == EngineState::lost) {
    shared_.lost();
    seats_.lost();
    if (before != EngineState::lost) log::write(log::Event::engine_lost, {{"reason", reason}});
  }
}

// --- orders of the master ------------------------------------------------------------------------------

void Peer::take_orders() {
  for (;;) {
    process::Received received = process::receive_order(heritage_.order_fd);
    if (received.ended) orders_.reset();
    if (!received.order) return;
    if (received.file) log::continue_in(received.file.release());
    obey(*received.order);
  }
}

void Peer::obey(const process::Order& order) {
  if (order.kind == process::Order::Kind::drain) finish();
  if (order.kind == process::Order::Kind::change) change_to(order);
  if (order.kind == process::Order::Kind::share) shared_.carry(order.text);
}

/// The master renews this process where it could not go on as who it is to the others (master/peer_change.h);
/// all else is taken here: servers, pools, how often it speaks. Rows first: nothing is written about a server
/// before its row is held.
void Peer::change_to(const process::Order& order) {
  const auto source = config::source_of(order.text);
  if (!source) return fail("an order cannot be read");
  const auto parsed = config::parse(*source);
  const auto* const config = std::get_if<config::Config>(&parsed);
  if (config == nullptr) return fail("the ordered configuration has mistakes");
  auto rows = rows_of(*config, ledger_);
  if (!rows) return fail("the ordered configuration has no rows");
  process::change_log(config->log, "peer");
  silence_ = config->peers.silence;
  ledger::acquire_node_rows(ledger_, rows->servers);
  directory_ = directory_of(*config, *rows);
  engine_.set_silence(silence_);
  seats_.follow_directory(silence_);
  publisher_.follow_directory(config->peers.sync_interval);
  shared_.change_to(*rows);
  nodes_.change_to(directory_, silence_);
  ledger::release_node_rows(ledger_, servers_gone(rows_, *rows), loop_.now());
  rows_ = std::move(*rows);
  ledger::confirm_peer_revision(ledger_, order.revision);
}

void Peer::fail(const std::string& reason) {
  log::write(log::Event::order_failed, {{"reason", reason}});
  exit_code_ = 1;
  loop_.stop();
}

void Peer::finish() {
  if (end_.active()) return;
  seats_.leave();
  publisher_.leave();
  look_.stop();
  ending_since_ = loop_.fresh_now();
  end_.start(0ns, kLook);
}

/// What was ordered right before the end is an order like any other, and a restart has it from redis.
void Peer::end_when_told() {
  const Instant now = loop_.fresh_now();
  ledger::beat_peer(ledger_, now);
  const bool told = shared_.settle(now);
  const Nanos past = now - ending_since_;
  if (past < (told ? kLastWords : kLastOrders)) return;
  if (!told)
    log::write(log::Event::orders_refused,
               {{"reason", "this proxy ends, and redis has not taken the last ones"}});
  loop_.stop();
}

}  // namespace

int run_peer(process::Heritage& heritage) {
  if (heritage.config.peers.engines.empty())
    log::write(log::Event::engine_lost, {{"reason", heritage.config.peers.unresolved}});
  return Peer(heritage).run();
}

}  // namespace finishline::peers
