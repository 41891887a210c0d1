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

#include "lb/config/change.h"
#include "lb/config/source.h"
#include "lb/ledger/metrics.h"
#include "lb/ledger/revision.h"
#include "lb/ledger/worker_status.h"
#include "lb/log/log.h"
#include "lb/master/family.h"
#include "lb/process/activation.h"
#include "lb/process/logging.h"
#include "lb/process/notify.h"
#include "lb/process/program.h"
#include "lb/process/spawn.h"

namespace finishline::master {
namespace {

constexpr int kCannotRun = 2;
constexpr Nanos kLook = 10ms;           // how often a change under way is looked after
constexpr Nanos kChangePatience = 15s;  // a change that takes longer has failed
constexpr Nanos kDrainGrace = 2s;       // for a worker, beyond its drain timeout

Instant now() { return std::chrono::steady_clock::now(); }

std::vector<std::string> texts_of(const std::vector<config::Problem>& problems, const std::string& file) {
  std::vector<std::string> texts;
  for (const config::Problem& problem : problems) texts.push_back(config::to_string(problem, file));
  return texts;
}

/// Configurations and the workers that run them:
///
///   next_      being started, not all of its workers are up; null most of the time
///   current_   in force; null only until the first one is up
///   leaving    workers of earlier generations, which finish what they have begun (child_table.h)
class Master {
 public:
  Master(std::string file, std::optional<config::LogLevel> log_level, ledger::Ledger ledger)
      : file_(std::move(file)), log_level_(log_level), ledger_(std::move(ledger)) {}

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
  void on_exit(const Child& child, int status);
  void clear_books(ledger::WorkerId worker);
  void stop_if_hopeless(const Child& child);
  void kill_overdue();
  Generation& serving() { return current_ ? *current_ : *next_; }
  const Generation& generation_of(const Child& child);

  // signals
  void wait_for_news();
  void on_signal(int number);
  void terminate();
  bool finished() const { return stopping_ && family_.children().running() == 0; }

  // changes
  config::Config with_log_level(config::Config config) const;
  void begin_wanted_change();
  void reload();
  void upgrade();
  Handover handover() const;
  void change_in_place(std::unique_ptr<Generation> wanted);
  void begin_generation(std::unique_ptr<Generation> wanted);
  void follow_change();
  bool all_confirmed(const Generation& generation) const;
  void complete_change();
  void replace_generation();
  void give_up_change();
  void abandon_next(const std::string& reason);
  void kill_unconfirmed();
  void refuse(const std::vector<std::string>& problems);
  void tell_ready(const std::string& news = "") const;
  void renew_control();
  void drain(std::uint32_t generation, const std::vector<std::string>& listeners);

