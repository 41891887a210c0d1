#include "lb/master/child_table.h"

#include <algorithm>

namespace finishline::master {

const char* name_of(Role role) {
  switch (role) {
    case Role::worker:
      return "worker";
    case Role::control:
      return "control";
    case Role::peer:
      return "peer";
  }
  return "";
}

void ChildTable::add(Role role, std::uint32_t number, Instant now, std::uint32_t generation) {
  children_.push_back({.role = role, .number = number, .generation = generation, .due_at = now});
}

std::vector<std::uint32_t> ChildTable::free_numbers(std::uint32_t count, std::uint32_t limit) const {
  const auto taken = [this](std::uint32_t number) {
    return std::any_of(children_.begin(), children_.end(), [number](const Child& child) {
      return child.role == Role::worker && child.number == number;
    });
  };
  std::vector<std::uint32_t> numbers;
  for (std::uint32_t number = 0; number < limit && numbers.size() < count; ++number) {
    if (!taken(number)) numbers.push_back(number);
  }
  return numbers;
}

Child* ChildTable::due(Instant now) {
  for (Child& child : children_) {
    if (child.state == ChildState::waiting && child.due_at <= now) return &child;
  }
  return nullptr;
}

void ChildTable::started(Child& child, pid_t pid, Instant now) {
  child.pid = pid;
  child.started_at = now;
  child.state.enter(ChildState::running);
}

void ChildTable::failed_to_start(Child& child, Instant now) {
  child.started_at = now;
  plan(child, now);
}

std::optional<ChildTable::Ended> ChildTable::exited(pid_t pid, Instant now) {
  const auto found = std::find_if(children_.begin(), children_.end(),
                                  [pid](const Child& child) { return child.pid == pid; });
  if (found == children_.end()) return std::nullopt;
  const ChildState was = found->state;
  found->pid = 0;
  found->end_by = Instant::max();
  found->overdue = false;
  if (was == ChildState::leaving) {
    found->state.enter(ChildState::gone);
  } else {
    plan(*found, now);
  }
  const Ended ended{.child = *found, .was = was};
  if (was == ChildState::leaving) children_.erase(found);
  return ended;
}

/// What comes after its end, or after a start that failed.
void ChildTable::plan(Child& child, Instant now) {
  if (child.state == ChildState::renewing && !stopping_) return wait(child, now);
  const bool quick = now - child.started_at < kQuick;
  child.quick_deaths = quick ? child.quick_deaths + 1 : 0;
  if (stopping_) return child.state.enter(ChildState::stopped);
  const auto doublings = std::min(child.quick_deaths, kTooManyQuickDeaths);
  wait(child, quick ? now + std::min(kLongestDelay, kFirstDelay * (1U << (doublings - 1))) : now);
}

void ChildTable::wait(Child& child, Instant until) {
  child.state.enter(ChildState::waiting);
  child.due_at = until;
}

std::uint32_t ChildTable::quarantined() const {
  return static_cast<std::uint32_t>(std::count_if(children_.begin(), children_.end(),
                                                  [](const Child& child) { return quarantined(child); }));
}

bool ChildTable::hopeless(const Child& child) const {
  return child.role == Role::worker && quarantined(child) && !any_running(Role::worker);
}

std::set<std::uint32_t> ChildTable::other_generations(std::uint32_t but) const {
  std::set<std::uint32_t> others;
  for (const Child& child : children_) {
    if (child.role == Role::worker && child.state != ChildState::leaving && child.generation != but)
      others.insert(child.generation);
  }
  return others;
}

std::set<std::uint32_t> ChildTable::generations() const {
  std::set<std::uint32_t> all;
  for (const Child& child : children_)
    if (child.role == Role::worker) all.insert(child.generation);
  return all;
}

std::uint32_t ChildTable::oldest_generation() const {
  const auto all = generations();
  return all.empty() ? 1 : *all.begin();
}

std::set<std::uint32_t> ChildTable::staying_generations(Instant until) const {
  std::set<std::uint32_t> all;
  for (const Child& child : children_)
    if (child.role == Role::worker && child.state == ChildState::leaving && child.end_by > until)
      all.insert(child.generation);
  return all;
}

bool ChildTable::any_overdue_by(Instant when) const {
  return std::any_of(children_.begin(), children_.end(), [when](const Child& child) {
    return child.state == ChildState::leaving && child.end_by <= when;
  });
}

void ChildTable::leave(std::uint32_t generation, Instant end_by) {
  const auto of_it = [generation](const Child& child) {
    return child.role == Role::worker && child.generation == generation;
  };
  std::erase_if(children_, [&](const Child& child) { return of_it(child) && child.pid == 0; });
  for (Child& child : children_) {
    if (!of_it(child)) continue;
    child.state.enter(ChildState::leaving);
    child.end_by = end_by;
  }
}

pid_t ChildTable::leave(Role role, Instant end_by) {
  std::erase_if(children_, [role](const Child& child) { return child.role == role && child.pid == 0; });
  for (Child& child : children_) {
    if (child.role != role) continue;
    child.state.enter(ChildState::leaving);
    child.end_by = end_by;
    return child.pid;
  }
  return 0;
}

bool ChildTable::has(Role role) const {
  return std::any_of(children_.begin(), children_.end(),
                     [role](const Child& child) { return child.role == role; });
}

bool ChildTable::leaving(Role role) const {
  return std::any_of(children_.begin(), children_.end(), [role](const Child& child) {
    return child.role == role && child.state == ChildState::leaving;
  });
}

pid_t ChildTable::renew(Role role, Instant end_by) {
  for (Child& child : children_) {
    if (child.role != role) continue;
    if (child.pid == 0 || child.state == ChildState::leaving) return 0;
    child.state.enter(ChildState::renewing);
    child.end_by = end_by;
    return child.pid;
  }
  return 0;
}

bool ChildTable::renewing() const {
  return std::any_of(children_.begin(), children_.end(),
                     [](const Child& child) { return child.state == ChildState::renewing; });
}

Instant ChildTable::started_at(Role role) const {
  for (const Child& child : children_)
    if (child.role == role && child.pid != 0) return child.started_at;
  return {};
}

std::vector<pid_t> ChildTable::overdue(Instant now) {
  std::vector<pid_t> pids;
  for (Child& child : children_) {
    if (child.pid == 0 || child.end_by > now || child.overdue) continue;
    child.overdue = true;
    pids.push_back(child.pid);
  }
  return pids;
}

void ChildTable::stop_starting() {
  stopping_ = true;
  for (Child& child : children_)
    if (child.state == ChildState::waiting) child.state.enter(ChildState::stopped);
}

std::optional<Nanos> ChildTable::until_due(Instant now) const {
  std::optional<Nanos> soonest;
  for (const Child& child : children_) {
    const bool waits = child.state == ChildState::waiting;
    const Instant when = waits ? child.due_at : child.overdue ? Instant::max() : child.end_by;
    if (when == Instant::max()) continue;
    const Nanos wait = std::max<Nanos>(0ns, when - now);
    soonest = soonest ? std::min(*soonest, wait) : wait;
  }
  return soonest;
}

bool ChildTable::any_running(Role role) const {
  return std::any_of(children_.begin(), children_.end(),
                     [role](const Child& child) { return child.role == role && child.pid != 0; });
}

std::size_t ChildTable::running() const {
  return static_cast<std::size_t>(
      std::count_if(children_.begin(), children_.end(), [](const Child& child) { return child.pid != 0; }));
}

}  // namespace finishline::master
