#include "lb/worker/worker.h"

#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "lb/config/memory.h"
#include "lb/ledger/revision.h"
#include "lb/ledger/worker_status.h"
#include "lb/log/log.h"
#include "lb/net/background.h"
#include "lb/net/timer.h"
#include "lb/process/heartbeat.h"
#include "lb/process/limits.h"
#include "lb/process/order.h"
#include "lb/process/server_tls.h"
#include "lb/worker/accept_balancer.h"
#include "lb/worker/acceptor.h"
#include "lb/worker/byte_budget.h"
#include "lb/worker/describe.h"
#include "lb/worker/dispatcher.h"
#include "lb/worker/listener_tls.h"
#include "lb/worker/master_orders.h"
#include "lb/worker/relay.h"
#include "lb/worker/resting_listeners.h"
#include "lb/worker/roster.h"
#include "lb/worker/roster_plan.h"
#include "lb/worker/session_table.h"
#include "lb/worker/time_check.h"
#include "lb/worker/typed_rules.h"
#include "lb/worker/worker_calls.h"
#include "lb/worker/worker_seed.h"

namespace finishline::worker {
namespace {

constexpr Nanos kTick = 10ms;        // lateness, deadlines, room for streams
constexpr Nanos kLookAnyway = 2ms;   // at requests that wait for room
constexpr Nanos kDrainCheck = 10ms;  // of clients that were told to go

using Planned = std::variant<std::unique_ptr<RosterPlan>, std::string>;

/// The parts in the order in which they are built; destruction is the reverse.
class Worker {
 public:
  explicit Worker(const process::Heritage& heritage);
  int run();

 private:
  class Planning;

  ListenerOptions listener_options(const config::Listener& listener) const;
  bool load_certificates();
  std::string description(const config::Listener& listener) const;
  void describe_anew();
  void describe_all();
  bool idle() const;
  void tick();
  void wake_up();
  void set_alarm();
  void beat();
  void on_bell();
  void end_turn();
  void begin_accepting();
  void change_to(process::Order order);
  void change_to(Planned planned, std::uint32_t revision);
  void fail(const std::string& reason);
  void drain(const std::string& patience);
  void begin_draining();
  void give_up_draining();
  void keep_budget();
  void tell_bytes();
  void stop_if_drained() {
    if (draining_ && sessions_.size() == 0) loop_.stop();
  }
  std::uint64_t next_seed() { return seeds_.next(); }

  const process::Heritage& heritage_;
  const config::Config& config_;
  sched::Random seeds_;
  net::Loop loop_;
  BulkMover mover_{loop_};
  ledger::WorkerBooks books_;
  ledger::WorkerMetrics metrics_;
  ledger::RecordWriter recorder_;
  std::optional<AccessRecorder> access_;  // none: no access log
  ledger::DecisionWriter explainer_;
  ledger::SourceTable sources_;
  SessionTable sessions_;
  const process::Doorbells no_bells_;
  const process::Doorbells& bells_;
  WorkerCalls calls_;
  Dispatcher dispatcher_;
  ByteBudget budget_;
  SessionContext context_;
  std::vector<std::unique_ptr<ListenerTls>> tls_;  // by listener
  process::ServerTls server_tls_{heritage_.server_files};
  RestingListeners resting_;
  AcceptBalancer share_;
  net::Background background_;
  Roster roster_;
  std::vector<std::unique_ptr<Acceptor>> acceptors_;
  std::uint32_t described_orders_ = 0;
  std::size_t told_bytes_ = 0;
  bool draining_ = false;
  bool crowded_ = false;  // so much is held that nobody is accepted
  int exit_code_ = 0;

