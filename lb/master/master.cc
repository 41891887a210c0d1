#include "lb/master/master.h"

#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <optional>
#include <utility>

#include "lb/control/control.h"
#include "lb/ledger/metrics.h"
#include "lb/ledger/worker_status.h"
#include "lb/log/log.h"
#include "lb/master/child_table.h"
#include "lb/net/socket.h"
#include "lb/process/heritage.h"
#include "lb/process/limits.h"
#include "lb/process/logging.h"
#include "lb/process/secret.h"
#include "lb/process/spawn.h"
#include "lb/sched/policies.h"
#include "lb/worker/worker.h"

namespace finishline::master {
namespace {

constexpr int kCannotRun = 2;

Instant now() { return std::chrono::steady_clock::now(); }

class Master {
 public:
  Master(const config::Config& config, ledger::Ledger ledger)
      : config_(config), ledger_(std::move(ledger)), heritage_{.config = config_, .ledger = ledger_} {}
  ~Master();

  /// The reason why the sockets or the ledger rows cannot be had.
  std::optional<std::string> prepare();
  int run();

 private:
  std::optional<std::string> enroll_pools();
  std::optional<std::string> read_admin_token();
  std::optional<std::string> bind_listeners();
  std::optional<std::string> bind_admin();
  void block_signals();
  void start_children();
  pid_t fork_child(const Child& child);
  void wait_for_signal();
  void reap_children();
  void on_exit(const Child& child, int status);
  void stop_if_hopeless(const Child& child);
  void terminate();
  void signal_children(Role role, int number);
  bool finished() const { return stopping_ && children_.running() == 0; }

