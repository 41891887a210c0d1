#include "lb/control/alert_sensor.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include "proto/joined.h"
#include "proto/quantity.h"

namespace finishline::control {
namespace {

using alert::AlertReading;
using alert::RuleKind;
using ledger::ServerState;

constexpr Nanos kDeathsOf = std::chrono::minutes(5);
constexpr std::size_t kDeathsKept = 1000;
constexpr double kFewRequests = 10;  // a second: less is no spike
constexpr double kSmoothing = 0.1;   // of what a server is used, each second
constexpr double kAlwaysBusy = 0.9;
constexpr double kRatioPerServer = 0.4;

std::string percent(double share) { return std::to_string(std::lround(share * 100)) + " %"; }

std::string seconds(double span) {
  return human(Nanos(static_cast<std::int64_t>(std::min(span, 1e9) * 1e9)));
}

bool is_down(ServerState state) {
  return state == ServerState::down || state == ServerState::ejected || state == ServerState::half_open;
}

/// Whether it is down because nobody has asked for it.
bool is_off(const Snapshot& snapshot, const std::string& server) {
  return std::ranges::any_of(snapshot.scale, [&](const ScaleStatus& pool) {
    return std::ranges::find(pool.off, server) != pool.off.end();
  });
}

void read_servers(const Overview& overview, const Snapshot& snapshot, std::vector<AlertReading>& to) {
  for (const ServerView& server : overview.servers) {
    const ServerSnapshot& it = *server.snapshot;
    const bool down = is_down(it.state) && !is_off(snapshot, it.name);
    AlertReading reading{RuleKind::server_down, it.name, down ? 1.0 : 0.0, {}};
    if (down)
      reading.words =
          it.name + " is " + std::string(name_of(it.state)) + (it.reason.empty() ? "" : ": " + it.reason);
    to.push_back(std::move(reading));
  }
}

/// Whoever looks at the admin server at a Unix socket that is lost cannot see it: messages go out all the
/// same.
void read_sockets(const Snapshot& snapshot, std::vector<AlertReading>& to) {
  const auto add = [&to](const std::string& name, const std::string& what, bool lost) {
    to.push_back(
        {RuleKind::socket_lost, name, lost ? 1.0 : 0.0,
         "nobody can connect to " + what +
             ": the file of its Unix socket was removed or replaced; `finishline reload` makes it anew"});
  };
  for (const ListenerSnapshot& it : snapshot.listeners) add(it.name, "listener " + it.name, it.lost);
  add("admin", "the admin server", snapshot.admin_lost);
}

void read_latencies(const Overview& overview, double threshold, std::vector<AlertReading>& to) {
  for (const TypeView& type : overview.types)
    if (type.latency.p95)
      to.push_back({RuleKind::latency_high, type.name, *type.latency.p95,
                    type.name + ": 5 of 100 requests take longer than " + seconds(*type.latency.p95) +
                        ", the limit is " + seconds(threshold)});
}

void read_processes(const Overview& overview, const Snapshot& snapshot, std::vector<AlertReading>& to) {
  for (const ProcessSnapshot& process : snapshot.processes)
    to.push_back({RuleKind::cpu_high, process.name, process.cpu_ratio,
                  process.name + " uses " + percent(process.cpu_ratio) + " of a core"});
  for (const ServerView& server : overview.servers) {
    if (!server.snapshot->vitals) continue;
    const double use = server.snapshot->vitals->cpu_percent / 100 / std::max(1U, server.slots);
    to.push_back({RuleKind::cpu_high, server.snapshot->name, use,
                  server.snapshot->name + " uses " + percent(use) + " of a core for each of its slots"});
  }
}

void read_machine(const MachineUse& machine, std::vector<AlertReading>& to) {
  if (machine.memory)
    to.push_back({RuleKind::memory_high, "machine", *machine.memory,
                  percent(*machine.memory) + " of this machine's memory are in use"});
  for (const MachineUse::Disk& it : machine.disks)
    to.push_back({RuleKind::disk_full, it.of, it.use,
                  percent(it.use) + " of the disk that the " + it.of + " is on are full"});
}

/// What runs elsewhere has another machine's memory.
bool runs_here(std::string_view address) {
  return address.starts_with("127.") || address.starts_with("[::1]") || address.starts_with("unix:") ||
         address.starts_with("localhost");
}

/// A worker has a budget of its own; who has none has what the machine has.
void read_memory(const Overview& overview, const Snapshot& snapshot, const MachineUse& machine,
                 std::vector<AlertReading>& to) {
  const auto add = [&](const std::string& name, double bytes, double of, const std::string& words) {
    if (of > 0)
      to.push_back({RuleKind::memory_high, name, bytes / of, name + " uses " + percent(bytes / of) + words});
  };
  for (const ProcessSnapshot& it : snapshot.processes) {
    const auto bytes = static_cast<double>(it.usage.resident_bytes);
    if (it.name.starts_with("worker-") && machine.worker_budget > 0)
      add(it.name, bytes, machine.worker_budget, " of the memory that the configuration allows a worker");
    else
      add(it.name, bytes, machine.memory_bytes, " of this machine's memory");
  }
  for (const ServerView& server : overview.servers)
    if (const auto& vitals = server.snapshot->vitals; vitals && runs_here(server.snapshot->address))
      add(server.snapshot->name, static_cast<double>(vitals->memory_bytes), machine.memory_bytes,
          " of this machine's memory");
}

void read_certificates(const Snapshot& snapshot, std::vector<AlertReading>& to) {
  constexpr double kDay = 24 * 3600, kTwoWeeks = 14 * kDay, kEnded = 1000;
  for (const CertificateSnapshot& it : snapshot.certificates) {
    const auto left = static_cast<double>(it.seconds_left);
    const std::string what = "the certificate " + it.name + " of listener " + it.listener;
    to.push_back({RuleKind::certificate_ends, it.listener + ':' + it.name,
                  left * kEnded > kTwoWeeks ? kTwoWeeks / left : kEnded,
                  left > 0
                      ? what + " ends in " + std::to_string(std::lround(std::floor(left / kDay))) + " days"
                      : what + " is no longer good"});
  }
}

/// It has no servers because none is needed, and will have some when one is.
bool comes_when_needed(const Snapshot& snapshot, const std::string& pool, const std::string& server_type) {
  for (const ScaleStatus& scale : snapshot.scale) {
    if (scale.pool != pool || scale.rehearse) continue;
    for (const ScaledTypeStatus& it : scale.types)
      if (it.type == server_type) return it.wanted == 0 && it.most > it.given_up;
  }
  return false;
}

/// Who could do this type in this pool, and whether anybody is in service for it or needs not be.
struct Coverage {
  std::vector<std::string> able;
  bool covered = false;
};

Coverage coverage_of(const PoolFacts& pool, std::size_t type, const Snapshot& snapshot,
                     const Inventory& inventory) {
  Coverage it;
  for (const ledger::ServerId id : pool.servers) {
    const bool can = pool.streams || inventory.cost.factor(static_cast<ServerType>(inventory.server(id).type),
                                                           static_cast<RequestType>(type));
    if (!can || id >= snapshot.servers.size()) continue;
    it.able.push_back(snapshot.servers[id].name);
    it.covered = it.covered || takes_work(snapshot.servers[id].state) ||
                 comes_when_needed(snapshot, pool.name, inventory.server_types[inventory.server(id).type]);
  }
  return it;
}

bool is_led_to(const PoolFacts& pool, const Inventory& inventory) {
  return std::ranges::any_of(inventory.listeners, [&](const ListenerFacts& listener) {
    return std::ranges::find(listener.pools, pool.name) != listener.pools.end();
  });
}

void read_coverage(const Snapshot& snapshot, const Inventory& inventory, std::vector<AlertReading>& to) {
  for (const PoolFacts& pool : inventory.pools) {
    if (!is_led_to(pool, inventory)) continue;
    for (std::size_t type = 0; type < (pool.streams ? 1 : inventory.request_types.size()); ++type) {
      const Coverage it = coverage_of(pool, type, snapshot, inventory);
      if (it.able.empty()) continue;  // a matter of the configuration
      const std::string what = pool.streams ? "streams" : inventory.request_types[type];
      to.push_back({RuleKind::no_server, pool.name + ':' + what, it.covered ? 0.0 : 1.0,
                    "pool " + pool.name + " has no server for " + what + ": " + joined(it.able) +
                        (it.able.size() == 1 ? " takes" : " take") + " no work"});
    }
  }
}

/// The engine is one subject, and each other proxy; one that has said that it ends is none.
void read_peers(const Snapshot& snapshot, std::vector<AlertReading>& to) {
  using ledger::EngineState;
  if (snapshot.engine.state == EngineState::off) return;
  const bool lost = snapshot.engine.state == EngineState::lost;
  to.push_back({RuleKind::peers_lost, "redis", lost ? 1.0 : 0.0,
                "other proxies cannot be heard: " + snapshot.engine.reason});
  for (const ledger::NodeStatus& node : snapshot.nodes) {
    const bool silent = node.state == ledger::NodeState::silent && !node.left && !lost;
    to.push_back(
        {RuleKind::peers_lost, node.name, silent ? 1.0 : 0.0,
         "proxy " + node.name + " has not been heard of for " + human(snapshot.taken_at - node.heard_at)});
  }
}

void read_scaling(const Snapshot& snapshot, std::vector<AlertReading>& to) {
  for (const ScaleStatus& pool : snapshot.scale) {
    std::uint32_t given_up = 0, vacant = 0;
    for (const ScaledTypeStatus& type : pool.types) {
      given_up += type.given_up;
      vacant += type.most > type.wanted ? type.most - type.wanted : 0;
    }
    const bool full = vacant == 0 && pool.strain > pool.up_over && !pool.rehearse;
    const bool fails = given_up > 0 || full || !pool.silent.empty();
    AlertReading reading{RuleKind::scaling_failed, pool.pool, fails ? 1.0 : 0.0, {}};
    if (given_up > 0)
      reading.words =
          "pool " + pool.pool + ": servers that were to be started keep dying: " + std::to_string(given_up);
    else if (!pool.silent.empty())
      reading.words = "pool " + pool.pool + ": the process of " + pool.silent +
                      " has never listened on its port, and was ended; its output may say why";
    else if (full)
      reading.words = "pool " + pool.pool + " has all servers that it may have, and needs more";
    to.push_back(std::move(reading));
  }
}

/// How far the ratio to the possible best is above 1, so that 1.2 is where half a server is.
AlertReading far_from_best(const PoolOverview& pool, double ratio) {
  char text[32];
  std::snprintf(text, sizeof text, "%.2f", ratio);
  return {RuleKind::distribution_poor, pool.snapshot->name, (ratio - 1) / kRatioPerServer,
          "pool " + pool.snapshot->name + " takes " + text + " times as long as the possible best"};
}

}  // namespace

std::vector<AlertReading> AlertSensor::read(const Overview& overview, const Snapshot& snapshot,
                                            const Inventory& inventory, const MachineUse& machine,
                                            const alert::AlertRules& rules) {
  Readings all;
  read_servers(overview, snapshot, all);
  read_sockets(snapshot, all);
  read_latencies(overview, rules[static_cast<std::size_t>(RuleKind::latency_high)].threshold, all);
  read_processes(overview, snapshot, all);
  read_machine(machine, all);
  read_memory(overview, snapshot, machine, all);
  read_certificates(snapshot, all);
  read_coverage(snapshot, inventory, all);
  read_peers(snapshot, all);
  read_scaling(snapshot, all);
  read_traffic(overview, all);
  read_errors(overview, snapshot, all);
  read_deaths(snapshot, all);
  read_distribution(overview, all);
  return all;
}

void AlertSensor::read_traffic(const Overview& overview, Readings& to) {
  double rate = overview.request_rate;
  for (const PoolOverview& pool : overview.pools)
    if (pool.snapshot->streams) rate += pool.rate;
  traffic_.add(rate, overview.time, clock_.ahead_at(static_cast<std::int64_t>(overview.time)));
  const double recent = traffic_.recent();
  const auto usual = traffic_.usual();
  if (!usual || recent < kFewRequests) return;
  const double times = recent / std::max(*usual, 0.1);
  to.push_back(
      {RuleKind::traffic_spike, "traffic", times,
       human_rate(recent) + " requests a second in the last minute, " + human_rate(*usual) + " are usual"});
}

void AlertSensor::read_errors(const Overview& overview, const Snapshot& snapshot, Readings& to) {
  double rate = overview.request_rate, errors = overview.error_rate;
  for (const PoolOverview& pool : overview.pools) {
    if (!pool.snapshot->streams) continue;
    rate += pool.rate + pool.errors;
    errors += pool.errors;
  }
  errors_.add(rate * overview.interval, errors * overview.interval, snapshot.taken_at);
  const alert::Burn burn = burn_of(errors_);
  const double failed = burn.rate * alert::kErrorBudget * 100;
  char text[32];
  std::snprintf(text, sizeof text, "%.3g", failed);
  to.push_back({RuleKind::errors_burning, "requests", burn.share,
                std::string(text) + " % of all requests fail, " + human_rate(burn.rate) +
                    " times as many as may, over " + human(std::min(burn.long_window, errors_.known()))});
}

/// What had died before this process began was told by the one before it.
void AlertSensor::read_deaths(const Snapshot& snapshot, Readings& to) {
  for (const WorkerSnapshot& worker : snapshot.workers) {
    const auto seen = worker_deaths_.try_emplace(worker.id, worker.status.deaths).first;
    deaths_.insert(deaths_.end(), worker.status.deaths - seen->second, snapshot.taken_at);
    seen->second = worker.status.deaths;
  }
  while (!deaths_.empty() &&
         (snapshot.taken_at - deaths_.front() > kDeathsOf || deaths_.size() > kDeathsKept))
    deaths_.pop_front();
  const auto count = static_cast<double>(deaths_.size());
  to.push_back({RuleKind::worker_died, "workers", count,
                std::to_string(deaths_.size()) + (deaths_.size() == 1 ? " worker has" : " workers have") +
                    " died within five minutes"});
}

/// Of one second it says little: what takes longer counts at its end.
void AlertSensor::read_distribution(const Overview& overview, Readings& to) {
  std::map<std::string, double, std::less<>> uses;
  for (const ServerView& server : overview.servers) {
    if (!takes_work(server.snapshot->state) || server.weight == 0 || server.snapshot->backup) continue;
    const double use = server.busy ? *server.busy : server.snapshot->load_percent / 100;
    const auto before = uses_.find(server.snapshot->name);
    uses[server.snapshot->name] =
        before == uses_.end() ? use : before->second + kSmoothing * (use - before->second);
  }
  uses_ = std::move(uses);
  for (const PoolOverview& pool : overview.pools) {
    std::pair<double, std::string> least{2, ""}, most{-1, ""};
    for (const std::string& name : pool.servers) {
      const auto use = uses_.find(name);
      if (use == uses_.end()) continue;
      least = std::min(least, {use->second, name});
      most = std::max(most, {use->second, name});
    }
    const bool counts = most.first >= kAlwaysBusy;  // below, everybody has time for more
    AlertReading reading{
        RuleKind::distribution_poor, pool.snapshot->name, counts ? most.first - least.first : 0,
        "pool " + pool.snapshot->name + ": " + most.second + " is busy " + percent(most.first) +
            " of the time, " + least.second + " " + percent(least.first)};
    if (const auto& known = pool.snapshot->performance; known && known->busy)
      if (AlertReading far = far_from_best(pool, *known->busy); far.value > reading.value)
        reading = std::move(far);
    to.push_back(std::move(reading));
  }
}

}  // namespace finishline::control
