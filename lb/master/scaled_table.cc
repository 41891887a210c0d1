#include "lb/master/scaled_table.h"

#include <algorithm>
#include <map>
#include <utility>

namespace finishline::master {

using ledger::ScaledLife;

void ScaledTable::follow(std::vector<ScaledPlace> places) {
  std::map<std::string, ScaledProcess*> known;
  for (ScaledProcess& it : processes_) {
    it.configured = false;
    known.emplace(it.place.name, &it);
    if (it.state == ScaledLife::given_up) it.state.enter(ScaledLife::none);
    it.quick_deaths = 0;
  }
  std::vector<ScaledPlace> fresh;
  for (ScaledPlace& place : places) {
    const auto found = known.find(place.name);
    if (found == known.end()) {
      fresh.push_back(std::move(place));
      continue;
    }
    found->second->place = std::move(place);
    found->second->configured = true;
  }
  for (ScaledPlace& place : fresh) processes_.push_back({.place = std::move(place)});
}

void ScaledTable::adopt(const std::string& name, pid_t pid, std::uint16_t port, Instant started_at) {
  processes_.push_back({.place = {.name = name, .row = 0, .type = {}}, .configured = false});
  started(processes_.back(), pid, port, started_at);
}

ScaledProcess* ScaledTable::with_pid(pid_t pid) {
  const auto found = std::ranges::find(processes_, pid, &ScaledProcess::pid);
  return found == processes_.end() ? nullptr : &*found;
}

bool ScaledTable::any_running() const {
  return std::ranges::any_of(processes_, [](const ScaledProcess& it) { return it.pid != 0; });
}

bool ScaledTable::has_port(std::uint16_t port) const {
  return std::ranges::any_of(processes_,
                             [port](const ScaledProcess& it) { return it.pid != 0 && it.port == port; });
}

bool ScaledTable::due(const ScaledProcess& it, bool wanted, Instant now) {
  if (!wanted || !it.configured) return false;
  return it.state == ScaledLife::none || (it.state == ScaledLife::backing_off && it.due_at <= now);
}

void ScaledTable::started(ScaledProcess& it, pid_t pid, std::uint16_t port, Instant now) {
  it.pid = pid;
  it.port = port;
  it.started_at = now;
  it.state.enter(ScaledLife::running);
}

void ScaledTable::failed_to_start(ScaledProcess& it, Instant now) {
  const bool too_often = ++it.quick_deaths >= kTooManyQuickDeaths && it.state == ScaledLife::backing_off;
  it.state.enter(too_often ? ScaledLife::given_up : ScaledLife::backing_off);
  it.due_at = now + std::min(kLongestDelay, kFirstDelay * (1U << std::min(it.quick_deaths - 1, 10U)));
}

void ScaledTable::ending(ScaledProcess& it, Instant now) {
  it.state.enter(ScaledLife::ending);
  it.end_by = now + it.place.how.stop_timeout;
}

bool ScaledTable::exited(ScaledProcess& it, Instant now) {
  it.pid = 0;
  it.end_by = Instant::max();
  it.killed = false;
  if (it.state == ScaledLife::ending) {
    it.state.enter(ScaledLife::none);
    return true;
  }
  const bool quick = now - it.started_at < kQuick;
  it.quick_deaths = quick ? it.quick_deaths + 1 : 0;
  it.state.enter(it.quick_deaths >= kTooManyQuickDeaths ? ScaledLife::given_up : ScaledLife::backing_off);
  it.due_at =
      quick ? now + std::min(kLongestDelay, kFirstDelay * (1U << std::min(it.quick_deaths - 1, 10U))) : now;
  return false;
}

std::vector<ScaledProcess> ScaledTable::take_gone() {
  std::vector<ScaledProcess> gone;
  std::erase_if(processes_, [&](const ScaledProcess& it) {
    if (it.configured || it.pid != 0) return false;
    gone.push_back(it);
    return true;
  });
  return gone;
}

std::optional<Nanos> ScaledTable::until_due(Instant now) const {
  std::optional<Nanos> soonest;
  for (const ScaledProcess& it : processes_) {
    Instant when = Instant::max();
    if (it.state == ScaledLife::backing_off) when = it.due_at;
    if (it.state == ScaledLife::ending && !it.killed) when = it.end_by;
    if (when == Instant::max()) continue;
    const Nanos wait = std::max<Nanos>(0ns, when - now);
    soonest = soonest ? std::min(*soonest, wait) : wait;
  }
  return soonest;
}

}  // namespace finishline::master
