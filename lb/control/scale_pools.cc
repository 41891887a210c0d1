#include "lb/control/scale_pools.h"

#include <algorithm>
#include <limits>

#include "lb/ledger/scaled_server.h"

namespace finishline::control {
namespace {

/// Of one server, all its slots together. Streams declare no work.
std::vector<double> seconds_per_unit(const config::Config& config, const config::Server& server,
                                     bool streams) {
  if (streams) return {1};
  std::vector<double> seconds;
  for (std::size_t type = 0; type < config.cost.request_types().size(); ++type)
    seconds.push_back(
        config.cost.nanos_per_unit(server.type_index, static_cast<RequestType>(type), server.speed) / 1e9 /
        server.slots);
  return seconds;
}

/// The kind of servers like this one that are not scaled; a new one, if there is none.
std::size_t kind_for(ScalePool& pool, const config::Server& server, std::vector<double> seconds) {
  for (std::size_t kind = 0; kind < pool.kinds.size(); ++kind)
    if (pool.types[kind] == server.type && pool.kinds[kind].seconds_per_unit == seconds) return kind;
  pool.types.push_back(server.type);
  pool.kinds.push_back({.price = 1, .seconds_per_unit = std::move(seconds)});
  pool.limits.push_back({});
  pool.elsewhere.push_back(false);
  return pool.kinds.size() - 1;
}

/// Which of the types that are scaled it is of; nothing: it stands in the file.
const config::ScaledServers* template_of(const config::Pool& pool, const config::Server& server) {
  if (!server.scaled) return nullptr;
  const auto found = std::ranges::find_if(pool.scale.servers, [&](const config::ScaledServers& it) {
    return server.name.starts_with(pool.name + '-' + it.type + '-') &&
           server.name.find('-', pool.name.size() + it.type.size() + 2) == std::string::npos;
  });
  return found == pool.scale.servers.end() ? nullptr : &*found;
}

void add_member(ScalePool& to, const Configured& it, std::size_t index, const config::Pool& pool) {
  const config::Server& server = it.config.servers[index];
  const config::ScaledServers* const from = template_of(pool, server);
  std::size_t kind = 0;
  if (from != nullptr) {
    kind = static_cast<std::size_t>(from - pool.scale.servers.data());
  } else if (server.backup) {
    return;
  } else {
    kind = kind_for(to, server, seconds_per_unit(it.config, server, pool.streams));
  }
  to.members.push_back({.row = it.servers[index],
                        .name = server.name,
                        .kind = kind,
                        .scaled = from != nullptr,
                        .slots = server.slots,
                        .max_memory = from != nullptr ? from->max_memory : 0,
                        .start_timeout = from != nullptr ? from->start_timeout : 0ns});
  if (server.protocol == config::Mode::mini) to.lanes_per_type = 2;
}

/// The kinds of the types that are scaled come first, in their order.
void add_kinds(ScalePool& to, const config::Config& config, const config::Pool& pool) {
  for (const config::ScaledServers& it : pool.scale.servers) {
    const auto type = config.cost.server_type_named(it.type);
    config::Server server;
    server.type_index = type.value_or(0);
    server.speed = it.speed;
    server.slots = it.slots;
    to.types.push_back(it.type);
    to.kinds.push_back(
        {.price = it.price, .seconds_per_unit = seconds_per_unit(config, server, pool.streams)});
    to.limits.push_back({.least = it.min, .most = it.max});
    to.elsewhere.push_back(it.command.empty());
  }
}

}  // namespace

std::vector<ScalePool> scale_pools_of(const Configured& it) {
  std::vector<ScalePool> pools;
  for (std::size_t i = 0; i < it.config.pools.size(); ++i) {
    const config::Pool& from = it.config.pools[i];
    if (std::ranges::none_of(from.scale.servers, [](const auto& servers) { return servers.max > 0; }))
      continue;
    ScalePool& pool = pools.emplace_back();
    pool.name = from.name;
    pool.row = it.pools[i];
    pool.streams = from.streams;
    pool.scale = from.scale;
    for (const RequestTypeSpec& type : it.config.cost.request_types())
      pool.request_types.push_back(type.name);
    add_kinds(pool, it.config, from);
    for (std::size_t n = 0; n < it.config.servers.size(); ++n)
      if (it.config.servers[n].pool == from.name) add_member(pool, it, n, from);
  }
  return pools;
}

std::vector<Resizer::SizedServer> sized_servers_of(const Configured& it, const ledger::Ledger& ledger) {
  std::vector<Resizer::SizedServer> servers;
  for (std::size_t i = 0; i < it.config.servers.size(); ++i) {
    const config::Server& server = it.config.servers[i];
    if (it.config.serves_streams(server) || server.protocol != config::Mode::frame) continue;
    net::Address address = server.address;
    if (server.scaled) {
      const std::uint16_t port = ledger::scaled_port(ledger, it.servers[i]);
      address = port == 0 ? net::Address() : address.with_port(port);
    }
    servers.push_back({server.name, address, server.slots});
  }
  return servers;
}

}  // namespace finishline::control
