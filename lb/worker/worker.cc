#include "lb/worker/worker.h"

#include <signal.h>

#include <algorithm>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "lb/ledger/worker_status.h"
#include "lb/log/log.h"
#include "lb/net/timer.h"
#include "lb/worker/acceptor.h"
#include "lb/worker/connection_share.h"
#include "lb/worker/describe.h"
#include "lb/worker/dispatcher.h"
#include "lb/worker/server_link.h"
#include "lb/worker/session_table.h"
#include "lb/worker/stream_pool.h"

namespace finishline::worker {
namespace {

constexpr Nanos kTick = 10ms;            // lateness, deadlines, room for streams
constexpr std::size_t kBulkReadBuffer = 1U << 20;  // streams: see relay.h
constexpr Nanos kHeartbeat = 1s;
constexpr Nanos kFirstTryPatience = 1s;  // clients wait this long at most for the first links

/// The parts in the order in which they are built; destruction is the reverse.
class Worker {
 public:
  explicit Worker(const process::Heritage& heritage);
  int run();

 private:
  void add_pool(const config::Pool& pool);
  void add_links(std::size_t pool);
  void add_streams(std::size_t pool);
  void tick();
  ListenerOptions listener_options(const config::Listener& listener) const;
  std::string description(const config::Listener& listener) const;
  void describe_anew();
  void on_first_try();
  void begin_accepting();
  void begin_draining();
  void stop_if_drained();
  Nanos time_check_interval() const;
  std::uint64_t next_seed() { return seeds_.next(); }

  const process::Heritage& heritage_;
  const config::Config& config_;
  sched::Random seeds_;
  net::Loop loop_;
  ledger::WorkerBooks books_;
  ledger::WorkerMetrics metrics_;
  SessionTable sessions_;
  Dispatcher dispatcher_;
  SessionContext context_;
  ConnectionShare share_;
  std::vector<std::unique_ptr<StreamPool>> stream_pools_;  // by pool; empty for one of requests
  std::vector<std::unique_ptr<ServerLink>> links_;
  std::size_t untried_links_ = 0;
  std::vector<std::unique_ptr<Acceptor>> acceptors_;
  std::uint32_t described_orders_ = 0;
  bool accepting_ = false;
  bool draining_ = false;

