#include "lb/master/master.h"

#include <signal.h>
#include <sys/wait.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <memory>
#include <utility>
#include <vector>

#include "lb/config/descriptors.h"
#include "lb/config/source.h"
#include "lb/ledger/control_status.h"
#include "lb/ledger/metrics.h"
#include "lb/ledger/nodes.h"
#include "lb/ledger/worker_status.h"
#include "lb/log/log.h"
#include "lb/master/children.h"
#include "lb/master/clock.h"
#include "lb/master/config_change.h"
#include "lb/master/drain_notice.h"
#include "lb/master/file_watch.h"
#include "lb/master/first_reading.h"
#include "lb/master/mistakes.h"
#include "lb/master/server_processes.h"
#include "lb/master/upgrade.h"
#include "lb/master/wanted_change.h"
#include "lb/master/watchdog.h"
#include "lb/process/activation.h"
#include "lb/process/logging.h"
#include "lb/process/notify.h"
#include "lb/process/pid_file.h"
#include "lb/process/signal_table.h"
#include "lb/process/spawn.h"
#include "lb/process/state_lock.h"
#include "proto/version.h"

namespace finishline::master {
namespace {

constexpr int kCannotRun = 2;
constexpr Nanos kLook = 10ms;  // how often a change under way is looked after
constexpr Nanos kTurn = 1s;    // how often what is due now and then is looked at, whatever else there is
constexpr Nanos kTrial = 1s;   // how often it is looked whether a program that is tried takes too long

log::Event death_of(Role role) {
  return role == Role::worker    ? log::Event::worker_died
         : role == Role::control ? log::Event::control_died
                                 : log::Event::peer_died;
}

class Master {
 public:
  Master(config::GivenFile file, std::optional<config::LogLevel> log_level, ledger::Ledger ledger)
      : ledger_(std::move(ledger)), change_(std::move(file), log_level, ledger_, sockets_, children_) {}

  /// Gets all that the configuration needs; the reason why not. Listening sockets that somebody has opened
  /// are used, and all of them have to be.
  std::optional<std::string> prepare(config::Source source, config::Config config,
                                     std::vector<process::Descriptor> activated);
  /// Goes on where the program before this one has stopped, and begins to change to this configuration. The
  /// reason why it can do neither.
  std::optional<std::string> take_over(Handover handover, config::Source source, config::Config config);
  int run();

 private:
  // children
  void start_children();
  void on_death(const Children::Death& death);
  void on_exit(const ChildTable::Ended& ended, int status);
  void end_helpers();
  void scale();
  void clear_books(ledger::WorkerId worker);
  void stop_if_hopeless(const Child& child);
  void kill_overdue();
  void kill_stalled();
  Instant heartbeat_of(const Child& child) const;

  // signals
  void wait_for_news();
  void on_signal(int number);
  void on_order(const process::Order& order);
  void begin_wanted_change();
  void terminate();
  bool finished() const { return stopping_ && children_.table().running() == 0 && !servers_.any_running(); }

