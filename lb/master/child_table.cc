#include "lb/master/child_table.h"

#include <algorithm>

namespace finishline::master {

void ChildTable::add(Role role, std::uint32_t number, Instant now) {
  Child child;
  child.role = role;
  child.number = number;
  child.due = now;
  children_.push_back(child);
}

Child* ChildTable::due(Instant now) {
  for (Child& child : children_) {
    if (child.due && *child.due <= now) return &child;
  }
  return nullptr;
}

void ChildTable::started(Child& child, pid_t pid, Instant now) {
  child.pid = pid;
  child.started_at = now;
  child.due.reset();
}

void ChildTable::failed_to_start(Child& child, Instant now) {
  child.started_at = now;
  plan(child, now);
}

const Child* ChildTable::exited(pid_t pid, Instant now) {
  for (Child& child : children_) {
    if (child.pid != pid) continue;
    child.pid = 0;
    plan(child, now);
    return &child;
  }
  return nullptr;
}

void ChildTable::plan(Child& child, Instant now) {
  const bool quick = now - child.started_at < kQuick;
  child.quick_deaths = quick ? child.quick_deaths + 1 : 0;
  if (stopping_ || gave_up(child)) {
    child.due.reset();
    return;
  }
  const Nanos delay = quick ? std::min(kLongestDelay, kFirstDelay * (1U << (child.quick_deaths - 1))) : 0ns;
  child.due = now + delay;
}

void ChildTable::stop_starting() {
  stopping_ = true;
  for (Child& child : children_) child.due.reset();
}

std::optional<Nanos> ChildTable::until_due(Instant now) const {
  std::optional<Nanos> soonest;
  for (const Child& child : children_) {
    if (!child.due) continue;
    const Nanos wait = std::max<Nanos>(0ns, *child.due - now);
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