  net::Timer tick_;
  net::Timer time_check_;
  net::Timer heartbeat_;
  net::Timer first_try_patience_;
  net::Timer drain_patience_;
  net::Signal terminate_;
  net::Signal interrupt_;
};

/// Different for every worker and every start, the same for the same configured seed and worker.
std::uint64_t worker_seed(const process::Heritage& heritage) {
  const std::uint64_t base = heritage.config.proxy.seed;
  if (base != 0) return base + heritage.worker;
  return static_cast<std::uint64_t>(std::chrono::steady_clock::now().time_since_epoch().count()) ^
         (std::uint64_t{heritage.worker} << 56);
}

Worker::Worker(const process::Heritage& heritage)
    : heritage_(heritage),
      config_(heritage.config),
      seeds_(worker_seed(heritage)),
      loop_(config_.has_streams() ? kBulkReadBuffer : net::Loop::kDefaultReadBuffer),
      books_(heritage.ledger, heritage.worker),
      metrics_(heritage.ledger, heritage.worker),
      sessions_(metrics_),
      dispatcher_(books_, metrics_, sessions_),
      context_{loop_, dispatcher_, sessions_, metrics_},
      share_(heritage.ledger, heritage.worker, heritage.workers, config_.proxy.max_connections),
      tick_(loop_, [this] { tick(); }),
      time_check_(loop_, [this] { sessions_.check_time(loop_.now()); }),
      heartbeat_(loop_, [this] { ledger::beat(heritage_.ledger, heritage_.worker, loop_.now()); }),
      first_try_patience_(loop_, [this] { begin_accepting(); }),
      drain_patience_(loop_,
                      [this] {
                        log::write(log::Event::drain_timeout, {{"open", sessions_.size()}});
                        loop_.stop();
                      }),
      terminate_(loop_, SIGTERM, [this] { begin_draining(); }),
      // Ctrl-C reaches the whole foreground group; the master turns it into an orderly SIGTERM.
      interrupt_(loop_, SIGINT, [] {}) {
  metrics_.reset_gauges();
  loop_.yield_after_flush();
  loop_.busy_poll(config_.proxy.busy_poll);
  loop_.on_turn_end([this] {
    sessions_.end_turn();
    stop_if_drained();
  });
  for (const config::Pool& pool : config_.pools) add_pool(pool);
  stream_pools_.resize(config_.pools.size());
  for (std::size_t pool = 0; pool < config_.pools.size(); ++pool) {
    config_.pools[pool].streams ? add_streams(pool) : add_links(pool);
  }
}

void Worker::add_pool(const config::Pool& pool) {
  std::vector<Member> members;
  for (std::size_t i = 0; i < config_.servers.size(); ++i) {
    const config::Server& server = config_.servers[i];
    if (server.pool != pool.name) continue;
    const ledger::ServerId id = heritage_.server_ids[i];
    members.push_back({.id = id,
                       .spec = {id, server.name, server.type_index, server.speed, server.slots},
                       .weight = server.weight,
                       .mini = server.protocol == config::Mode::mini,
                       .capacity = server.capacity,
                       .max_connections = server.max_connections});
  }
  dispatcher_.add_pool(Pool({.name = pool.name,
                             .policy = pool.policy,
                             .params = {.gamma = pool.gamma},
                             .timeout = pool.timeout,
                             .max_attempts = pool.max_attempts,
                             .streams = pool.streams,
                             .orders = {heritage_.ledger, heritage_.pool_ids[config_.pool_index(pool.name)]}},
                            std::move(members), config_.cost, books_, metrics_, next_seed()));
}

void Worker::add_links(std::size_t pool) {
  std::size_t member = 0;
  for (std::size_t i = 0; i < config_.servers.size(); ++i) {
    const config::Server& server = config_.servers[i];
    if (server.pool != config_.pools[pool].name) continue;
    for (std::uint32_t n = 0; n < server.links; ++n) {
      ServerLink::Options options{.server = server.name,
                                  .address = server.address,
                                  .mini = server.protocol == config::Mode::mini,
                                  .server_id = heritage_.server_ids[i]};
      links_.push_back(std::make_unique<ServerLink>(loop_, dispatcher_, metrics_, pool, member, std::move(options),
                                                    next_seed(), [this] { on_first_try(); }));
    }
    ++member;
  }
}

void Worker::add_streams(std::size_t pool) {
  const config::Pool& from = config_.pools[pool];
  std::vector<StreamPool::Server> servers;
  for (std::size_t i = 0; i < config_.servers.size(); ++i) {
    const config::Server& server = config_.servers[i];
    if (server.pool == from.name) servers.push_back({server.name, server.address, heritage_.server_ids[i]});
  }
  const StreamPool::Options options{.max_attempts = from.max_attempts,
                                    .max_waiting = from.max_waiting,
                                    .queue_timeout = from.queue_timeout,
                                    .connect_timeout = from.connect_timeout,
                                    .load_by = from.load_by,
                                    .load_rate = static_cast<double>(from.load_rate)};
  stream_pools_[pool] =
      std::make_unique<StreamPool>(options, dispatcher_.pool(pool), std::move(servers), books_, metrics_);
}

void Worker::tick() {
  dispatcher_.tick(loop_.now());
  for (const auto& pool : stream_pools_) {
    if (pool) pool->tick(loop_.now());
  }
  describe_anew();
}

int Worker::run() {
  ledger::enter(heritage_.ledger, heritage_.worker, ledger::WorkerState::running);
  tick_.start(kTick, kTick);
  time_check_.start(time_check_interval(), time_check_interval());
  heartbeat_.start(0ns, kHeartbeat);
  first_try_patience_.start(kFirstTryPatience);
  untried_links_ = links_.size();
  for (const auto& link : links_) link->connect();
  if (links_.empty()) begin_accepting();
  loop_.run();
  log::write(log::Event::stopped);
  return 0;
}

void Worker::on_first_try() {
  if (--untried_links_ == 0) begin_accepting();
}

void Worker::begin_accepting() {
  if (accepting_ || draining_) return;
  accepting_ = true;
  first_try_patience_.stop();
  for (const process::ListenSocket& socket : heritage_.sockets) {
    const config::Listener& listener = config_.listeners[socket.listener];
    acceptors_.push_back(
        std::make_unique<Acceptor>(context_, share_, listener_options(listener), listener.mode, socket.fd));
  }
}

ListenerOptions Worker::listener_options(const config::Listener& listener) const {
  const std::size_t pool = config_.pool_index(listener.pool);
  return {.name = listener.name,
          .pool = pool,
          .max_body = listener.max_body,
          .max_length = config_.max_length,
          .max_open = listener.max_open,
          .header_timeout = listener.header_timeout,
          .idle_timeout = listener.idle_timeout,
          .description = description(listener),
          .cost = &config_.cost,
          .streams = stream_pools_[pool].get(),
          .load = listener.load,
          .half_closed_timeout = listener.half_closed_timeout};
}

std::string Worker::description(const config::Listener& listener) const {
  if (!listener.describe || listener.mode != config::Mode::frame) return "";
  const Pool& pool = dispatcher_.pool(config_.pool_index(listener.pool));
  return describe_pool(pool, config_.cost, config_.max_length, listener.max_body);
}

/// Clients are told the policy: when one has changed, something else. Orders only grow, and so does their sum.
void Worker::describe_anew() {
  std::uint32_t orders = 0;
  for (std::size_t pool = 0; pool < config_.pools.size(); ++pool) orders += dispatcher_.pool(pool).order();
  if (std::exchange(described_orders_, orders) == orders) return;
  for (std::size_t i = 0; i < acceptors_.size(); ++i)
    acceptors_[i]->set_description(description(config_.listeners[heritage_.sockets[i].listener]));
}

/// A quarter of the shortest time-out in force, so that none is overrun by more than that.
Nanos Worker::time_check_interval() const {
  Nanos shortest = 1s;
  for (const config::Listener& listener : config_.listeners) {
    if (listener.header_timeout > 0ns) shortest = std::min(shortest, listener.header_timeout);
    if (listener.idle_timeout > 0ns) shortest = std::min(shortest, listener.idle_timeout);
    if (listener.half_closed_timeout > 0ns) shortest = std::min(shortest, listener.half_closed_timeout);
  }
  for (const config::Pool& pool : config_.pools) shortest = std::min(shortest, pool.connect_timeout);
  return std::clamp<Nanos>(shortest / 4, 10ms, 250ms);
}

void Worker::begin_draining() {
  if (draining_) return;
  draining_ = true;
  ledger::enter(heritage_.ledger, heritage_.worker, ledger::WorkerState::draining);
  log::write(log::Event::draining, {{"connections", sessions_.size()}, {"open", dispatcher_.in_flight()}});
  for (const auto& acceptor : acceptors_) acceptor->stop();
  sessions_.drain_all();
  time_check_.start(10ms, 10ms);
  drain_patience_.start(config_.proxy.drain_timeout);
}

void Worker::stop_if_drained() {
  if (draining_ && sessions_.size() == 0) loop_.stop();
}

}  // namespace

int run_worker(const process::Heritage& heritage) { return Worker(heritage).run(); }

}  // namespace finishline::worker