  const config::Config& config_;
  ledger::Ledger ledger_;
  process::Heritage heritage_;
  ChildTable children_;
  sigset_t signals_{};
  bool stopping_ = false;
  int exit_code_ = 0;
};

Master::~Master() {
  for (const process::ListenSocket& socket : heritage_.sockets) ::close(socket.fd);
  if (heritage_.admin_fd >= 0) ::close(heritage_.admin_fd);
}

// --- before the fork -------------------------------------------------------------------------------

std::optional<std::string> Master::prepare() {
  heritage_.workers = config_.worker_count();
  for (const config::Server& server : config_.servers) {
    const auto row = ledger_.ensure_server(server.name, server.slots);
    if (!row) return "the ledger has no row for server '" + server.name + "': raise proxy.max_servers";
    ledger_.set_carries(*row, config_.serves_streams(server) ? ledger::Carries::streams : ledger::Carries::requests);
    heritage_.server_ids.push_back(*row);
  }
  if (auto problem = enroll_pools()) return problem;
  if (auto problem = read_admin_token()) return problem;
  if (auto problem = bind_listeners()) return problem;
  return bind_admin();
}

std::optional<std::string> Master::enroll_pools() {
  for (const config::Pool& pool : config_.pools) {
    const auto row = ledger::ensure_pool(ledger_, pool.name);
    if (!row) return "the ledger has no row for pool '" + pool.name + "': it has had too many pools";
    const std::uint8_t policy = sched::find_policy(pool.policy)->number;
    ledger::configure_policy(ledger_, *row, policy, policy);
    heritage_.pool_ids.push_back(*row);
  }
  return std::nullopt;
}

std::optional<std::string> Master::read_admin_token() {
  if (config_.proxy.admin_token_file.empty()) return std::nullopt;
  auto token = process::read_secret(config_.proxy.admin_token_file);
  if (const auto* why = std::get_if<std::string>(&token)) return "proxy.admin_token_file: " + *why;
  heritage_.admin_token = std::move(std::get<process::Secret>(token).text);
  return std::nullopt;
}

std::optional<std::string> Master::bind_listeners() {
  for (std::size_t i = 0; i < config_.listeners.size(); ++i) {
    const config::Listener& listener = config_.listeners[i];
    const auto bound = net::open_listener(listener.address);
    if (const auto* why = std::get_if<std::string>(&bound)) {
      return "listener '" + listener.name + "' cannot bind " + listener.bind + ": " + *why;
    }
    heritage_.sockets.push_back({std::get<int>(bound), i});
  }
  return std::nullopt;
}

std::optional<std::string> Master::bind_admin() {
  if (config_.proxy.admin.empty()) return std::nullopt;
  const auto address = net::parse_address(config_.proxy.admin);
  if (const auto* why = std::get_if<std::string>(&address)) return "proxy.admin: " + *why;
  const auto bound = net::open_listener(std::get<net::Address>(address));
  if (const auto* why = std::get_if<std::string>(&bound)) {
    return "proxy.admin cannot bind " + config_.proxy.admin + ": " + *why;
  }
  heritage_.admin_fd = std::get<int>(bound);
  return std::nullopt;
}

// --- the life --------------------------------------------------------------------------------------

int Master::run() {
  block_signals();
  log::write(log::Event::started, {{"version", FINISHLINE_VERSION},
                                   {"workers", heritage_.workers},
                                   {"listeners", config_.listeners.size()},
                                   {"servers", config_.servers.size()}});
  for (std::uint32_t worker = 0; worker < heritage_.workers; ++worker)
    children_.add(Role::worker, worker, now());
  children_.add(Role::control, 0, now());
  while (!finished()) {
    start_children();
    wait_for_signal();
    reap_children();
  }
  log::write(log::Event::stopped);
  return exit_code_;
}

void Master::block_signals() {
  ::signal(SIGPIPE, SIG_IGN);
  sigemptyset(&signals_);
  for (const int number : {SIGCHLD, SIGTERM, SIGINT, SIGQUIT}) sigaddset(&signals_, number);
  ::sigprocmask(SIG_BLOCK, &signals_, nullptr);
}

void Master::start_children() {
  while (Child* child = children_.due(now())) {
    const pid_t pid = fork_child(*child);
    if (pid < 0) {
      log::write(log::Event::fork_failed, {{"child", child->name()}, {"reason", std::strerror(errno)}});
      children_.failed_to_start(*child, now());
      stop_if_hopeless(*child);
      continue;
    }
    children_.started(*child, pid, now());
    if (child->role == Role::control) {
      log::write(log::Event::control_started, {{"pid", pid}});
      continue;
    }
    ledger::worker_forked(ledger_, child->number, pid);
    log::write(log::Event::worker_started, {{"worker", child->number}, {"pid", pid}});
  }
}

pid_t Master::fork_child(const Child& child) {
  if (child.role == Role::control) {
    return process::spawn("fl-control", [&] {
      process::start_log(config_.log, child.name());
      return control::run_control(heritage_);
    });
  }
  ledger::worker_starting(ledger_, child.number, now());
  heritage_.worker = child.number;
  return process::spawn("fl-worker-" + std::to_string(child.number), [&] {
    process::start_log(config_.log, child.name());
    return worker::run_worker(heritage_);
  });
}

/// Sleeps until a signal comes or a child is due; acts on the orderly ones. A death is seen by its
/// SIGCHLD, which stays pending however many there are.
void Master::wait_for_signal() {
  const Nanos patience = children_.until_due(now()).value_or(1s);
  const timespec timeout{patience.count() / 1'000'000'000, patience.count() % 1'000'000'000};
  const int number = ::sigtimedwait(&signals_, nullptr, &timeout);
  if (number == SIGTERM || number == SIGINT || number == SIGQUIT) terminate();
}

/// The first time: drain. Once more: the user means it.
void Master::terminate() {
  if (stopping_) {
    signal_children(Role::worker, SIGKILL);
    signal_children(Role::control, SIGKILL);
    return;
  }
  stopping_ = true;
  children_.stop_starting();
  log::write(log::Event::draining);
  signal_children(Role::worker, SIGTERM);
  if (!children_.any_running(Role::worker)) signal_children(Role::control, SIGTERM);
}

void Master::signal_children(Role role, int number) {
  for (const Child& child : children_.children()) {
    if (child.role == role && child.pid != 0) ::kill(child.pid, number);
  }
}

void Master::reap_children() {
  int status = 0;
  for (pid_t pid = ::waitpid(-1, &status, WNOHANG); pid > 0; pid = ::waitpid(-1, &status, WNOHANG)) {
    if (const Child* child = children_.exited(pid, now())) on_exit(*child, status);
  }
}

void Master::on_exit(const Child& child, int status) {
  if (child.role == Role::worker) {
    ledger::enter(ledger_, child.number, ledger::WorkerState::dead);
    ledger_.reclaim(child.number, now());
    ledger::WorkerMetrics(ledger_, child.number).reset_gauges();
  }
  if (stopping_) {
    if (!children_.any_running(Role::worker)) signal_children(Role::control, SIGTERM);
    return;
  }
  log::write(child.role == Role::worker ? log::Event::worker_died : log::Event::control_died,
             {{"child", child.name()}, {"reason", process::describe_wait_status(status)}});
  stop_if_hopeless(child);
}

/// A child that will not live, or cannot be forked, is not waited for any longer.
void Master::stop_if_hopeless(const Child& child) {
  if (stopping_ || !children_.gave_up(child)) return;
  log::write(log::Event::gave_up, {{"child", child.name()}, {"deaths", child.quick_deaths}});
  exit_code_ = 1;
  terminate();
}

int refuse(const std::string& file, const std::string& problem) {
  std::fprintf(stderr, "finishline: %s: %s\n", file.c_str(), problem.c_str());
  return kCannotRun;
}

}  // namespace

int run_master(const config::Config& config) {
  process::start_log(config.log, "master");
  if (const auto problem = process::raise_descriptor_limit(config)) return refuse(config.file, *problem);
  auto ledger = ledger::Ledger::create({config.proxy.max_workers, config.proxy.max_servers});
  if (const auto* problem = std::get_if<std::string>(&ledger)) return refuse(config.file, *problem);
  Master master(config, std::move(std::get<ledger::Ledger>(ledger)));
  if (const auto problem = master.prepare()) return refuse(config.file, *problem);
  return master.run();
}

}  // namespace finishline::master
