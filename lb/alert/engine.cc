#include "lb/alert/engine.h"

#include <algorithm>
#include <charconv>
#include <set>
#include <utility>

namespace finishline::alert {
namespace {

constexpr std::size_t kResolvedKept = 200;
constexpr Nanos kRemembered = std::chrono::minutes(10);  // in which an alert has to come up again

std::string id_of(const AlertReading& reading) {
  return std::string(default_rules()[static_cast<std::size_t>(reading.kind)].name) + ':' + reading.subject;
}

}  // namespace

AlertEngine::Step AlertEngine::step(const std::vector<AlertReading>& readings, AlertTime now) {
  std::erase_if(silences_, [&](const Silence& it) { return it.until <= now.unix; });
  if (!first_step_) first_step_ = now.at;
  if (now.at - *first_step_ > kRemembered) remembered_.clear();
  Step step;
  std::set<std::string, std::less<>> read;
  for (const AlertReading& reading : readings) {
    if (!rule_of(reading.kind).enabled) continue;
    read.insert(id_of(reading));
    take(reading, now, step);
  }
  for (auto it = open_.begin(); it != open_.end();) {
    const bool over = !read.contains(it->first) && settle(it->second, /*value=*/0, now, step);
    if (!over) tell(it->second, now, step);
    it = over ? open_.erase(it) : std::next(it);
  }
  return step;
}

/// A reading at or above the threshold begins an alert, or keeps one up; any other lets it settle.
void AlertEngine::take(const AlertReading& reading, AlertTime now, Step& step) {
  const AlertRule& rule = rule_of(reading.kind);
  std::string id = id_of(reading);
  auto found = open_.find(id);
  if (!(reading.value >= rule.threshold)) {
    if (found != open_.end() && settle(found->second, reading.value, now, step)) open_.erase(found);
    return;
  }
  if (found == open_.end()) {
    Alert alert{.id = id, .kind = reading.kind, .subject = reading.subject, .since = now, .words = {}};
    found = open_.emplace(std::move(id), Open{.alert = std::move(alert)}).first;
    recall(found->second, now.at);
  }
  Open& open = found->second;
  open.calm_since.reset();
  open.alert.words = reading.words;
  open.alert.severity = rule.severity;
  if (open.alert.state != AlertState::pending || now.at - open.alert.since.at < rule.hold) return;
  open.alert.state = AlertState::firing;
  step.fired.push_back(open.alert);
}

/// It was told of before the restart.
void AlertEngine::recall(Open& open, Instant now) {
  const auto known = remembered_.find(open.alert.id);
  if (known == remembered_.end()) return;
  open.alert.acknowledged = std::move(known->second);
  open.told_at = now;
  remembered_.erase(known);
}

AlertEngine::Acknowledgements AlertEngine::acknowledgements() const {
  Acknowledgements all = remembered_;
  for (const auto& [id, open] : open_)
    if (open.alert.acknowledged) all[id] = *open.alert.acknowledged;
  return all;
}

void AlertEngine::restore(std::vector<Silence> silences, Acknowledgements acknowledged) {
  silences_ = std::move(silences);
  silences_.resize(std::min(silences_.size(), kMostSilences));
  remembered_ = std::move(acknowledged);
  for (const Silence& it : silences_) {
    std::uint64_t number = 0;
    if (it.id.starts_with('s')) std::from_chars(it.id.data() + 1, it.id.data() + it.id.size(), number);
    last_silence_ = std::max(last_silence_, number);
  }
}

/// Whether it is over.
bool AlertEngine::settle(Open& open, double value, AlertTime now, Step& step) {
  const AlertRule& rule = rule_of(open.alert.kind);
  if (rule.enabled && value >= rule.threshold * rule.clear && value > 0) {
    open.calm_since.reset();
    return false;
  }
  if (open.alert.state == AlertState::pending) return true;
  if (!open.calm_since) open.calm_since = now.at;
  if (rule.enabled && now.at - *open.calm_since < rule.calm) return false;
  resolve(open, now, step);
  return true;
}

void AlertEngine::resolve(Open& open, AlertTime now, Step& step) {
  open.alert.state = AlertState::resolved;
  open.alert.resolved_at = now;
  open.alert.silenced_until = silenced(open.alert.id, now.unix);
  step.resolved.push_back(open.alert);
  if (open.told_at && !open.alert.silenced_until) step.tell_ended.push_back(open.alert);
  resolved_.push_back(open.alert);
  if (resolved_.size() > kResolvedKept) resolved_.pop_front();
}

void AlertEngine::tell(Open& open, AlertTime now, Step& step) const {
  open.alert.silenced_until = silenced(open.alert.id, now.unix);
  if (open.alert.state != AlertState::firing || open.alert.silenced_until) return;
  const bool again = open.told_at && options_.repeat > 0ns && !open.alert.acknowledged &&
                     now.at - *open.told_at >= options_.repeat;
  if (open.told_at && !again) return;
  open.told_at = now.at;
  step.tell_fired.push_back(open.alert);
}

std::optional<double> AlertEngine::silenced(const std::string& id, double unix) const {
  std::optional<double> until;
  for (const Silence& it : silences_)
    if (it.until > unix && matches(it.matches, id)) until = std::max(until.value_or(0), it.until);
  return until;
}

void AlertEngine::set_rule(RuleKind kind, AlertRule rule) {
  options_.rules[static_cast<std::size_t>(kind)] = rule;
}

std::vector<Alert> AlertEngine::open() const {
  std::vector<Alert> all;
  for (const auto& [id, open] : open_) all.push_back(open.alert);
  return all;
}

std::size_t AlertEngine::firing() const {
  return static_cast<std::size_t>(std::ranges::count_if(
      open_, [](const auto& it) { return it.second.alert.state == AlertState::firing; }));
}

bool AlertEngine::acknowledge(const std::string& id, std::string by, double unix) {
  const auto found = open_.find(id);
  if (found == open_.end()) return false;
  found->second.alert.acknowledged = {std::move(by), unix};
  return true;
}

std::optional<Silence> AlertEngine::silence(std::string pattern, double until, std::string comment,
                                            std::string by) {
  if (silences_.size() >= kMostSilences) return std::nullopt;
  silences_.push_back(
      {"s" + std::to_string(++last_silence_), std::move(pattern), until, std::move(comment), std::move(by)});
  return silences_.back();
}

bool AlertEngine::end_silence(const std::string& id) {
  return std::erase_if(silences_, [&](const Silence& it) { return it.id == id; }) > 0;
}

}  // namespace finishline::alert
