#include "lb/master/machine.h"

#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <optional>
#include <string_view>
#include <utility>

#include "lb/config/descriptors.h"
#include "lb/config/scaled_servers.h"
#include "lb/control/geo_database.h"
#include "lb/master/free_port.h"
#include "lb/master/problem_at.h"
#include "lb/master/running_proxy.h"
#include "lb/net/socket.h"
#include "lb/process/command.h"
#include "lb/process/limits.h"
#include "lb/process/state_lock.h"

namespace finishline::master {
namespace {

/// An address that the proxy itself is to bind, and where it stands in the text.
struct OwnPlace {
  std::string_view section;
  std::optional<std::size_t> index;
  std::string_view key;
  std::string what;  // "listener 'media' cannot bind 127.0.0.1:80"
  const net::Address& address;
  net::BindOptions binding = {};
};

const char* remedy_for(int error, const net::Address& address) {
  if (address.is_unix()) return error == EADDRINUSE ? "choose another path" : "";
  if (error == EADDRNOTAVAIL)
    return "write an address of this machine, or freebind = true in the listener of one that is to come";
  if (error == EACCES)
    return "choose a port above 1023, or start it as root, with proxy.user for whom it is to be then";
  return error == EADDRINUSE ? "choose another port" : "";
}

/// Tries the addresses, one after the other.
class AddressTrial {
 public:
  AddressTrial(const config::Source& source, const RunningProxy& own, MachineTrial trial, MachineFindings& to)
      : source_(source), own_(own), trial_(trial), to_(to) {}

  void look_at(const OwnPlace& place) {
    if (!place.address) return;
    errno = 0;
    std::string why = fault_of(place);
    if (why.empty()) return;
    const int error = errno;
    if (error == EADDRINUSE) return look_at_used(place, std::move(why));
    report(place, std::move(why), remedy_for(error, place.address));
  }

 private:
  /// "" and a good errno: it can be bound. No file is made.
  static std::string fault_of(const OwnPlace& place) {
    if (place.address.is_unix()) return net::unix_bind_fault(place.address);
    const auto bound = net::bind_listener(place.address, place.binding);
    const auto* const fd = std::get_if<int>(&bound);
    if (fd == nullptr) return std::get<std::string>(bound);
    ::close(*fd);
    return "";
  }

  void look_at_used(const OwnPlace& place, std::string why) {
    if (trial_ == MachineTrial::activation || own_.listens_at(place.address)) return;
    errno = EADDRINUSE;  // free_port_hint() asks for it
    const std::string hint = free_port_hint(place.address, place.binding);
    if (trial_ == MachineTrial::check)
      return to_.warnings.push_back(place.what + ": " + why + hint +
                                    "; unless that is this proxy, it would not start");
    report(place, std::move(why), hint.empty() ? remedy_for(EADDRINUSE, place.address) : hint.substr(2));
  }

  void report(const OwnPlace& place, std::string why, std::string remedy) {
    to_.faults.push_back(problem_at(source_, place.section, place.index, place.key,
                                    place.what + ": " + std::move(why), std::move(remedy)));
  }