  net::Timer tick_;
  net::Timer alarm_;  // a server is about to have room for what waits
  Instant alarm_at_{};
  net::Timer time_check_;
  net::Timer heartbeat_;
  net::Timer drain_patience_;
  MasterOrders orders_;
  std::optional<net::Readable> bell_;
};

Worker::Worker(const process::Heritage& heritage)
    : heritage_(heritage),
      config_(heritage.config),
      seeds_(worker_seed(heritage)),
      loop_(config_.has_streams() ? RelayEnd::kLargeRead : net::Loop::kDefaultReadBuffer),
      books_(heritage.ledger, heritage.worker),
      metrics_(heritage.ledger, heritage.worker),
      recorder_(heritage.ledger, heritage.worker),
      access_(AccessRecorder::wanted_by(heritage, metrics_, seeds_.next())),
      explainer_(heritage.ledger, heritage.worker),
      sources_(heritage.ledger, heritage.worker),
      sessions_(metrics_),
      bells_(heritage.bells != nullptr ? *heritage.bells : no_bells_),
      calls_(heritage.ledger, heritage.worker, bells_),
      dispatcher_(books_, metrics_, sessions_, &recorder_, &calls_),
      budget_(loop_, dispatcher_, config_.proxy.max_buffered),
      context_{loop_, dispatcher_, sessions_, metrics_, budget_, access_ ? &*access_ : nullptr},
      resting_(loop_, heritage.ledger, heritage.worker, bells_),
      share_(heritage.ledger, heritage.worker, config_.proxy.max_connections),
      background_(loop_),
      roster_({loop_, background_, dispatcher_, heritage.ledger, books_, metrics_, heritage.worker, bells_,
               calls_, server_tls_, config_.cost, mover_},
              next_seed()),
      tick_(loop_, [this] { tick(); }),
      alarm_(loop_, [this] { dispatcher_.look_at_waiting(loop_.now()); }),
      time_check_(loop_, [this] { sessions_.check_time(loop_.now()); }),
      heartbeat_(loop_, [this] { beat(); }),
      drain_patience_(loop_, [this] { give_up_draining(); }),
      orders_(loop_, heritage.order_fd,
              {.on_change = [this](process::Order order) { change_to(std::move(order)); },
               .on_drain = [this](const std::string& patience) { drain(patience); }}) {
  metrics_.reset_gauges();
  dispatcher_.explain_to(explainer_);
  loop_.yield_after_flush();
  loop_.busy_poll(config_.proxy.busy_poll);
  dispatcher_.tell(context_.access);
  loop_.on_turn_end([this] { end_turn(); });
  if (const int bell = bells_.fd(heritage.worker); bell >= 0)
    bell_.emplace(loop_, bell, [this] { on_bell(); });
}

/// False, and the log tells why, when a listener that is to speak TLS cannot.
bool Worker::load_certificates() {
  auto loaded = make_all_listener_tls(heritage_);
  if (const auto* why = std::get_if<std::string>(&loaded)) {
    log::write(log::Event::tls_unusable, {{"reason", *why}});
    return false;
  }
  tls_ = std::move(std::get<0>(loaded));
  return true;
}

int Worker::run() {
  if (!load_certificates()) return 1;
  ledger::enter(heritage_.ledger, heritage_.worker, ledger::WorkerState::running);
  heartbeat_.start(0ns, process::kHeartbeat);
  roster_.change_to(std::make_unique<RosterPlan>(config_, heritage_.ledger), [this] { begin_accepting(); });
  loop_.run();
  log::write(log::Event::stopped);
  return exit_code_;
}

// --- time ------------------------------------------------------------------------------------------

/// Nobody is connected, nothing is under way, and the ledger knows all there is to know.
bool Worker::idle() const {
  return sessions_.size() == 0 && dispatcher_.in_flight() + dispatcher_.waiting() == 0 &&
         budget_.filled() == told_bytes_;
}

void Worker::tick() {
  dispatcher_.tick(loop_.now());
  sessions_.forget_gone();  // what they had asked for has been withdrawn
  tell_bytes();
  roster_.tick(loop_.now());
  describe_anew();
  if (!idle()) return;
  tick_.stop();  // an idle worker sleeps, from heartbeat to heartbeat
  time_check_.stop();
}

void Worker::wake_up() {
  if (tick_.active() || idle()) return;
  describe_anew();
  tick_.start(kTick, kTick);
  const Nanos interval = draining_ ? kDrainCheck : time_check_interval(config_);
  time_check_.start(interval, interval);
}

/// What waits for room is looked at now and then in any case: a call may have been lost with one that died.
void Worker::set_alarm() {
  Instant at = dispatcher_.next_look();
  if (dispatcher_.waiting() > 0) at = std::min(at, loop_.now() + kLookAnyway);
  if (at == Instant::max()) return alarm_.stop();
  if (alarm_.active() && alarm_at_ <= at) return;
  alarm_.start_at(alarm_at_ = at);
}

void Worker::end_turn() {
  if (dispatcher_.take_relief()) sessions_.resume_all();  // in their turns, before those that were answered
  sessions_.end_turn();
  keep_budget();
  set_alarm();
  if (sessions_.take_ended()) resting_.room_made();
  roster_.end_turn();
  wake_up();
  calls_.tell_peer(books_.changes() + dispatcher_.waiting());
  if (access_) access_->end_turn();
  stop_if_drained();
}

/// Shows that the loop turns, and how much of the log was lost.
void Worker::beat() {
  ledger::beat(heritage_.ledger, heritage_.worker, loop_.now());
  ledger::count_lost_lines(heritage_.ledger, log::keep_up());
}

/// Somebody has made room.
void Worker::on_bell() {
  bells_.silence(heritage_.worker);
  if (calls_.taken()) dispatcher_.look_at_waiting(loop_.now());
  if (roster_.on_bell(loop_.now())) describe_all();
  resting_.on_bell();
}

// --- listeners -------------------------------------------------------------------------------------

void Worker::begin_accepting() {
  if (draining_) return;
  for (const process::ListenSocket& socket : heritage_.sockets) {
    const config::Listener& listener = config_.listeners[socket.listener];
    ListenerOptions options = listener_options(listener);
    options.tls = tls_[socket.listener].get();
    Admission::Options admission = admission_options(listener);
    admission.counts = ledger::counts_of(heritage_.ledger, heritage_.worker, listener.name);
    acceptors_.push_back(std::make_unique<Acceptor>(context_, share_, resting_, std::move(admission),
                                                    sources_, std::move(options), listener.mode, socket.fd));
    ::close(socket.fd);  // the listener has its own: with that it is gone when we stop accepting
  }
  ledger::confirm_revision(heritage_.ledger, heritage_.worker, heritage_.revision);
}

ListenerOptions Worker::listener_options(const config::Listener& listener) const {
  const std::size_t pool = config_.pool_index(listener.pool);
  return {.name = listener.name,
          .pool = pool,
          .max_body = config::largest_body(config_, listener),
          .max_length = config_.max_length,
          .max_open = listener.max_open,
          .max_buffer = listener.max_buffer,
          .header_timeout = listener.header_timeout,
          .idle_timeout = listener.idle_timeout,
          .handshake_timeout = listener.handshake_timeout,
          .proxy_from = listener.proxy_from,
          .client_weights = listener.client_weights,
          .tcp_timeouts = {listener.keepalive, listener.user_timeout},
          .description = description(listener),
          .cost = &config_.cost,
          .http = typed_rules_of(config_, listener),
          .streams = roster_.streams(pool),
          .load = listener.load,
          .half_closed_timeout = listener.half_closed_timeout,
          .routes = stream_routes(config_, listener, roster_)};
}

std::string Worker::description(const config::Listener& listener) const {
  if (!listener.describe || listener.mode == config::Mode::stream) return "";
  const RequestPool& pool = dispatcher_.pool(config_.pool_index(listener.pool));
  return describe_pool(pool, heritage_.ledger, config_.cost, config_.max_length,
                       config::largest_body(config_, listener));
}

/// Clients are told the policy: when one has changed, something else. Orders only grow, and so does their
/// sum.
void Worker::describe_anew() {
  std::uint32_t orders = 0;
  for (std::size_t pool = 0; pool < dispatcher_.pools(); ++pool) orders += dispatcher_.pool(pool).order();
  if (std::exchange(described_orders_, orders) != orders) describe_all();
}

void Worker::describe_all() {
  for (std::size_t i = 0; i < acceptors_.size(); ++i)
    acceptors_[i]->set_description(description(config_.listeners[heritage_.sockets[i].listener]));
}

// --- memory ----------------------------------------------------------------------------------------

void Worker::keep_budget() {
  sessions_.keep_within(budget_);
  if (budget_.wants_trim()) process::give_back_free_memory();
  dispatcher_.hold_replies(budget_.scarce());
  const bool crowded = budget_.desperate();
  if (std::exchange(crowded_, crowded) && !crowded) resting_.look();
}

void Worker::tell_bytes() {
  const std::size_t before = std::exchange(told_bytes_, budget_.filled());
  metrics_.add(ledger::WorkerCell::bytes_buffered,
               static_cast<std::int64_t>(told_bytes_) - static_cast<std::int64_t>(before));
}

// --- orders of the master --------------------------------------------------------------------------

/// What an order to change means is worked out beside the loop.
class Worker::Planning final : public net::Background::Job {
 public:
  Planning(Worker& worker, process::Order order) : worker_(worker), order_(std::move(order)) {}
  void work() override { planned_ = plan_of_order(order_.text, worker_.heritage_.ledger); }
  void done() override { worker_.change_to(std::move(planned_), order_.revision); }

