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

namespace finishline::worker {
namespace {

constexpr Nanos kTick = 10ms;            // lateness and deadlines
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
  ledger::SourceTable sources_;
  SessionTable sessions_;
  Dispatcher dispatcher_;
  SessionContext context_;
  ConnectionShare share_;
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

Admission::Options admission_options(const config::Listener& listener) {
  const auto limit = [](const config::Rate& rate, std::uint32_t burst) {
    if (!rate.limits()) return ledger::RateLimit{};
    return ledger::RateLimit::of(rate.interval(), burst > 0 ? burst : rate.per_second());
  };
  return {.listener = listener.name,
          .allow = listener.allow,
          .deny = listener.deny,
          .max_connections = listener.max_connections,
          .max_per_source = listener.max_per_source,
          .connections = limit(listener.connection_rate, listener.connection_burst),
          .source_connections = limit(listener.source_connection_rate, listener.source_connection_burst),
          .requests = limit(listener.request_rate, listener.request_burst),
          .source_requests = limit(listener.source_request_rate, listener.source_request_burst)};
}

Worker::Worker(const process::Heritage& heritage)
    : heritage_(heritage),
      config_(heritage.config),
      seeds_(worker_seed(heritage)),
      books_(heritage.ledger, heritage.worker),
      metrics_(heritage.ledger, heritage.worker),
      sources_(heritage.ledger, heritage.worker),
      sessions_(metrics_),
      dispatcher_(books_, metrics_, sessions_),
      context_{loop_, dispatcher_, sessions_, metrics_},
      share_(heritage.ledger, heritage.worker, heritage.workers, config_.proxy.max_connections),
      tick_(loop_,
            [this] {
              dispatcher_.tick(loop_.now());
              describe_anew();
            }),
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
  for (std::size_t pool = 0; pool < config_.pools.size(); ++pool) add_links(pool);
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
                       .mini = server.protocol == config::Mode::mini});
  }
  dispatcher_.add_pool(Pool({.name = pool.name,
                             .policy = pool.policy,
                             .params = {.gamma = pool.gamma},
                             .timeout = pool.timeout,
                             .max_attempts = pool.max_attempts,
                             .max_backlog = pool.max_backlog,
                             .wait_when_full = pool.when_full == config::WhenFull::wait,
                             .max_waiting = pool.max_waiting,
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

int Worker::run() {
  ledger::enter(heritage_.ledger, heritage_.worker, ledger::WorkerState::running);
  tick_.start(kTick, kTick);
  time_check_.start(time_check_interval(), time_check_interval());
  heartbeat_.start(0ns, kHeartbeat);
  first_try_patience_.start(kFirstTryPatience);
  untried_links_ = links_.size();
  for (const auto& link : links_) link->connect();
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
        std::make_unique<Acceptor>(context_, share_, admission_options(listener), sources_,
                                   listener_options(listener), listener.mode, socket.fd));
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
          .cost = &config_.cost};
}

std::string Worker::description(const config::Listener& listener) const {
  if (!listener.describe) return "";
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
  }
  return std::clamp<Nanos>(shortest / 4, 10ms, 250ms);
}

void Worker::begin_draining() {
  if (draining_) return;
  draining_ = true;
  ledger::enter(heritage_.ledger, heritage_.worker, ledger::WorkerState::draining);
  log::write(log::Event::draining, {{"connections", sessions_.size()}, {"open", dispatcher_.in_flight() + dispatcher_.waiting()}});
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
