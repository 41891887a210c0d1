#include "lb/master/machine.h"

#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <utility>

#include "lb/config/descriptors.h"
#include "lb/config/scaled_servers.h"
#include "lb/control/geo_database.h"
#include "lb/master/free_port.h"
#include "lb/master/running_proxy.h"
#include "lb/net/socket.h"
#include "lb/process/command.h"
#include "lb/process/limits.h"
#include "lb/process/state_lock.h"

namespace finishline::master {
namespace {

/// Without making the file.
void try_unix(const std::string& what, const net::Address& address, const RunningProxy& own,
              MachineFindings& to) {
  const std::string why = net::unix_bind_fault(address);
  if (why.empty()) return;
  const bool in_use = errno == EADDRINUSE;
  if (in_use && own.listens_at(address)) return;
  if (in_use)
    return to.warnings.push_back(what + ": " + why + "; unless that is this proxy, it would not start");
  to.faults.push_back(what + ": " + why);
}

void try_bind(const std::string& what, const net::Address& address, const net::BindOptions& binding,
              const RunningProxy& own, MachineFindings& to) {
  if (address.is_unix()) return try_unix(what, address, own, to);
  const auto bound = net::bind_listener(address, binding);
  if (const auto* fd = std::get_if<int>(&bound)) {
    ::close(*fd);
    return;
  }
  const bool in_use = errno == EADDRINUSE;
  if (in_use && own.listens_at(address)) return;
  errno = in_use ? EADDRINUSE : 0;  // free_port_hint() asks for it
  const std::string why = what + ": " + std::get<std::string>(bound) + free_port_hint(address, binding);
  if (in_use) return to.warnings.push_back(why + "; unless that is this proxy, it would not start");
  to.faults.push_back(why);
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

void try_files(const config::Config& config, const RunningProxy& own, MachineFindings& to) {
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
    const bool is_ours = own.pid() > 0 && process::StateLock::owner_of(folder) == own.pid();
    if (auto fault = is_ours ? std::nullopt : process::StateLock::fault_of(folder))
      to.warnings.push_back(*fault + "; beside that one this would not start");
  }
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

MachineFindings try_machine(const std::string& file, const config::Config& config) {
  MachineFindings all;
  const RunningProxy own(file, config);
  for (const config::Listener& listener : config.listeners)
    try_bind("listener '" + listener.name + "' cannot bind " + listener.bind, listener.address,
             {.v6only = listener.v6only, .freebind = listener.freebind}, own, all);
  if (!config.proxy.admin.empty())
    try_bind("proxy.admin cannot bind " + config.proxy.admin, config.admin_address,
             {.v6only = config.admin_v6only}, own, all);
  if (config::connections_lowered(config))
    all.warnings.push_back("proxy.max_connections would be " + std::to_string(config.proxy.max_connections) +
                           ": " + config::why_lowered(config));
  if (auto problem = process::raise_descriptor_limit(config)) all.faults.push_back(std::move(*problem));
  for (const config::Server& server : config.servers) try_source(server, all);
  try_files(config, own, all);
  try_commands(config, all);
  return all;
}

}  // namespace finishline::master