  const std::string file_;
  const std::optional<config::LogLevel> log_level_;
  ledger::Ledger ledger_;
  ListenSockets sockets_;
  Family family_{ledger_, sockets_};
  std::unique_ptr<Generation> current_;
  std::unique_ptr<Generation> next_;
  std::optional<Instant> change_begun_at_;  // nothing: no change is under way
  bool reload_wanted_ = false;
  bool upgrade_wanted_ = false;
  const process::Program program_ = process::this_program();
  const Nanos watchdog_ = process::watchdog_interval();  // 0: nobody watches
  bool stopping_ = false;
  int exit_code_ = 0;
};

std::optional<std::string> Master::prepare(config::Source source, config::Config config,
                                           std::vector<process::Descriptor> activated) {
  for (process::Descriptor& socket : activated) sockets_.adopt(socket.release());
  if (const auto strays = sockets_.unused(config); !strays.empty())
    return "the service manager has opened " + strays.front() + ", where no listener is bound";
  auto made = make_generation(1, std::move(source), std::move(config), sockets_, ledger_);
  if (auto* problem = std::get_if<std::string>(&made)) return std::move(*problem);
  begin_generation(std::move(std::get<std::unique_ptr<Generation>>(made)));
  configure_policies(*next_, ledger_);
  family_.children().add(Role::control, 0, now());
  log::write(log::Event::started, {{"version", FINISHLINE_VERSION},
                                   {"workers", next_->config.worker_count()},
                                   {"listeners", next_->config.listeners.size()},
                                   {"servers", next_->config.servers.size()}});
  return std::nullopt;
}

int Master::run() {
  while (!finished()) {
    start_children();
    wait_for_news();
    while (const auto death = family_.reap()) on_exit(death->child, death->status);
    kill_overdue();
    follow_change();
    begin_wanted_change();
  }
  log::write(log::Event::stopped);
  return exit_code_;
}

// --- children --------------------------------------------------------------------------------------

void Master::start_children() {
  while (Child* child = family_.children().due(now())) {
    if (!family_.start(*child, generation_of(*child))) {
      log::write(log::Event::fork_failed, {{"child", child->name()}, {"reason", std::strerror(errno)}});
      stop_if_hopeless(Child(*child));
    } else if (child->role == Role::control) {
      log::write(log::Event::control_started, {{"pid", child->pid}});
    } else {
      log::write(log::Event::worker_started, {{"worker", child->number}, {"pid", child->pid}});
    }
  }
}

const Generation& Master::generation_of(const Child& child) {
  const bool is_next = next_ && child.role == Role::worker && child.generation == next_->number;
  return is_next ? *next_ : serving();
}

void Master::on_exit(const Child& child, int status) {
  if (child.role == Role::worker) clear_books(child.number);
  if (stopping_) {
    if (!family_.children().any_running(Role::worker)) family_.signal(Role::control, SIGTERM);
    return;
  }
  if (child.renewing && WIFEXITED(status)) return;
  if (child.leaving && WIFEXITED(status)) {
    ledger::enter(ledger_, child.number, ledger::WorkerState::none);
    log::write(log::Event::worker_drained, {{"worker", child.number}});
    return;
  }
  log::write(child.role == Role::worker ? log::Event::worker_died : log::Event::control_died,
             {{"child", child.name()}, {"reason", process::describe_wait_status(status)}});
  if (!child.leaving && !child.renewing) stop_if_hopeless(child);
}

/// What a worker that runs no more has left in the ledger.
void Master::clear_books(ledger::WorkerId worker) {
  ledger::enter(ledger_, worker, ledger::WorkerState::dead);
  ledger_.reclaim(worker, now());
  ledger::WorkerMetrics(ledger_, worker).reset_gauges();
}

/// A child that will not live, or cannot be forked, is not waited for any longer.
void Master::stop_if_hopeless(const Child& child) {
  if (stopping_ || !ChildTable::gave_up(child)) return;
  if (current_ && next_ && child.role == Role::worker && child.generation == next_->number)
    return abandon_next(child.name() + " died " + std::to_string(child.quick_deaths) + " times");
  log::write(log::Event::gave_up, {{"child", child.name()}, {"deaths", child.quick_deaths}});
  exit_code_ = 1;
  terminate();
}

void Master::kill_overdue() {
  for (const pid_t pid : family_.children().overdue(now())) {
    log::write(log::Event::worker_killed, {{"pid", pid}, {"reason", "its drain took too long"}});
    ::kill(pid, SIGKILL);
  }
}

// --- signals ---------------------------------------------------------------------------------------

void Master::wait_for_news() {
  Nanos patience = family_.children().until_due(now()).value_or(1s);
  if (change_begun_at_) patience = std::min<Nanos>(patience, kLook);
  if (watchdog_ > 0ns) patience = std::min(patience, watchdog_);
  const Family::News news = family_.wait(patience);
  if (watchdog_ > 0ns) process::notify("WATCHDOG=1");
  for (const int number : news.signals) on_signal(number);
  reload_wanted_ |= news.reload_wanted;
}

void Master::on_signal(int number) {
  if (number == SIGHUP) {
    reload_wanted_ = true;
  } else if (number == SIGUSR2) {
    upgrade_wanted_ = true;
  } else {
    terminate();
  }
}

/// The first time: drain. Once more: the user means it.
void Master::terminate() {
  if (stopping_) {
    family_.signal(Role::worker, SIGKILL);
    family_.signal(Role::control, SIGKILL);
    return;
  }
  stopping_ = true;
  change_begun_at_.reset();
  family_.children().stop_starting();
  log::write(log::Event::draining);
  process::notify("STOPPING=1\nSTATUS=open requests are finished");
  sockets_.close_all_but({});
  for (const Generation* generation : {current_.get(), next_.get()}) {
    if (generation == nullptr) continue;
    std::vector<std::string> all;
    for (const config::Listener& listener : generation->config.listeners) all.push_back(listener.name);
    drain(generation->number, all);
  }
  if (!family_.children().any_running(Role::worker)) family_.signal(Role::control, SIGTERM);
}

/// Nobody else takes connections from these listeners of theirs.
void Master::drain(std::uint32_t generation, const std::vector<std::string>& listeners) {
  std::string names;
  for (const std::string& name : listeners) names += name + '\n';
  if (!names.empty()) family_.order(generation, {.kind = process::Order::Kind::unlisten, .text = names});
  family_.signal(generation, SIGTERM);
}

// --- changes ---------------------------------------------------------------------------------------

/// What the command line has said stands over what the file says.
config::Config Master::with_log_level(config::Config config) const {
  if (log_level_) config.log.level = *log_level_;
  return config;
}

/// One after the other.
void Master::begin_wanted_change() {
  if (change_begun_at_ || stopping_) return;
  if (std::exchange(upgrade_wanted_, false)) upgrade();
  if (std::exchange(reload_wanted_, false)) reload();
}

void Master::reload() {
  log::write(log::Event::reloading, {{"file", file_}});
  process::notify_reloading();
  config::Reading reading = config::read_source(file_);
  if (const auto* problems = std::get_if<std::vector<config::Problem>>(&reading.result))
    return refuse(texts_of(*problems, file_));
  config::Config wanted = with_log_level(std::move(std::get<config::Config>(reading.result)));
  const config::Change change = config::change_between(current_->config, wanted);
  if (!change.refusals.empty()) return refuse(texts_of(change.refusals, file_));

  const bool in_place = change.scope != config::Scope::listeners;
  auto made = make_generation(current_->number + (in_place ? 0 : 1), std::move(reading.source),
                              std::move(wanted), sockets_, ledger_);
  if (const auto* problem = std::get_if<std::string>(&made)) return refuse({file_ + ": " + *problem});
  auto& generation = std::get<std::unique_ptr<Generation>>(made);
  generation->heritage.revision = current_->heritage.revision + 1;
  if (in_place) return change_in_place(std::move(generation));
  begin_generation(std::move(generation));
}

/// The workers stay, and are told.
void Master::change_in_place(std::unique_ptr<Generation> wanted) {
  change_begun_at_ = now();
  current_ = std::move(wanted);
  family_.order(current_->number, {.kind = process::Order::Kind::change,
                                   .revision = current_->heritage.revision,
                                   .text = config::to_bytes(current_->source)});
}

/// New workers come up beside those that run.
void Master::begin_generation(std::unique_ptr<Generation> wanted) {
  const std::uint32_t workers = wanted->config.worker_count();
  const auto numbers = family_.children().free_numbers(workers, ledger_.sizes().max_workers);
  next_ = std::move(wanted);
  change_begun_at_ = now();
  if (numbers.size() < workers)
    return abandon_next("workers of earlier reloads still drain: try again later");
  for (const std::uint32_t number : numbers)
    family_.children().add(Role::worker, number, now(), next_->number);
}

void Master::follow_change() {
  if (!change_begun_at_) return;
  if (all_confirmed(next_ ? *next_ : *current_)) return complete_change();
  if (current_ && now() - *change_begun_at_ > kChangePatience) give_up_change();
}

bool Master::all_confirmed(const Generation& generation) const {
  const auto& all = family_.children().children();
  return std::all_of(all.begin(), all.end(), [&](const Child& child) {
    if (child.role != Role::worker || child.generation != generation.number) return true;
    return child.pid != 0 &&
           ledger::worker_status(ledger_, child.number).revision == generation.heritage.revision;
  });
}

void Master::complete_change() {
  change_begun_at_.reset();
  const bool first = current_ == nullptr;
  const bool in_place = next_ == nullptr;
  if (next_) replace_generation();
  retire_rows(current_->config, ledger_);
  configure_policies(*current_, ledger_);
  ledger::revision_in_force(ledger_, current_->heritage.revision);
  tell_ready();
  if (first) return;
  renew_control();
  log::write(log::Event::reloaded, {{"revision", current_->heritage.revision},
                                    {"workers", in_place ? "the same" : "new"},
                                    {"servers", current_->config.servers.size()}});
}

void Master::replace_generation() {
  const auto before = std::exchange(current_, std::move(next_));
  const config::Config& old = before ? before->config : current_->config;
  sockets_.close_unused(current_->config);
  if (old.log != current_->config.log) process::start_log(current_->config.log, "master");
  for (const std::uint32_t generation : family_.children().other_generations(current_->number)) {
    drain(generation, listeners_lost(old, current_->config));
    family_.children().leave(generation, now() + old.proxy.drain_timeout + kDrainGrace);
  }
}

/// It writes the health of servers, so the old one has to end before the new one starts.
void Master::renew_control() {
  if (const pid_t pid = family_.children().renew_control(); pid != 0) ::kill(pid, SIGTERM);
}

void Master::give_up_change() {
  if (next_) return abandon_next("the new workers do not come up");
  kill_unconfirmed();
  change_begun_at_ = now();
}

/// Their successors are forked with what they did not take.
void Master::kill_unconfirmed() {
  for (const Child& child : family_.children().children()) {
    if (child.role != Role::worker || child.pid == 0 || child.leaving) continue;
    if (ledger::worker_status(ledger_, child.number).revision == current_->heritage.revision) continue;
    log::write(log::Event::worker_killed, {{"child", child.name()}, {"reason", "it did not take a reload"}});
    ::kill(child.pid, SIGKILL);
  }
}

void Master::abandon_next(const std::string& reason) {
  change_begun_at_.reset();
  family_.signal(next_->number, SIGKILL);
  family_.children().leave(next_->number, Instant::max());
  next_.reset();
  refuse({file_ + ": " + reason});
}

/// Nothing has changed, or is as it was again.
void Master::refuse(const std::vector<std::string>& problems) {
  sockets_.close_unused(current_->config);
  static_cast<void>(ensure_rows(current_->config, ledger_));  // all there, but slots may have been changed
  retire_rows(current_->config, ledger_);
  std::string all;
  for (const std::string& problem : problems) {
    log::write(log::Event::reload_refused, {{"problem", problem}});
    all += problem + '\n';
  }
  family_.order_control({.kind = process::Order::Kind::refused, .text = all});
  ledger::count_refused_reload(ledger_);  // after the reasons: who sees the count will find them
  tell_ready("a reload was refused, ");
}

void Master::tell_ready(const std::string& news) const {
  const config::Config& config = current_->config;
  process::notify("READY=1\nSTATUS=" + news + "revision " + std::to_string(current_->heritage.revision) +
                  ", " + std::to_string(config.worker_count()) + " workers, " +
                  std::to_string(config.listeners.size()) + " listeners, " +
                  std::to_string(config.servers.size()) + " servers");
}

// --- a new program ---------------------------------------------------------------------------------

/// The new program is tried first; what can go wrong after that leaves this one as it was.
void Master::upgrade() {
  log::write(log::Event::upgrading, {{"program", program_.path}});
  process::notify_reloading();
  const auto refuse = [this](const std::string& why) {
    log::write(log::Event::upgrade_refused, {{"reason", why}});
    tell_ready("an upgrade was refused, ");
  };
  if (const auto fault = process::try_program(program_.path, {"check", "-c", file_}))
    return refuse("'check' of the new program: " + *fault);
  const Handover will = handover();
  const process::Descriptor memory = leave_handover(will);
  if (!memory) return refuse("no memory for the handover");
  const std::string why = process::become(program_);
  withdraw_handover();
  keep_over_exec(will, false);
  refuse(why);
}

Handover Master::handover() const {
  Handover will{.ledger = ledger_.descriptor(),
                .revision = current_->heritage.revision,
                .generation = current_->number,
                .sockets = {},
                .children = family_.heirs(),
                .source = current_->source};
  for (const auto& [place, socket] : sockets_.places()) will.sockets.emplace_back(place, socket.get());
  return will;
}

/// The old workers go on under the configuration that they were started with until the new ones are up. Where
/// this program cannot read that any more, they leave then, as they would.
std::optional<std::string> Master::take_over(Handover handover, config::Source source,
                                             config::Config config) {
  for (const auto& [place, fd] : handover.sockets) sockets_.adopt(fd, place);
  for (const Handover::Heir& heir : handover.children)
    family_.adopt(heir.child, process::Descriptor(heir.line));
  if (!family_.children().any_running(Role::control)) family_.children().add(Role::control, 0, now());
  log::write(log::Event::taken_over,
             {{"version", FINISHLINE_VERSION}, {"children", family_.children().running()}});
  auto before = config::parse(handover.source);
  if (auto* old = std::get_if<config::Config>(&before)) {
    auto kept = make_generation(handover.generation, std::move(handover.source),
                                with_log_level(std::move(*old)), sockets_, ledger_);
    if (auto* made = std::get_if<std::unique_ptr<Generation>>(&kept)) current_ = std::move(*made);
    if (current_) current_->heritage.revision = handover.revision;
  }
  auto made =
      make_generation(handover.generation + 1, std::move(source), std::move(config), sockets_, ledger_);
  if (const auto* problem = std::get_if<std::string>(&made)) {
    if (!current_) return *problem;
    refuse({file_ + ": " + *problem});
    return std::nullopt;
  }
  auto& wanted = std::get<std::unique_ptr<Generation>>(made);
  wanted->heritage.revision = handover.revision + 1;
  begin_generation(std::move(wanted));
  return std::nullopt;
}

int refuse(const std::string& file, const std::string& problem) {
  std::fprintf(stderr, "finishline: %s: %s\n", file.c_str(), problem.c_str());
  return kCannotRun;
}

/// The ledger of the program before this one, where it fits; else a new one.
std::variant<ledger::Ledger, std::string> ledger_for(const config::Proxy& proxy,
                                                     std::optional<Handover>& handover) {
  const ledger::Sizes sizes{proxy.max_workers, proxy.max_servers, proxy.max_sources};
  if (!handover) return ledger::Ledger::create(sizes);
  auto adopted = ledger::Ledger::adopt(handover->ledger, sizes);
  const auto* why = std::get_if<std::string>(&adopted);
  if (why == nullptr) return adopted;
  log::write(log::Event::ledger_renewed, {{"reason", *why}});
  return ledger::Ledger::create(sizes);
}

}  // namespace

int run_master(config::Source source, config::Config config, std::optional<config::LogLevel> log_level) {
  const std::string file = config.file;
  auto activated = process::take_activated_sockets();
  auto handover = take_handover();
  if (log_level) config.log.level = *log_level;
  process::start_log(config.log, "master");
  auto ledger = ledger_for(config.proxy, handover);
  if (const auto* problem = std::get_if<std::string>(&ledger)) return refuse(file, *problem);
  Master master(file, log_level, std::move(std::get<ledger::Ledger>(ledger)));
  if (handover) {
    const auto problem = master.take_over(std::move(*handover), std::move(source), std::move(config));
    return problem ? refuse(file, *problem) : master.run();
  }
  if (const auto problem = master.prepare(std::move(source), std::move(config), std::move(activated)))
    return refuse(file, *problem);
  return master.run();
}

}  // namespace finishline::master