 private:
  Worker& worker_;
  process::Order order_;
  Planned planned_;
};

void Worker::change_to(process::Order order) {
  if (!draining_) background_.run(std::make_unique<Planning>(*this, std::move(order)));
}

/// The master has checked that this worker can: whatever goes wrong here, its successor is forked with the
/// new configuration.
void Worker::change_to(Planned planned, std::uint32_t revision) {
  if (draining_) return;
  if (const auto* reason = std::get_if<std::string>(&planned)) return fail(*reason);
  roster_.change_to(std::move(std::get<std::unique_ptr<RosterPlan>>(planned)), [this, revision] {
    describe_all();
    ledger::confirm_revision(heritage_.ledger, heritage_.worker, revision);
  });
}

void Worker::fail(const std::string& reason) {
  log::write(log::Event::order_failed, {{"reason", reason}});
  exit_code_ = 1;
  loop_.stop();
}

/// Told again, it has another patience, as when the proxy ends while old workers are still busy.
void Worker::drain(const std::string& patience) {
  if (!draining_) begin_draining();
  if (patience.empty()) return;
  drain_patience_.start(std::max<Nanos>(0ns, Nanos(std::atoll(patience.c_str()))));
}

void Worker::begin_draining() {
  draining_ = true;
  ledger::enter(heritage_.ledger, heritage_.worker, ledger::WorkerState::draining);
  log::write(log::Event::draining,
             {{"connections", sessions_.size()}, {"open", dispatcher_.in_flight() + dispatcher_.waiting()}});
  for (const auto& acceptor : acceptors_) {
    if (orders_.ends_with_us(acceptor->name())) {
      acceptor->take_last_and_stop();
    } else {
      acceptor->stop();
    }
  }
  sessions_.drain_all();
  time_check_.start(kDrainCheck, kDrainCheck);
}

void Worker::give_up_draining() {
  log::write(log::Event::drain_timeout, {{"open", sessions_.size()}});
  loop_.stop();
}

}  // namespace

int run_worker(const process::Heritage& heritage) {
  process::map_large_blocks();
  return Worker(heritage).run();
}

}  // namespace finishline::worker
