#include "lb/control/observer.h"

#include <algorithm>
#include <chrono>
#include <nlohmann/json.hpp>
#include <utility>

#include "lb/control/live_page.h"
#include "lb/control/samples.h"
#include "lb/log/log.h"
#include "proto/version.h"

namespace finishline::control {
namespace {

constexpr Nanos kTick = 1s;

/// Of the wall clock.
double unix_seconds() {
  return std::chrono::duration<double>(std::chrono::system_clock::now().time_since_epoch()).count();
}

std::string mark_text(const history::TimeMark& it) {
  return to_text({{"id", it.id}, {"time", it.time}, {"kind", it.kind}, {"text", it.text}});
}

}  // namespace

Observer::Observer(net::Loop& loop, const ledger::Ledger& ledger, std::function<Snapshot()> look,
                   Inventory inventory, const std::string& state_dir)
    : ledger_(ledger),
      look_(std::move(look)),
      inventory_(std::move(inventory)),
      timeline_(state_dir),
      timer_(loop, [this] { tick(); }) {
  timer_.start(0ns, kTick);
  stream_.set_past([this](std::uint64_t after) { return marks_after(after); });
  if (state_dir.empty()) log::write(log::Event::history_in_memory, {{"note", timeline_.note()}});
}

std::vector<http::EventStream::Past> Observer::marks_after(std::uint64_t id) const {
  std::vector<http::EventStream::Past> all;
  for (const history::TimeMark& it : marks())
    if (it.id > id) all.push_back({"mark", it.id, mark_text(it)});
  return all;
}

void Observer::change_to(Inventory inventory) {
  inventory_ = std::move(inventory);
  before_ = std::exchange(now_, look_());
  note_changes(before_);
  before_ = now_;  // overview_ refers to what was
  overview_ = overview_of(before_, now_, inventory_, demands_ = demands());
}

Demands Observer::demands() const {
  Demands all;
  for (const PoolFacts& pool : inventory_.pools)
    all.push_back(
        ledger::sum_demand(ledger_, pool.row, inventory_.request_types.size() * pool.lanes_per_type));
  return all;
}

void Observer::tick() {
  before_ = std::exchange(now_, look_());
  const Demands earlier = std::exchange(demands_, demands());
  overview_ = overview_of(ticks_ == 0 ? now_ : before_, now_, inventory_, demands_, earlier);
  latencies_.fill(overview_, now_, inventory_);
  overview_.tick = ++ticks_;
  overview_.time = unix_seconds();
  if (add_) add_(overview_);
  note_changes(ticks_ == 1 ? now_ : before_);
  timeline_.add(sample_of(overview_, now_, ticks_ == 1 ? now_ : before_));
  tell_of_problem();
  nlohmann::ordered_json page = live_page(overview_, now_, inventory_, timeline_);
  page["alerts"] = alerts_ ? alerts_(overview_, now_, inventory_) : nlohmann::ordered_json::array();
  live_ = to_text(page);
  stream_.publish("live", last_id_ = next_id(), live_);
}

/// Once for each, and when it is over.
void Observer::tell_of_problem() {
  if (const std::string& kept = timeline_.put_aside(); kept != told_put_aside_) {
    told_put_aside_ = kept;
    if (!kept.empty())
      log::write(log::Event::state_broken, {{"file", kept.substr(0, kept.rfind('.'))},
                                            {"reason", "it is no database of ours, or damaged"},
                                            {"kept", kept}});
  }
  const std::string problem = timeline_.problem();
  if (problem == told_problem_) return;
  told_problem_ = problem;
  if (problem.empty()) log::write(log::Event::history_kept);
  if (!problem.empty()) log::write(log::Event::history_failed, {{"reason", problem}});
}

/// Milliseconds where they can be, so that ids rise over a restart that remembers nothing, too.
std::uint64_t Observer::next_id() const {
  return std::max(last_id_ + 1, static_cast<std::uint64_t>(std::max(unix_seconds(), 0.0) * 1000));
}

void Observer::mark(std::string kind, std::string text) {
  note(unix_seconds(), std::move(kind), std::move(text));
}

/// Once, also where several processes come after it that can read what the first has kept.
void Observer::mark_upgrade(double at) {
  const auto is_it = [&](const history::TimeMark& it) { return it.kind == "upgrade" && it.time == at; };
  if (at > 0 && std::ranges::none_of(marks(), is_it))
    note(at, "upgrade", "version " + std::string(version()) + " has taken over");
}

void Observer::note(double time, std::string kind, std::string text) {
  const history::TimeMark& it = timeline_.mark(time, std::move(kind), std::move(text), next_id());
  stream_.publish("mark", last_id_ = it.id, mark_text(it), /*kept=*/false);
}

void Observer::note_changes(const Snapshot& before) {
  const std::uint32_t revision = now_.configuration.revision;
  const auto told = std::exchange(told_revision_, revision);
  if (told && told != revision && revision > 1)
    mark("reload", "revision " + std::to_string(revision) + " is in force");
  for (const PoolSnapshot& pool : now_.pools) {
    const auto was = std::ranges::find(before.pools, pool.name, &PoolSnapshot::name);
    if (was != before.pools.end() && was->policy != pool.policy)
      mark("policy", "pool " + pool.name + " follows " + pool.policy);
  }
  for (std::size_t i = 0; i < now_.servers.size() && i < before.servers.size(); ++i)
    if (now_.servers[i].state != before.servers[i].state && now_.servers[i].name == before.servers[i].name)
      mark("server", now_.servers[i].name + " is " + std::string(state_word(now_.servers[i])) +
                         (now_.servers[i].reason.empty() ? "" : ": " + now_.servers[i].reason));
  for (std::size_t i = 0; i < now_.workers.size() && i < before.workers.size(); ++i)
    if (now_.workers[i].status.deaths > before.workers[i].status.deaths)
      mark("worker_died", "worker " + std::to_string(now_.workers[i].id) + " has died");
}

}  // namespace finishline::control
