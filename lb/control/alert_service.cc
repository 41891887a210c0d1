#include "lb/control/alert_service.h"

#include <nlohmann/json.hpp>
#include <utility>

#include "lb/config/memory.h"
#include "lb/control/alert_page.h"
#include "lb/log/log.h"

namespace finishline::control {
namespace {

constexpr Nanos kMachineLook = 10s;

alert::AlertEngine::Options engine_options(const config::Config& config) {
  return {.rules = config.alert_rules, .repeat = config.alerts.repeat};
}

}  // namespace

AlertService::AlertService(net::Loop& loop, const config::Config& config,
                           const process::AlertSecrets& secrets, std::function<void(std::string)> mark)
    : loop_(loop),
      enabled_(config.alerts.enabled),
      secrets_(secrets),
      mark_(std::move(mark)),
      memory_(config.proxy.state_dir),
      engine_(engine_options(config)),
      group_(config.alerts.group_wait),
      notifier_(loop) {
  memory_.give_to(engine_);
  change_to(config);
}

void AlertService::change_to(const config::Config& config) {
  enabled_ = config.alerts.enabled;
  written_ = {{"log"}, {"state_dir", config.proxy.state_dir}};
  if (config.log.tells_access()) written_.push_back({"access log", config.log.access});
  worker_budget_ = static_cast<double>(config::memory_need(config).sum());
  if (std::exchange(zone_, config.proxy.timezone) != zone_) sensor_.forget_traffic();
  clock_ends_at_ = hour_ = 0;
  engine_.set_options(engine_options(config));
  group_.set_wait(config.alerts.group_wait);
  notifier_.set_targets(webhook_target(config.alerts, secrets_.webhook),
                        mail_target(config.alerts, secrets_.mail));
}

nlohmann::ordered_json AlertService::look(const Overview& overview, const Snapshot& snapshot,
                                          const Inventory& inventory) {
  const alert::AlertTime now{.at = snapshot.taken_at, .unix = overview.time};
  look_at_machine(now.at);
  follow_clock(static_cast<std::int64_t>(now.unix));
  recall_week_ago(static_cast<std::int64_t>(now.unix));
  std::vector<alert::AlertReading> readings;
  if (enabled_) readings = sensor_.read(overview, snapshot, inventory, machine_, engine_.rules());
  const alert::AlertEngine::Step step = engine_.step(readings, now);
  tell(step);
  group_.add(step.tell_fired, step.tell_ended, now.at);
  if (const auto message = group_.take(now)) notifier_.tell(*message);
  return alerts_json(engine_, now.at, /*resolved_too=*/false);
}

void AlertService::look_at_machine(Instant now) {
  if (now - machine_seen_ < kMachineLook) return;
  machine_seen_ = now;
  written_.front().fd = log::descriptor();
  machine_ = machine_use(written_);
  machine_.worker_budget = worker_budget_;
}

/// Anew each day: a proxy may outlive what is foreseen of summer times.
void AlertService::follow_clock(std::int64_t unix) {
  constexpr std::int64_t kDay = 86400, kBack = 8 * kDay;
  if (unix < clock_ends_at_) return;
  clock_ends_at_ = unix + kDay;
  clock_ = forecast::PlaceClock(zone_, unix - kBack, clock_ends_at_);
  sensor_.set_clock(clock_);
}

/// Once an hour.
void AlertService::recall_week_ago(std::int64_t unix) {
  constexpr std::int64_t kHour = 3600;
  const std::int64_t hour = (unix + clock_.ahead_at(unix)) / kHour;
  if (std::exchange(hour_, hour) == hour || !past_rate_) return;
  const std::int64_t then = hour - alert::TrafficBaseline::kWeek, from = clock_.utc_of(then * kHour);
  if (const auto rate = past_rate_(from, from + kHour)) sensor_.know_traffic(then, *rate);
}

/// In the log, and on the page.
void AlertService::tell(const alert::AlertEngine::Step& step) {
  for (const auto* const list : {&step.fired, &step.resolved})
    for (const alert::Alert& it : *list) {
      const bool fires = it.state == alert::AlertState::firing;
      const std::string reason = reason_of(it, loop_.now());
      log::write(fires ? log::Event::alert_firing : log::Event::alert_resolved,
                 {{"alert", it.id}, {"severity", name_of(it.severity)}, {"reason", reason}});
      mark_(it.id + (fires ? " fires: " : " is resolved: ") + reason);
    }
}

AlertCounts AlertService::counts() const {
  AlertCounts all{.webhook_sent = notifier_.webhook().sent(),
                  .webhook_failed = notifier_.webhook().failed(),
                  .mail_sent = notifier_.mail().sent(),
                  .mail_failed = notifier_.mail().failed()};
  for (const alert::Alert& it : engine_.open())
    if (it.state == alert::AlertState::firing)
      ++(it.severity == alert::Severity::critical ? all.critical : all.warnings);
  return all;
}

}  // namespace finishline::control
