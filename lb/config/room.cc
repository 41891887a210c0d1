#include "lb/config/room.h"

#include <algorithm>
#include <utility>
#include <variant>
#include <vector>

namespace finishline::config {
namespace {

/// A name whose addresses are servers.
struct Spread {
  std::vector<const Server*> servers;  // as written: each is there once for each address
  Hosts* hosts = nullptr;
  Hosts taken{};
};

/// As they stand in the file; none: something else is wrong with it.
std::vector<Server> written_servers(Source source) {
  for (auto& [name, addresses] : source.names)
    if (name.use == Use::connect) addresses = std::string();
  auto parsed = parse(source);
  auto* const config = std::get_if<Config>(&parsed);
  return config != nullptr ? std::move(config->servers) : std::vector<Server>();
}

/// nullptr: it is one server, whatever its name has.
Hosts* hosts_of(const Server& server, Source& source) {
  const auto endpoint = net::parse_endpoint(server.bind);
  const auto found = source.names.find({Use::connect, std::get<net::Endpoint>(endpoint).name});
  if (server.resolve == Resolve::first || found == source.names.end()) return nullptr;
  return std::get_if<Hosts>(&found->second);
}

bool reaches(const Server& server, const net::Address& host) {
  const auto same_family = [&](const net::Address& source) { return source.is_ipv4() == host.is_ipv4(); };
  return server.sources.empty() || std::ranges::any_of(server.sources, same_family);
}

class Fitting {
 public:
  explicit Fitting(const Room& room) : room_(room), spare_(room.spare) {}

  /// It has to be there.
  void take(const std::string& server) { spare_ -= std::min(spare_, need(server)); }

  void take_if_room(Spread& spread, const net::Address& host) {
    std::size_t needed = 0;
    for (const Server* server : spread.servers)
      if (reaches(*server, host)) needed += need(server->name + '@' + host.host_text());
    if (needed > spare_) return;
    spare_ -= needed;
    spread.taken.push_back(host);
  }

 private:
  std::size_t need(const std::string& server) const { return room_.has(server) ? 0 : 1; }

  const Room& room_;
  std::size_t spare_;
};

/// What a name has when there is room for nothing.
Hosts at_least_one(const Hosts& fresh, const std::string& name, const Source& before) {
  const auto known = before.names.find({Use::connect, name});
  const auto* hosts = known == before.names.end() ? nullptr : std::get_if<Hosts>(&known->second);
  return {hosts != nullptr ? hosts->front() : fresh.front()};
}

/// Changes the source to what was taken.
LeftOut settle(std::map<std::string, Spread>& spreads, const Source& before) {
  LeftOut left_out;
  for (auto& [name, spread] : spreads) {
    const std::size_t rest = spread.hosts->size() - spread.taken.size();
    if (rest == 0) continue;
    left_out[name] = rest;
    *spread.hosts =
        spread.taken.empty() ? at_least_one(*spread.hosts, name, before) : std::move(spread.taken);
  }
  return left_out;
}

}  // namespace

LeftOut fit(Source& source, const Source& before, const Room& room) {
  const std::vector<Server> servers = written_servers(source);
  std::map<std::string, Spread> spreads;
  Fitting fitting(room);
  std::size_t rounds = 0;
  for (const Server& server : servers) {
    Hosts* const hosts = hosts_of(server, source);
    if (hosts == nullptr) {
      fitting.take(server.name);
      continue;
    }
    Spread& spread = spreads[std::get<net::Endpoint>(net::parse_endpoint(server.bind)).name];
    spread.servers.push_back(&server);
    spread.hosts = hosts;
    rounds = std::max(rounds, hosts->size());
  }
  for (std::size_t i = 0; i < rounds; ++i) {
    for (auto& [name, spread] : spreads)
      if (i < spread.hosts->size()) fitting.take_if_room(spread, (*spread.hosts)[i]);
  }
  return settle(spreads, before);
}

}  // namespace finishline::config
