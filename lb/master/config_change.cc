#include "lb/master/config_change.h"

#include <signal.h>

#include <algorithm>
#include <utility>

#include "lb/config/advice.h"
#include "lb/config/change.h"
#include "lb/ledger/revision.h"
#include "lb/ledger/worker_status.h"
#include "lb/log/log.h"
#include "lb/master/clock.h"
#include "lb/master/drain_notice.h"
#include "lb/master/lists.h"
#include "lb/master/wanted_change.h"
#include "lb/process/logging.h"
#include "lb/process/notify.h"

namespace finishline::master {
namespace {

constexpr Nanos kPatience = 15s;   // a change that takes longer has failed
constexpr Nanos kDrainGrace = 2s;  // for a worker, beyond its drain timeout

}  // namespace

ConfigChange::ConfigChange(config::GivenFile file, std::optional<config::LogLevel> log_level,
                           ledger::Ledger& ledger, ListenSockets& sockets, Children& children)
    : given_(std::move(file)),
      log_level_(log_level),
      ledger_(ledger),
      sockets_(sockets),
      children_(children),
      control_(ledger, children),
      peer_(ledger, children),
      reader_([this] { sockets_.close_all_but({}); }, [this] { return room_in(ledger_); }) {
  children_.in_worker([this] { forget_secrets(); });
  children_.in_others([this] { tls_.forget({current_.get(), next_.get()}); });
}

/// In a child that has no use for them.
void ConfigChange::forget_secrets() {
  for (Generation* const it : {current_.get(), next_.get()})
    if (it != nullptr) it->forget_secrets();
}

std::optional<std::string> ConfigChange::found(config::Source source, config::Config config) {
  auto made = make_generation(1, 1, std::move(source), std::move(config), sockets_, ledger_);
  if (auto* problem = std::get_if<std::string>(&made)) return std::move(*problem);
  tls_.give_to(*std::get<std::unique_ptr<Generation>>(made));
  begin(std::move(std::get<std::unique_ptr<Generation>>(made)));
  begin_orders(*next_, ledger_);
  return std::nullopt;
}

/// The old workers go on under the configuration that they were started with until the new ones are up. Where
/// this program cannot read that any more, they leave then, as they would.
std::optional<std::string> ConfigChange::inherit(const Handover& handover, config::Source source,
                                                 config::Config config) {
  children_.set_taken_over_at(unix_seconds());
  auto before = config::parse(handover.source);
  if (auto* old = std::get_if<config::Config>(&before)) {
    auto kept = make_generation(handover.generation, children_.table().oldest_generation(), handover.source,
                                with_log_level(std::move(*old)), sockets_, ledger_);
    if (auto* made = std::get_if<std::unique_ptr<Generation>>(&kept)) current_ = std::move(*made);
    if (current_) current_->heritage.revision = handover.revision, tls_.give_to(*current_);
  }
  mark_helpers_older("the program is another one");
  static_cast<void>(sockets_.renew_lost(config));  // what is in the way of that is told by every reload
  auto made = make_generation(handover.generation + 1, children_.table().oldest_generation(),
                              std::move(source), std::move(config), sockets_, ledger_);
  if (const auto* problem = std::get_if<std::string>(&made)) {
    if (!current_) return *problem;
    refuse({file_ + ": " + *problem});
    plan_next_look();
    return std::nullopt;
  }
  auto& wanted = std::get<std::unique_ptr<Generation>>(made);
  wanted->heritage.revision = handover.revision + 1;
  tls_.give_to(*wanted);
  begin(std::move(wanted));
  return std::nullopt;
}

const Generation& ConfigChange::generation_of(const Child& child) const {
  const bool is_next = next_ && child.role == Role::worker && child.generation == next_->number;
  return is_next ? *next_ : serving();
}

// --- the beginning of a change ---------------------------------------------------------------------

/// What the command line has said stands over what the file says.
config::Config ConfigChange::with_log_level(config::Config config) const {
  if (log_level_) config.log.level = *log_level_;
  return config;
}

void ConfigChange::reopen_log() {
  process::reopen_log();
  children_.pass_log();
}

void ConfigChange::reload(std::uint32_t asked) {
  reopen_log();  // whatever becomes of the rest
  tell_begun(process::Order::Kind::reload, asked, ledger_, children_);
  log::write(log::Event::reloading, {{"file", given_.said(file_)}});
  process::notify_reloading();
  config::Source known = current_->source;
  known.file = file_;
  by_overlay_.reset();
  reader_.begin(ConfigReader::What::file, std::move(known));
}

void ConfigChange::change_overlay(process::Order asked) {
  log::write(log::Event::changing);
  process::notify_reloading();
  config::Source known = current_->source;
  known.overlay = std::move(asked.text);
  by_overlay_ = asked.revision;
  reader_.begin(ConfigReader::What::overlay, std::move(known));
}

void ConfigChange::take_reading() {
  auto outcome = reader_.take(now());
  if (!outcome) return;
  plan_next_look();
  auto* const source = std::get_if<config::Source>(&outcome->result);
  if (source == nullptr) return refuse(std::get<std::vector<std::string>>(outcome->result));
  names_.tell_of_left_out(std::move(outcome->left_out));
  const bool nothing_new = outcome->what == ConfigReader::What::names &&
                           config::same_addresses(source->names, current_->source.names);
  if (nothing_new) return;
  if (outcome->what == ConfigReader::What::names)
    log::write(log::Event::names_changed, {{"file", given_.said(file_)}});
  change_to(std::move(*source), outcome->what == ConfigReader::What::file);
}

void ConfigChange::change_to(config::Source source, bool renew_sockets) {
  auto parsed = config::parse(source);
  if (const auto* problems = std::get_if<std::vector<config::Problem>>(&parsed))
    return refuse(texts_of(*problems, file_));
  config::Config wanted = with_log_level(std::move(std::get<config::Config>(parsed)));
  config::Change change = config::change_between(current_->config, wanted);
  config::locate_refusals(change, source.text);
  if (!change.refusals.empty()) return refuse(texts_of(change.refusals, file_));
  if (renew_sockets)
    if (const auto why = sockets_.renew_lost(wanted)) return refuse({file_ + ": " + *why});

  const bool in_place =
      change.scope != config::Scope::listeners && !sockets_.renewed() && same_credentials(*current_, wanted);
  // It may not read these files, or listens where nobody comes.
  if (!same_control_credentials(*current_, wanted) || sockets_.renewed_admin(wanted)) control_.mark_older();
  auto made = make_generation(current_->number + (in_place ? 0 : 1), children_.table().oldest_generation(),
                              std::move(source), std::move(wanted), sockets_, ledger_);
  if (const auto* problem = std::get_if<std::string>(&made)) return refuse({file_ + ": " + *problem});
  auto& generation = std::get<std::unique_ptr<Generation>>(made);
  generation->heritage.revision = current_->heritage.revision + 1;
  tls_.give_to(*generation);
  peer_.plan(*current_, *generation);
  if (in_place) return change_in_place(std::move(generation));
  begin(std::move(generation));
}

/// The workers stay, and are told.
void ConfigChange::change_in_place(std::unique_ptr<Generation> wanted) {
  change_begun_at_ = now();
  current_ = std::move(wanted);
  children_.order(current_->number, {.kind = process::Order::Kind::change,
                                     .revision = current_->heritage.revision,
                                     .text = config::to_bytes(current_->source)});
}

/// New workers come up beside those that run; where there is no room for them, the oldest have to go first.
void ConfigChange::begin(std::unique_ptr<Generation> wanted) {
  next_ = std::move(wanted);
  change_begun_at_ = now();
  workers_wanted_ = true;
  add_workers();
}

void ConfigChange::add_workers() {
  const std::uint32_t workers = next_->config.worker_count();
  const auto numbers = children_.table().free_numbers(workers, ledger_.sizes().max_workers);
  if (numbers.size() < workers) {
    if (!make_room() && current_) abandon_next("proxy.max_workers leaves no room for them");
    return;
  }
  workers_wanted_ = false;
  for (const std::uint32_t number : numbers)
    children_.table().add(Role::worker, number, now(), next_->number);
}

/// Whether some are on their way out, and soon.
bool ConfigChange::make_room() { return children_.table().any_overdue_by(now() + kPatience) || end_oldest(); }

/// Those who have waited for longest for their clients.
bool ConfigChange::end_oldest() {
  const auto old = children_.table().staying_generations(now() + kDrainGrace);
  if (old.empty()) return false;
  log::write(log::Event::generation_ended,
             {{"generation", *old.begin()}, {"reason", "too many are older than the one in force"}});
  children_.drain(*old.begin(), Nanos(0ns));
  children_.table().leave(*old.begin(), now() + kDrainGrace);
  return true;
}

// --- its course ------------------------------------------------------------------------------------

void ConfigChange::follow() {
  if (current_ && !under_way()) control_.hurry(*current_), peer_.hurry(*current_);
  tls_.rotate_if_due(now());
  if (reader_.busy()) take_reading();
  if (workers_wanted_) return wait_for_room();
  if (!change_begun_at_) return;
  if (all_confirmed(next_ ? *next_ : *current_)) return complete();
  if (current_ && now() - *change_begun_at_ > kPatience) give_up();
}

void ConfigChange::wait_for_room() {
  add_workers();
  if (workers_wanted_ && current_ && now() - *change_begun_at_ > kPatience)
    abandon_next("workers of earlier reloads still drain: try again later");
}

bool ConfigChange::all_confirmed(const Generation& generation) const {
  const auto& all = children_.table().children();
  return std::all_of(all.begin(), all.end(), [&](const Child& child) {
    if (child.role != Role::worker || child.generation != generation.number) return true;
    return child.pid != 0 &&
           ledger::worker_status(ledger_, child.number).revision == generation.heritage.revision;
  });
}

void ConfigChange::complete() {
  change_begun_at_.reset();
  const bool first = current_ == nullptr, in_place = next_ == nullptr;
  if (next_) replace_generation();
  retire_rows(current_->config, ledger_);
  configure_policies(*current_, ledger_);
  ledger::revision_in_force(ledger_, current_->heritage.revision);
  tell_ready();
  tell_of_unresolved(current_->config);
  for (const std::string& advice : texts_of(config::advice_on(current_->source, current_->config), file_))
    log::write(log::Event::config_doubtful, {{"what", given_.said(advice)}});
  plan_next_look();
  peer_.begin(*current_);
  if (first) return;
  control_.begin(*current_);
  log::write(log::Event::reloaded, {{"revision", current_->heritage.revision},
                                    {"workers", in_place ? "the same" : "new"},
                                    {"servers", current_->config.servers.size()}});
}

void ConfigChange::replace_generation() {
  const auto before = std::exchange(current_, std::move(next_));
  const config::Config& old = before ? before->config : current_->config;
  if (old.log != current_->config.log) {
    process::start_log(current_->config.log, "master");
    process::start_access_log(current_->config.log);
    children_.pass_log_to_helpers();
  }
  const config::Proxy& proxy = current_->config.proxy;
  if (proxy.user != old.proxy.user || proxy.group != old.proxy.group)
    mark_helpers_older("it is to run as another user");
  for (const std::uint32_t generation : children_.table().other_generations(current_->number)) {
    const Nanos patience = current_->config.proxy.reload_timeout;
    drain(generation, sockets_.listeners_lost(old, current_->config),
          patience > 0ns ? std::optional(patience) : std::nullopt);
    children_.table().leave(generation, patience > 0ns ? now() + patience + kDrainGrace : Instant::max());
  }
  sockets_.settle(current_->config);
  end_beyond_limit();
}

void ConfigChange::end_beyond_limit() {
  const auto staying = [this] { return children_.table().staying_generations(now() + kDrainGrace).size(); };
  while (staying() > current_->config.proxy.max_old_generations && end_oldest()) {
  }
}

// --- its failure -----------------------------------------------------------------------------------

void ConfigChange::give_up() {
  if (next_) return abandon_next("the new workers do not come up");
  kill_unconfirmed();
  change_begun_at_ = now();
}

/// Their successors are forked with what they did not take.
void ConfigChange::kill_unconfirmed() {
  for (const Child& child : children_.table().children()) {
    if (child.role != Role::worker || child.pid == 0 || child.state == ChildState::leaving) continue;
    if (ledger::worker_status(ledger_, child.number).revision == current_->heritage.revision) continue;
    log::write(log::Event::worker_killed, {{"child", child.name()}, {"reason", "it did not take a reload"}});
    ::kill(child.pid, SIGKILL);
  }
}

void ConfigChange::abandon_next(const std::string& reason) {
  change_begun_at_.reset();
  workers_wanted_ = false;
  children_.kill(next_->number);
  children_.table().leave(next_->number, Instant::max());
  next_.reset();
  refuse({file_ + ": " + reason});
}

/// Nothing has changed, or is as it was again.
void ConfigChange::refuse(const std::vector<std::string>& problems) {
  if (current_) {
    sockets_.take_back(current_->config);
    static_cast<void>(ensure_rows(current_->config, ledger_));  // all there, but slots may have been changed
    retire_rows(current_->config, ledger_);
  }
  std::string all;
  for (const std::string& problem : problems) {
    log::write(log::Event::reload_refused, {{"problem", given_.said(problem)}});
    all += given_.said(problem) + '\n';
  }
  tell_refusal(all);
  if (current_) tell_ready("a reload was refused, ");
}

void ConfigChange::tell_refusal(const std::string& problems) {
  using Kind = process::Order::Kind;
  children_.order_control({.kind = by_overlay_ ? Kind::overlay_refused : Kind::refused,
                           .revision = by_overlay_.value_or(0),
                           .text = problems});
  if (!by_overlay_) ledger::count_refused_reload(ledger_);  // after the reasons: who sees it will find them
}

bool ConfigChange::abandoned_for(const Child& child) {
  if (!current_ || !next_ || child.role != Role::worker || child.generation != next_->number) return false;
  abandon_next(child.name() + " died " + std::to_string(child.quick_deaths) + " times");
  return true;
}

// --- the end of all --------------------------------------------------------------------------------

/// Nobody else takes connections from these listeners of theirs.
void ConfigChange::drain(std::uint32_t generation, const std::vector<std::string>& listeners,
                         std::optional<Nanos> patience) {
  std::string names;
  for (const std::string& name : listeners) names += name + '\n';
  if (!names.empty()) children_.order(generation, {.kind = process::Order::Kind::unlisten, .text = names});
  children_.drain(generation, patience);
}

/// Of an earlier one, none: they were told when it was drained.
std::vector<std::string> ConfigChange::listeners_of(std::uint32_t number) const {
  for (const Generation* generation : {current_.get(), next_.get()})
    if (generation != nullptr && generation->number == number) return names_of(generation->config.listeners);
  return {};
}

/// Each is told once: who is done by the second time would be one that takes no orders.
void ConfigChange::end() {
  const bool asked_for = reader_.busy() && reader_.what() != ConfigReader::What::names;
  if (current_ && (asked_for || under_way())) tell_refusal(std::string(kEnds) + '\n');
  change_begun_at_.reset();
  workers_wanted_ = false;
  reader_.give_up();
  names_.stop();
  sockets_.close_all();
  const Nanos patience = serving().config.proxy.drain_timeout;
  for (const std::uint32_t generation : children_.table().generations()) {
    drain(generation, listeners_of(generation), patience);
    children_.table().leave(generation, now() + patience + kDrainGrace);
  }
}

// --- names -----------------------------------------------------------------------------------------

void ConfigChange::plan_next_look() {
  names_.plan(serving().source, current_ ? current_->config.proxy.resolve_interval : 0ns, now());
}

void ConfigChange::look_again_if_due() {
  if (!names_.due(now()) || !current_) return;
  by_overlay_.reset();
  reader_.begin(ConfigReader::What::names, current_->source);
}

void ConfigChange::drop_look() {
  if (!reader_.busy() || reader_.what() != ConfigReader::What::names) return;
  reader_.give_up();
  plan_next_look();
}

Nanos ConfigChange::until_due() const {
  return reader_.busy() ? reader_.until_overdue(now()) : names_.until_due(now());
}

void ConfigChange::tell_ready(const std::string& news) const {
  process::notify("READY=1\nSTATUS=" + news + summary_of(*current_));
}

}  // namespace finishline::master
