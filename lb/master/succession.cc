#include "lb/master/succession.h"

#include <signal.h>

#include <algorithm>
#include <utility>

#include "lb/config/change.h"
#include "lb/ledger/control_status.h"
#include "lb/ledger/revision.h"
#include "lb/ledger/worker_status.h"
#include "lb/log/log.h"
#include "lb/process/logging.h"
#include "lb/process/notify.h"

namespace finishline::master {
namespace {

constexpr Nanos kPatience = 15s;     // a change that takes longer has failed
constexpr Nanos kDrainGrace = 2s;    // for a worker, beyond its drain timeout
constexpr Nanos kControlGrace = 5s;  // for a control process that is to end

Instant now() { return std::chrono::steady_clock::now(); }

std::vector<std::string> texts_of(const std::vector<config::Problem>& problems, const std::string& file) {
  std::vector<std::string> texts;
  for (const config::Problem& problem : problems) texts.push_back(config::to_string(problem, file));
  return texts;
}

std::vector<std::string> names_of(const std::vector<config::Listener>& listeners) {
  std::vector<std::string> names;
  for (const config::Listener& listener : listeners) names.push_back(listener.name);
  return names;
}

}  // namespace

Succession::Succession(std::string file, std::optional<config::LogLevel> log_level, ledger::Ledger& ledger,
                       ListenSockets& sockets, Family& family)
    : file_(std::move(file)), log_level_(log_level), ledger_(ledger), sockets_(sockets), family_(family) {}

std::optional<std::string> Succession::found(config::Source source, config::Config config) {
  auto made = make_generation(1, std::move(source), std::move(config), sockets_, ledger_);
  if (auto* problem = std::get_if<std::string>(&made)) return std::move(*problem);
  begin(std::move(std::get<std::unique_ptr<Generation>>(made)));
  configure_policies(*next_, ledger_);
  return std::nullopt;
}

/// The old workers go on under the configuration that they were started with until the new ones are up. Where
/// this program cannot read that any more, they leave then, as they would.
std::optional<std::string> Succession::inherit(const Handover& handover, config::Source source,
                                               config::Config config) {
  auto before = config::parse(handover.source);
  if (auto* old = std::get_if<config::Config>(&before)) {
    auto kept = make_generation(handover.generation, handover.source, with_log_level(std::move(*old)),
                                sockets_, ledger_);
    if (auto* made = std::get_if<std::unique_ptr<Generation>>(&kept)) current_ = std::move(*made);
    if (current_) current_->heritage.revision = handover.revision;
  }
  control_is_older_ = true;
  auto made =
      make_generation(handover.generation + 1, std::move(source), std::move(config), sockets_, ledger_);
  if (const auto* problem = std::get_if<std::string>(&made)) {
    if (!current_) return *problem;
    refuse({file_ + ": " + *problem});
    return std::nullopt;
  }
  auto& wanted = std::get<std::unique_ptr<Generation>>(made);
  wanted->heritage.revision = handover.revision + 1;
  begin(std::move(wanted));
  return std::nullopt;
}

const Generation& Succession::generation_of(const Child& child) const {
  const bool is_next = next_ && child.role == Role::worker && child.generation == next_->number;
  return is_next ? *next_ : serving();
}

// --- the beginning of a change ---------------------------------------------------------------------

/// What the command line has said stands over what the file says.
config::Config Succession::with_log_level(config::Config config) const {
  if (log_level_) config.log.level = *log_level_;
  return config;
}

void Succession::reopen_log() {
  process::reopen_log();
  family_.pass_log();
}

void Succession::reload() {
  reopen_log();  // whatever becomes of the rest
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
  begin(std::move(generation));
}

/// The workers stay, and are told.
void Succession::change_in_place(std::unique_ptr<Generation> wanted) {
  change_begun_at_ = now();
  current_ = std::move(wanted);
  family_.order(current_->number, {.kind = process::Order::Kind::change,
                                   .revision = current_->heritage.revision,
                                   .text = config::to_bytes(current_->source)});
}

/// New workers come up beside those that run.
void Succession::begin(std::unique_ptr<Generation> wanted) {
  const std::uint32_t workers = wanted->config.worker_count();
  const auto numbers = family_.children().free_numbers(workers, ledger_.sizes().max_workers);
  next_ = std::move(wanted);
  change_begun_at_ = now();
  if (numbers.size() < workers)
    return abandon_next("workers of earlier reloads still drain: try again later");
  for (const std::uint32_t number : numbers)
    family_.children().add(Role::worker, number, now(), next_->number);
}

// --- its course ------------------------------------------------------------------------------------

void Succession::follow() {
  hurry_control();
  if (!change_begun_at_) return;
  if (all_confirmed(next_ ? *next_ : *current_)) return complete();
  if (current_ && now() - *change_begun_at_ > kPatience) give_up();
}

bool Succession::all_confirmed(const Generation& generation) const {
  const auto& all = family_.children().children();
  return std::all_of(all.begin(), all.end(), [&](const Child& child) {
    if (child.role != Role::worker || child.generation != generation.number) return true;
    return child.pid != 0 &&
           ledger::worker_status(ledger_, child.number).revision == generation.heritage.revision;
  });
}

void Succession::complete() {
  change_begun_at_.reset();
  const bool first = current_ == nullptr;
  const bool in_place = next_ == nullptr;
  if (next_) replace_generation();
  retire_rows(current_->config, ledger_);
  configure_policies(*current_, ledger_);
  ledger::revision_in_force(ledger_, current_->heritage.revision);
  tell_ready();
  if (first) return;
  pass_to_control();
  log::write(log::Event::reloaded, {{"revision", current_->heritage.revision},
                                    {"workers", in_place ? "the same" : "new"},
                                    {"servers", current_->config.servers.size()}});
}

void Succession::replace_generation() {
  const auto before = std::exchange(current_, std::move(next_));
  const config::Config& old = before ? before->config : current_->config;
  sockets_.close_unused(current_->config);
  if (old.log != current_->config.log) {
    process::start_log(current_->config.log, "master");
    family_.pass_log_to_control();
  }
  const config::Proxy& proxy = current_->config.proxy;
  control_is_older_ |= proxy.user != old.proxy.user || proxy.group != old.proxy.group;
  for (const std::uint32_t generation : family_.children().other_generations(current_->number)) {
    drain(generation, listeners_lost(old, current_->config));
    family_.children().leave(generation, now() + old.proxy.drain_timeout + kDrainGrace);
  }
}

bool Succession::control_behind() const {
  return current_ && family_.children().control() != 0 && !family_.children().renewing() &&
         ledger::control_status(ledger_).revision != current_->heritage.revision;
}

/// It goes on with all that it counts and times. One of an earlier program or of another user cannot.
void Succession::pass_to_control() {
  control_told_at_ = now();
  if (std::exchange(control_is_older_, false)) return renew_control();
  const bool told =
      family_.order_control({.kind = process::Order::Kind::token, .text = current_->heritage.admin_token}) &&
      family_.order_control({.kind = process::Order::Kind::change,
                             .revision = current_->heritage.revision,
                             .text = config::to_bytes(current_->source)});
  if (!told) control_told_at_ = {};  // long ago: it is not waited for
}

/// One that does not take a change is stuck; its successor begins with it.
void Succession::hurry_control() {
  if (under_way() || !control_behind() || now() - control_told_at_ <= kControlGrace) return;
  log::write(log::Event::worker_killed, {{"child", "control"}, {"reason", "it did not take a reload"}});
  ::kill(family_.children().control(), SIGKILL);
  control_told_at_ = now();
}

/// It writes the health of servers, so the old one has to end before the new one starts.
void Succession::renew_control() {
  if (family_.children().renew_control(now() + kControlGrace) != 0) family_.drain_control();
}

// --- its failure -----------------------------------------------------------------------------------

void Succession::give_up() {
  if (next_) return abandon_next("the new workers do not come up");
  kill_unconfirmed();
  change_begun_at_ = now();
}

/// Their successors are forked with what they did not take.
void Succession::kill_unconfirmed() {
  for (const Child& child : family_.children().children()) {
    if (child.role != Role::worker || child.pid == 0 || child.leaving) continue;
    if (ledger::worker_status(ledger_, child.number).revision == current_->heritage.revision) continue;
    log::write(log::Event::worker_killed, {{"child", child.name()}, {"reason", "it did not take a reload"}});
    ::kill(child.pid, SIGKILL);
  }
}

void Succession::abandon_next(const std::string& reason) {
  change_begun_at_.reset();
  family_.kill(next_->number);
  family_.children().leave(next_->number, Instant::max());
  next_.reset();
  refuse({file_ + ": " + reason});
}

/// Nothing has changed, or is as it was again.
void Succession::refuse(const std::vector<std::string>& problems) {
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

bool Succession::abandoned_for(const Child& child) {
  if (!current_ || !next_ || child.role != Role::worker || child.generation != next_->number) return false;
  abandon_next(child.name() + " died " + std::to_string(child.quick_deaths) + " times");
  return true;
}

// --- the end of all --------------------------------------------------------------------------------

/// Nobody else takes connections from these listeners of theirs.
void Succession::drain(std::uint32_t generation, const std::vector<std::string>& listeners) {
  std::string names;
  for (const std::string& name : listeners) names += name + '\n';
  if (!names.empty()) family_.order(generation, {.kind = process::Order::Kind::unlisten, .text = names});
  family_.drain(generation);
}

void Succession::end() {
  change_begun_at_.reset();
  sockets_.close_all_but({});
  for (const Generation* generation : {current_.get(), next_.get()}) {
    if (generation != nullptr) drain(generation->number, names_of(generation->config.listeners));
  }
}

void Succession::tell_ready(const std::string& news) const {
  const config::Config& config = current_->config;
  process::notify("READY=1\nSTATUS=" + news + "revision " + std::to_string(current_->heritage.revision) +
                  ", " + std::to_string(config.worker_count()) + " workers, " +
                  std::to_string(config.listeners.size()) + " listeners, " +
                  std::to_string(config.servers.size()) + " servers");
}

}  // namespace finishline::master