  const config::Source& source_;
  const RunningProxy& own_;
  MachineTrial trial_;
  MachineFindings& to_;
};

void try_addresses(const config::Source& source, const config::Config& config, const RunningProxy& own,
                   MachineTrial trial, MachineFindings& to) {
  AddressTrial addresses(source, own, trial, to);
  for (std::size_t i = 0; i < config.listeners.size(); ++i) {
    const config::Listener& listener = config.listeners[i];
    addresses.look_at({"listener",
                       i,
                       "bind",
                       "listener '" + listener.name + "' cannot bind " + listener.bind,
                       listener.address,
                       {.v6only = listener.v6only, .freebind = listener.freebind}});
  }
  if (!config.proxy.admin.empty())
    addresses.look_at({"proxy",
                       std::nullopt,
                       "admin",
                       "proxy.admin cannot bind " + config.proxy.admin,
                       config.admin_address,
                       {.v6only = config.admin_v6only}});
}

/// A connection to a server would leave from there.
void try_source(const config::Server& server, MachineFindings& to) {
  for (const net::Address& source : server.sources) {
    const auto bound = net::bind_listener(source);
    if (const auto* fd = std::get_if<int>(&bound)) {
      ::close(*fd);
    } else {
      to.warnings.push_back("server '" + server.name + "' cannot be connected to from " + source.host_text() +
                            ": " + std::get<std::string>(bound));
    }
  }
}

/// Why this file could not be appended to; "" when it could.
std::string append_fault(const std::filesystem::path& file) {
  const std::filesystem::path folder = file.has_parent_path() ? file.parent_path() : ".";
  const bool there = ::access(file.c_str(), F_OK) == 0;
  if (there && std::filesystem::is_directory(file)) return std::strerror(EISDIR);
  return ::access(there ? file.c_str() : folder.c_str(), there ? W_OK : W_OK | X_OK) == 0
             ? ""
             : std::strerror(errno);
}

void try_files(const config::Config& config, MachineFindings& to) {
  const auto warn = [&](const char* key, const std::string& file, const std::string& why, const char* then) {
    if (!why.empty()) to.warnings.push_back(std::string(key) + ": " + file + ": " + why + "; " + then);
  };
  if (const std::string& file = config.log.file; !file.empty())
    warn("log.file", file, append_fault(file), "the log would go to standard error");
  if (config.log.tells_access() && config.log.access != "-")
    warn("log.access", config.log.access, append_fault(config.log.access), "there would be no access log");
  if (const std::string& file = config.proxy.geo_database; !file.empty()) {
    const auto opened = control::GeoDatabase::open(file);
    const auto* why = std::get_if<std::string>(&opened);
    warn("proxy.geo_database", file, why != nullptr ? *why : "",
         "no countries would be told: name a country database in MaxMind's format, or leave the key out");
  }
  if (const std::string& folder = config.proxy.state_dir; !folder.empty()) {
    const bool good = ::access(folder.c_str(), W_OK | X_OK) == 0;
    warn("proxy.state_dir", folder, good ? "" : std::strerror(errno),
         "history and changes would not outlive the proxy");
  }
}

/// Whose the folder is that changes and history are kept in.
void try_state(const config::Source& source, const config::Config& config, const RunningProxy& own,
               MachineTrial trial, MachineFindings& to) {
  const std::string& folder = config.proxy.state_dir;
  const bool is_ours = own.pid() > 0 && process::StateLock::owner_of(folder) == own.pid();
  const auto fault = folder.empty() || is_ours ? std::nullopt : process::StateLock::fault_of(folder);
  if (!fault) return;
  if (trial == MachineTrial::check)
    return to.warnings.push_back(*fault + "; beside that one this would not start");
  to.faults.push_back(
      problem_at(source, "proxy", std::nullopt, "state_dir", *fault, "give each proxy a folder of its own"));
}

/// Programs that scaling runs; those that stand in for several are looked for by nobody beforehand.
void try_command(const std::string& key, const std::string& command, MachineFindings& to) {
  const auto read = config::words_of(command);
  const auto* const words = std::get_if<std::vector<std::string>>(&read);
  if (words == nullptr || words->empty() || words->front().find('{') != std::string::npos) return;
  const std::string why = process::fault_of_program(words->front());
  if (!why.empty())
    to.warnings.push_back(key + ": " + why +
                          "; write the path of a program that is there, as proxy.user may run it");
}

void try_commands(const config::Config& config, MachineFindings& to) {
  for (const config::Pool& pool : config.pools) {
    const std::string key = "pool." + pool.name + ".scale.";
    try_command(key + "command", pool.scale.command, to);
    for (const config::ScaledServers& it : pool.scale.servers)
      try_command(key + it.type + ".command", it.command, to);
  }
}

}  // namespace

MachineFindings try_machine(const config::Source& source, const config::Config& config, MachineTrial trial) {
  MachineFindings all;
  const RunningProxy own = trial == MachineTrial::check ? RunningProxy(source.file, config) : RunningProxy();
  try_addresses(source, config, own, trial, all);
  if (config::connections_lowered(config))
    all.warnings.push_back("proxy.max_connections would be " + std::to_string(config.proxy.max_connections) +
                           ": " + config::why_lowered(config));
  if (auto why = process::raise_descriptor_limit(config))
    all.faults.push_back(problem_at(source, "proxy", std::nullopt, "max_connections", std::move(*why), ""));
  for (const config::Server& server : config.servers) try_source(server, all);
  try_files(config, all);
  try_state(source, config, own, trial, all);
  try_commands(config, all);
  return all;
}

}  // namespace finishline::master