  ledger::Ledger ledger_;
  ListenSockets sockets_;
  Children children_{ledger_, sockets_};
  ServerProcesses servers_{ledger_, [this] { children_.bells().ring_all(); }};
  ConfigChange change_;
  Watchdog watchdog_;
  FileWatch file_watch_;
  process::StateLock state_lock_;
  WantedChange wanted_;
  Upgrade upgrade_{ledger_, sockets_, children_, servers_, change_, state_lock_};
  process::PidFile pid_file_;
  const Nanos feeding_ = process::watchdog_interval();  // of the service manager's watchdog; 0: it has none
  bool stopping_ = false;
  int exit_code_ = 0;
};

std::optional<std::string> Master::prepare(config::Source source, config::Config config,
                                           std::vector<process::Descriptor> activated) {
  for (process::Descriptor& socket : activated) sockets_.adopt_given(socket.release());
  if (const auto strays = sockets_.unused(config); !strays.empty())
    return "the service manager has opened " + strays.front() + ", where no listener is bound";
  if (auto problem = pid_file_.claim(config.proxy.pid_file)) return problem;
  if (auto problem = state_lock_.take(config.proxy.state_dir)) return problem;
  if (auto problem = change_.found(std::move(source), std::move(config))) return problem;
  children_.hang_bells({});
  children_.table().add(Role::control, 0, now());
  const config::Config& first = change_.serving().config;
  log::write(log::Event::started, {{"version", version()},
                                   {"workers", first.worker_count()},
                                   {"listeners", first.listeners.size()},
                                   {"servers", first.servers.size()}});
  if (config::connections_lowered(first))
    log::write(log::Event::connections_limited,
               {{"max_connections", first.proxy.max_connections}, {"reason", config::why_lowered(first)}});
  return std::nullopt;
}

int Master::run() {
  while (!finished()) {
    start_children();
    wait_for_news();
    while (const auto death = children_.reap()) on_death(*death);
    kill_overdue();
    kill_stalled();
    ledger::set_quarantined(ledger_, children_.table().quarantined());
    change_.follow();
    scale();
    if (change_.has_served()) pid_file_.write();
    if (!stopping_) file_watch_.look(sockets_, change_.serving().config, ledger_, state_lock_, now());
    begin_wanted_change();
  }
  pid_file_.remove();
  log::write(log::Event::stopped);
  return exit_code_;
}

// --- children --------------------------------------------------------------------------------------

void Master::start_children() {
  while (Child* child = children_.table().due(now())) {
    if (!children_.start(*child, change_.generation_of(*child))) {
      log::write(log::Event::fork_failed, {{"child", child->name()}, {"reason", std::strerror(errno)}});
      stop_if_hopeless(Child(*child));
    } else if (child->role != Role::worker) {
      log::write(child->role == Role::peer ? log::Event::peer_started : log::Event::control_started,
                 {{"pid", child->pid}});
    } else {
      log::write(log::Event::worker_started, {{"worker", child->number}, {"pid", child->pid}});
    }
  }
}

void Master::on_death(const Children::Death& death) {
  if (death.child) return on_exit(*death.child, death.status);
  if (servers_.ended(death.pid, death.status, now())) return;
  if (upgrade_.ended(death.pid) && !stopping_) upgrade_.conclude(death.status);
}

void Master::on_exit(const ChildTable::Ended& ended, int status) {
  const Child& child = ended.child;
  const bool was_leaving = ended.was == ChildState::leaving, was_renewing = ended.was == ChildState::renewing;
  if (child.role == Role::worker) clear_books(child.number);
  if (child.role == Role::peer && !was_renewing) ledger::reclaim_nodes(ledger_, now());
  if (stopping_) return end_helpers();
  if (was_renewing && WIFEXITED(status)) return;
  if (child.role == Role::peer && was_leaving) return ledger::forget_engine(ledger_);
  if (was_leaving && WIFEXITED(status)) {
    ledger::enter(ledger_, child.number, ledger::WorkerState::none);
    log::write(log::Event::worker_drained, {{"worker", child.number}});
    return;
  }
  if (child.role == Role::worker && !child.overdue) ledger::worker_died(ledger_, child.number);
  log::write(death_of(child.role),
             {{"child", child.name()}, {"reason", process::describe_wait_status(status)}});
  if (!was_leaving && !was_renewing) stop_if_hopeless(child);
}

/// Once nobody serves any more, nobody has to be told of it.
void Master::end_helpers() {
  if (children_.table().any_running(Role::worker)) return;
  children_.drain_control();
  children_.drain(Role::peer);
}

/// Scaled servers, once there are workers; they outlive the workers, whose requests they finish.
void Master::scale() {
  if (stopping_ && !children_.table().any_running(Role::worker)) servers_.stop(now());
  if (!change_.has_served()) return;
  if (!stopping_) servers_.follow(change_.serving());
  servers_.look(now());
}

/// What a worker that runs no more has left in the ledger.
void Master::clear_books(ledger::WorkerId worker) {
  ledger::enter(ledger_, worker, ledger::WorkerState::dead);
  ledger_.reclaim(worker, now());
  ledger::WorkerMetrics(ledger_, worker).reset_gauges();
  children_.bells().ring_all();  // what it held may be what others wait for
}

/// A child that will not live, or cannot be forked, ends nothing that works: only a proxy that has never been
/// up, and will not be, is not waited for any longer.
void Master::stop_if_hopeless(const Child& child) {
  if (stopping_ || !ChildTable::quarantined(child)) return;
  if (change_.abandoned_for(child)) return;
  if (child.quick_deaths == ChildTable::kTooManyQuickDeaths)
    log::write(log::Event::quarantined, {{"child", child.name()}, {"deaths", child.quick_deaths}});
  if (change_.has_served() || !children_.table().hopeless(child)) return;
  log::write(log::Event::gave_up, {{"child", child.name()}, {"deaths", child.quick_deaths}});
  exit_code_ = 1;
  terminate();
}

void Master::kill_overdue() {
  for (const pid_t pid : children_.table().overdue(now())) {
    log::write(log::Event::worker_killed, {{"pid", pid}, {"reason", "it took too long to end"}});
    ::kill(pid, SIGKILL);
  }
  upgrade_.kill_overdue(now());
}

/// When its loop turned last; nothing there: it has not yet.
Instant Master::heartbeat_of(const Child& child) const {
  if (child.role == Role::control) return ledger::control_status(ledger_).heartbeat_at;
  if (child.role == Role::peer) return ledger::engine_status(ledger_).heartbeat_at;
  const ledger::WorkerStatus status = ledger::worker_status(ledger_, child.number);
  const bool turns =
      status.state == ledger::WorkerState::running || status.state == ledger::WorkerState::draining;
  return turns ? status.heartbeat_at : Instant();
}

void Master::kill_stalled() {
  const Nanos patience = change_.serving().config.proxy.watchdog;
  if (patience == 0ns) return;
  watchdog_.look(patience, now());
  for (const Child& child : children_.table().children()) {
    const Instant heartbeat_at = child.pid == 0 ? Instant() : heartbeat_of(child);
    if (heartbeat_at == Instant() || !watchdog_.stalled(child.pid, heartbeat_at)) continue;
    log::write(log::Event::stalled, {{"child", child.name()},
                                     {"pid", child.pid},
                                     {"for_s", static_cast<double>((now() - heartbeat_at) / 1ms) / 1000}});
    ledger::count_stalled(ledger_);
    ::kill(child.pid, SIGKILL);
  }
}

// --- signals ---------------------------------------------------------------------------------------

void Master::wait_for_news() {
  Nanos patience = std::min<Nanos>(children_.table().until_due(now()).value_or(kTurn), kTurn);
  if (change_.under_way()) patience = std::min<Nanos>(patience, kLook);
  if (wanted_.any() && change_.helpers_behind()) patience = std::min<Nanos>(patience, kLook);
  if (feeding_ > 0ns) patience = std::min(patience, feeding_);
  if (const Nanos limit = change_.serving().config.proxy.watchdog; limit > 0ns)
    patience = std::min(patience, Watchdog::look_interval(limit));
  patience = std::min(patience, change_.until_due());
  if (const auto due = servers_.until_due(now())) patience = std::min(patience, *due);
  if (upgrade_.under_way()) patience = std::min<Nanos>(patience, kTrial);
  const Children::News news = children_.wait(patience, change_.reader_fd());
  if (feeding_ > 0ns) process::notify("WATCHDOG=1");
  ledger::count_lost_lines(ledger_, log::keep_up());
  for (const int number : news.signals) on_signal(number);
  for (const process::Order& order : news.orders) on_order(order);
}

void Master::on_order(const process::Order& order) {
  if (order.kind == process::Order::Kind::reload)
    wanted_.reload = order.revision;
  else if (order.kind == process::Order::Kind::overlay)
    wanted_.overlay = order;
  else if (order.kind == process::Order::Kind::upgrade)
    wanted_.upgrade = order.revision;
  else if (order.kind != process::Order::Kind::scale)  // that one says only that it is time to look
    log::write(log::Event::order_unknown, {{"kind", static_cast<unsigned>(order.kind)}});
}

void Master::on_signal(int number) {
  switch (process::meaning_of(number)) {
    case process::Meaning::reload:
      wanted_.reload = wanted_.reload.value_or(0);
      return;
    case process::Meaning::upgrade:
      wanted_.upgrade = wanted_.upgrade.value_or(0);
      return;
    case process::Meaning::reopen_log:
      return change_.reopen_log();
    case process::Meaning::stop:
      return terminate();
    default:
      return;
  }
}

/// The first time: drain. Once more: the user means it.
void Master::terminate() {
  if (stopping_) {
    children_.kill(Role::worker);
    children_.kill(Role::control);
    children_.kill(Role::peer);
    servers_.kill();
    return;
  }
  stopping_ = true;
  children_.table().stop_starting();
  tell_of_drain(ledger_, change_.serving().config.proxy.drain_timeout);
  process::notify("STOPPING=1\nSTATUS=open requests are finished");
  upgrade_.give_up(kEnds);
  change_.end();
  end_helpers();
}

// --- changes ---------------------------------------------------------------------------------------

/// One after the other, and each only when control and the peer process have taken the one before: they
/// write about servers whose rows may be let anew (ledger/row_lease.h).
void Master::begin_wanted_change() {
  if (stopping_ && wanted_.any()) return refuse_all(wanted_, ledger_, children_);
  if (wanted_.any()) change_.drop_look();
  if (change_.under_way() || change_.reading() || children_.table().renewing() || upgrade_.under_way() ||
      stopping_)
    return;
  if (change_.helpers_behind()) return;
  if (wanted_.upgrade) return upgrade_.begin(*std::exchange(wanted_.upgrade, std::nullopt));
  if (wanted_.reload) return change_.reload(*std::exchange(wanted_.reload, std::nullopt));
  if (wanted_.overlay) return change_.change_overlay(*std::exchange(wanted_.overlay, std::nullopt));
  change_.look_again_if_due();
}

std::optional<std::string> Master::take_over(Handover handover, config::Source source,
                                             config::Config config) {
  sockets_.adopt(handover.sockets, handover.given, handover.files);
  children_.hang_bells(handover.bells);
  for (const Handover::RunningChild& child : handover.children)
    children_.adopt(child.child, process::Descriptor(child.line));
  for (const pid_t stranger : handover.strangers) ::kill(stranger, SIGKILL);
  servers_.adopt(handover.servers);
  if (!children_.table().any_running(Role::control)) children_.table().add(Role::control, 0, now());
  log::write(log::Event::taken_over, {{"version", version()}, {"children", children_.table().running()}});
  // Its own, unless the file has another one now, which is no reason to end what runs.
  if (const auto problem = pid_file_.claim(config.proxy.pid_file))
    log::write(log::Event::pid_file_failed, {{"reason", *problem}});
  state_lock_.adopt(config.proxy.state_dir, process::Descriptor(handover.state_lock));
  return change_.inherit(handover, std::move(source), std::move(config));
}

int refuse(const config::GivenFile& file, const std::string& problem) {
  std::fprintf(stderr, "finishline: %s\n", file.said(file.path + ": " + problem).c_str());
  return kCannotRun;
}

/// The ledger of the program before this one, where it fits; else a new one.
std::variant<ledger::Ledger, std::string> ledger_for(const config::Proxy& proxy,
                                                     std::optional<Handover>& handover) {
  const ledger::Sizes sizes{proxy.max_workers, proxy.max_servers, proxy.max_sources, proxy.max_peers};
  if (!handover) return ledger::Ledger::create(sizes);
  auto adopted = ledger::Ledger::adopt(handover->ledger, sizes);
  const auto* why = std::get_if<std::string>(&adopted);
  if (why == nullptr) return adopted;
  log::write(log::Event::ledger_renewed, {{"reason", *why}});
  return ledger::Ledger::create(sizes);
}

}  // namespace

int run_master(const config::GivenFile& file, std::optional<config::LogLevel> log_level) {
  process::ignore_signals();
  auto activated = process::take_activated_sockets();
  auto handover = take_handover();
  const MachineTrial trial = activated.empty() ? MachineTrial::start : MachineTrial::activation;
  auto read = reading_for(file, handover, trial);
  if (!read) return kCannotRun;
  auto parsed = config::parse(*read->source());
  if (const auto* problems = std::get_if<std::vector<config::Problem>>(&parsed))
    return refuse(file, config::to_string(problems->front(), file.path));
  auto config = std::move(std::get<config::Config>(parsed));
  if (log_level) config.log.level = *log_level;
  process::start_log(config.log, "master");
  process::start_access_log(config.log);
  auto ledger = ledger_for(config.proxy, handover);
  if (const auto* problem = std::get_if<std::string>(&ledger)) return refuse(file, *problem);
  const config::Proxy proxy = config.proxy;
  auto master = std::make_unique<Master>(file, log_level, std::move(std::get<ledger::Ledger>(ledger)));
  const auto problem = handover ? master->take_over(std::move(*handover), *read->source(), std::move(config))
                                : master->prepare(*read->source(), std::move(config), std::move(activated));
  if (problem && handover) return refuse(file, *problem);
  if (problem) return master.reset(), tell_mistakes(file, *read->source(), trial, *problem), kCannotRun;
  tell_of_changes_left_out(proxy, read->changes_fault);
  return master->run();
}

}  // namespace finishline::master
