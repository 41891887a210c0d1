#include "lb/master/server_processes.h"

#include <netinet/in.h>
#include <signal.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <map>
#include <utility>

#include "lb/config/scaled_servers.h"
#include "lb/ledger/row_lease.h"
#include "lb/log/log.h"
#include "lb/process/command.h"
#include "lb/process/descriptor.h"
#include "lb/process/spawn.h"

namespace finishline::master {

using ledger::ScaledLife;

namespace {

/// Of each place of the configuration, with how its servers are started.
std::vector<ScaledPlace> places_of(const Generation& generation) {
  const config::Config& config = generation.config;
  std::map<std::string, ledger::ServerId> rows;
  for (std::size_t i = 0; i < config.servers.size(); ++i)
    if (config.servers[i].scaled) rows.emplace(config.servers[i].name, generation.heritage.server_ids[i]);
  std::vector<ScaledPlace> places;
  for (const config::Pool& pool : config.pools)
    for (const config::ScaledServers& servers : pool.scale.servers)
      for (std::uint32_t n = 1; n <= (servers.command.empty() ? 0 : servers.max); ++n) {
        const std::string name = config::place_name(pool.name, servers.type, n);
        places.push_back({.name = name, .row = rows.at(name), .type = servers.type, .how = servers});
      }
  return places;
}

/// Whether a socket of this machine can be bound to it, now; of port 0, to which.
std::optional<std::uint16_t> bindable(std::uint16_t port) {
  const process::Descriptor socket(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  const int on = 1;
  ::setsockopt(socket.get(), SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t length = sizeof address;
  auto* const plain = reinterpret_cast<sockaddr*>(&address);
  if (::bind(socket.get(), plain, length) != 0 || ::getsockname(socket.get(), plain, &length) != 0)
    return std::nullopt;
  return ntohs(address.sin_port);
}

/// It and all that it has started.
void signal_group(pid_t pid, int number) {
  if (::kill(-pid, number) != 0) ::kill(pid, number);
}

process::ExecCommand command_of(const ScaledPlace& place, std::uint16_t port) {
  process::ExecCommand command{.words = {},
                               .user = place.how.user,
                               .log = process::with_place(place.how.log, place.name, place.type, port),
                               .max_memory = place.how.max_memory,
                               .max_files = place.how.max_files};
  const auto words = config::words_of(place.how.command);
  for (const std::string& word : std::get<std::vector<std::string>>(words))
    command.words.push_back(process::with_place(word, place.name, place.type, port));
  return command;
}

/// What shells and ours say of a program that could not be run is looked up: the process could tell nobody.
std::string reason_of_death(const ScaledPlace& place, int status) {
  constexpr int kNotRun = 127;
  std::string reason = process::describe_wait_status(status);
  if (!WIFEXITED(status) || WEXITSTATUS(status) != kNotRun) return reason;
  const std::string why = process::fault_of_program(command_of(place, 0).words.front());
  return why.empty() ? reason : reason + ": " + why;
}

}  // namespace

void ServerProcesses::follow(const Generation& generation) {
  const std::uint32_t revision = generation.heritage.revision;
  if (std::exchange(revision_, revision) == revision) return;
  table_.follow(places_of(generation));
  for (const ScaledProcess& it : table_.all()) {
    if (!it.configured || it.pid == 0 || ledger::scaled_port(ledger_, it.place.row) == it.port) continue;
    ledger::scaled_started(ledger_, it.place.row, it.port, it.pid, it.started_at);  // in a ledger that is new
    ledger::want_scaled(ledger_, it.place.row, ledger::ScaledWish::wanted);
  }
  std::map<std::string, std::uint32_t> wanted;  // by type of a pool: the first places
  for (const ScaledProcess& it : table_.all()) {
    if (!it.configured) continue;
    const std::string group = it.place.name.substr(0, it.place.name.rfind('-'));
    if (wanted[group] < it.place.how.min)
      ledger::want_scaled(ledger_, it.place.row, ledger::ScaledWish::wanted);
    ++wanted[group];
  }
}

/// Of a place that the configuration has not got any more, somebody else may.
bool ServerProcesses::has_row(const ScaledProcess& it) const {
  return it.place.row < ledger_.server_count() && ledger_.server_name(it.place.row) == it.place.name;
}

bool ServerProcesses::wanted(const ScaledProcess& it) const {
  return !stopping_ && it.configured &&
         ledger::scaled_server(ledger_, it.place.row).wish != ledger::ScaledWish::none;
}

void ServerProcesses::look(Instant now) {
  for (ScaledProcess& it : table_.all()) {
    if (!wanted(it)) rest(it, now);
    if (ScaledTable::due(it, wanted(it), now)) start(it, now);
    if (it.state == ScaledLife::running && !wanted(it) &&
        (it.configured || stopping_ || !has_row(it) || !ledger::is_leased(ledger_, it.place.row)))
      end(it, now);
    if (it.state == ScaledLife::ending && !it.killed && it.end_by <= now) {
      log::write(log::Event::server_killed, {{"server", it.place.name}, {"pid", it.pid}});
      it.killed = true;
      signal_group(it.pid, SIGKILL);
    }
  }
  forget_gone();
}

/// One that is not wanted has no start before it, and whatever it died of is forgotten.
void ServerProcesses::rest(ScaledProcess& it, Instant now) {
  if (it.state != ScaledLife::backing_off && it.state != ScaledLife::given_up) return;
  it.state.enter(ScaledLife::none);
  it.quick_deaths = 0;
  if (has_row(it)) ledger::scaled_resting(ledger_, it.place.row, now);
}

void ServerProcesses::start(ScaledProcess& it, Instant now) {
  const auto port = free_port(it.place.how.ports);
  const process::ExecCommand command = command_of(it.place, port.value_or(0));
  const pid_t pid =
      port ? process::spawn(it.place.name.substr(0, 15), [&] { return process::run_command(command); }) : -1;
  if (pid < 0) {
    const std::string reason = port ? std::strerror(errno) : "no port of " + it.place.how.ports + " is free";
    log::write(log::Event::fork_failed, {{"child", it.place.name}, {"reason", reason}});
    return ScaledTable::failed_to_start(it, now);
  }
  ::setpgid(pid, pid);
  ScaledTable::started(it, pid, *port, now);
  ledger::scaled_started(ledger_, it.place.row, *port, pid, now);
  log::write(log::Event::server_started, {{"server", it.place.name}, {"pid", pid}, {"port", *port}});
  changed_();
}

void ServerProcesses::end(ScaledProcess& it, Instant now) {
  ScaledTable::ending(it, now);
  if (has_row(it)) ledger::scaled_ending(ledger_, it.place.row, now);
  signal_group(it.pid, SIGTERM);
}

bool ServerProcesses::ended(pid_t pid, int status, Instant now) {
  ScaledProcess* const it = table_.with_pid(pid);
  if (it == nullptr) return false;
  ::kill(-pid, SIGKILL);  // what it has left behind
  const bool asked = ScaledTable::exited(*it, now);
  if (has_row(*it)) ledger::scaled_ended(ledger_, it->place.row, asked, it->state, now);
  if (asked) {
    log::write(log::Event::server_ended, {{"server", it->place.name}});
  } else {
    log::write(log::Event::server_died,
               {{"server", it->place.name}, {"reason", reason_of_death(it->place, status)}});
  }
  if (it->state == ScaledLife::given_up)
    log::write(
        log::Event::server_given_up,
        {{"server", it->place.name}, {"deaths", it->quick_deaths}, {"command", it->place.how.command}});
  changed_();
  return true;
}

/// Their rows are for others now.
void ServerProcesses::forget_gone() {
  for (const ScaledProcess& it : table_.take_gone())
    if (has_row(it)) ledger::reserve_scaled(ledger_, it.place.row, false);
}

void ServerProcesses::stop(Instant now) {
  if (std::exchange(stopping_, true)) return;
  look(now);
}

void ServerProcesses::kill() {
  for (ScaledProcess& it : table_.all())
    if (it.pid != 0) signal_group(it.pid, SIGKILL);
}

/// From the kernel, or the first of the range that can be had.
std::optional<std::uint16_t> ServerProcesses::free_port(const std::string& range) const {
  const auto ports = config::ports_in(range);
  if (!ports) {
    for (int tries = 0; tries < 100; ++tries)
      if (const auto port = bindable(0); port && !table_.has_port(*port)) return port;
    return std::nullopt;
  }
  for (std::uint32_t port = ports->first; port <= ports->second; ++port) {
    const auto it = static_cast<std::uint16_t>(port);
    if (!table_.has_port(it) && bindable(it)) return it;
  }
  return std::nullopt;
}

std::vector<ServerProcesses::Running> ServerProcesses::running() const {
  std::vector<Running> running;
  for (const ScaledProcess& it : table_.all())
    if (it.pid != 0) running.push_back({it.place.name, it.pid, it.port, it.started_at});
  return running;
}

/// One that was told to end by the program before is told again.
void ServerProcesses::adopt(const std::vector<Running>& running) {
  for (const Running& it : running) {
    table_.adopt(it.name, it.pid, it.port, it.started_at);
    if (const auto row = ledger_.find_server(it.name)) table_.all().back().place.row = *row;
  }
}

}  // namespace finishline::master
