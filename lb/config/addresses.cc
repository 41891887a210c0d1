#include "lb/config/addresses.h"

#include <algorithm>
#include <map>
#include <optional>
#include <utility>

#include "lb/config/peer_rules.h"

namespace finishline::config {
namespace {

/// What a text in the file comes to.
struct Resolved {
  std::string name;                     // "": it was an address
  std::vector<net::Address> addresses;  // none: see `unresolved`
  std::string unresolved;
};

/// Asks for each name once.
class NameLookup {
 public:
  explicit NameLookup(const Resolver& resolve) : resolve_(resolve) {}

  Resolved look_up(const net::Endpoint& endpoint, Use use) {
    if (endpoint.name.empty()) return {.name = {}, .addresses = {endpoint.address}, .unresolved = {}};
    Resolved resolved{.name = endpoint.name, .addresses = {}, .unresolved = {}};
    const Addresses& found = addresses_of(endpoint.name, use);
    if (const auto* why = std::get_if<std::string>(&found)) {
      resolved.unresolved = *why;
    } else {
      for (const net::Address& address : std::get<std::vector<net::Address>>(found))
        resolved.addresses.push_back(address.with_port(endpoint.port));
    }
    return resolved;
  }
  bool asks() const { return resolve_ != nullptr; }

 private:
  const Addresses& addresses_of(const std::string& name, Use use) {
    auto [it, is_new] = known_.try_emplace({use, name});
    if (is_new) it->second = resolve_ ? resolve_(name, use) : Addresses("'" + name + "' was not looked up");
    return it->second;
  }

  const Resolver& resolve_;
  std::map<std::pair<Use, std::string>, Addresses> known_;
};

/// Nothing: it was reported.
std::optional<net::Endpoint> endpoint_of(Draft& draft, const std::string& key, const std::string& text) {
  auto read = net::parse_endpoint(text);
  if (auto* endpoint = std::get_if<net::Endpoint>(&read)) return std::move(*endpoint);
  draft.report(key, std::get<std::string>(read), "write for example \"127.0.0.1:9000\"");
  return std::nullopt;
}

/// Multicast, or the broadcast address.
bool is_for_many(const net::Address& address) {
  if (address.is_unix()) return false;
  const auto host = address.host();
  if (host.size() == 16) return host.front() == std::byte{0xff};
  const bool broadcast = std::ranges::all_of(host, [](std::byte b) { return b == std::byte{0xff}; });
  return broadcast || (host.front() & std::byte{0xf0}) == std::byte{0xe0};
}

/// A connection is to one host. False: it was reported.
bool check_single(Draft& draft, const std::string& key, const net::Address& address, const char* remedy) {
  if (!address || !is_for_many(address)) return true;
  draft.report(
      key,
      address.host_text() + " is an address of many hosts (multicast or broadcast), and TCP connects to one",
      remedy);
  return false;
}

// --- what the proxy binds --------------------------------------------------------------------------

/// An address that the proxy itself will bind.
struct Binding {
  std::string key;    // "listener[1].bind"
  std::string owner;  // "listener 'media'"
  net::Address address;
  bool* v6only;  // whether [::] leaves IPv4 to others

  bool is_any_v6() const { return !address.is_ipv4() && address.is_any(); }
  /// Connections to `other` would come here.
  bool takes(const net::Address& other) const {
    if (address.is_unix() || other.is_unix()) return address == other;
    if (address.port() == 0 || address.port() != other.port()) return false;
    if (address.is_ipv4() == other.is_ipv4()) return address.is_any() || address == other;
    return is_any_v6() && !*v6only;
  }
};

/// Both cannot be bound at once. Port 0 is another port each time.
bool clash(const Binding& a, const Binding& b) { return a.takes(b.address) || b.takes(a.address); }

std::optional<net::Address> bound_address(Draft& draft, const std::string& key, const std::string& text,
                                          NameLookup& names) {
  const auto endpoint = endpoint_of(draft, key, text);
  if (!endpoint) return std::nullopt;
  const Resolved resolved = names.look_up(*endpoint, Use::bind);
  if (!resolved.addresses.empty()) {
    const net::Address& address = resolved.addresses.front();
    if (!check_single(draft, key, address, "write an address of this machine")) return std::nullopt;
    return address;
  }
  if (names.asks()) draft.report(key, resolved.unresolved, "write an address, or mend the name");
  return std::nullopt;
}

/// The admin server first: where its default clashes with a listener, the listener's line is the one to show.
std::vector<Binding> bindings_of(Draft& draft, NameLookup& names) {
  Config& config = draft.config;
  std::vector<Binding> bindings;
  if (!config.proxy.admin.empty()) {
    if (const auto address = bound_address(draft, "proxy.admin", config.proxy.admin, names)) {
      config.admin_address = *address;
      if (!address->is_unix() && !address->is_loopback() && !config.proxy.admin_speaks_tls() &&
          !config.proxy.admin_insecure)
        draft.report("proxy.admin", "other machines reach it, and it speaks no TLS",
                     "bind it to 127.0.0.1, name admin_tls_certificate, or say admin_insecure = true");
      bindings.push_back({"proxy.admin", "the admin server (proxy.admin)", *address, &config.admin_v6only});
    }
  }
  for (std::size_t i = 0; i < config.listeners.size(); ++i) {
    Listener& listener = config.listeners[i];
    const std::string key = key_path("listener", i, "bind");
    if (!draft.given(key)) continue;
    const auto address = bound_address(draft, key, listener.bind, names);
    if (!address) continue;
    listener.address = *address;
    bindings.push_back({key, "listener '" + listener.name + "'", *address, &listener.v6only});
  }
  return bindings;
}

/// Where somebody has all of IPv4 on a port, [::] on it is for IPv6 alone: nothing else can be meant.
void part_families(std::vector<Binding>& bindings) {
  for (const Binding& v6 : bindings) {
    for (const Binding& v4 : bindings) {
      if (v6.is_any_v6() && v4.address.is_ipv4() && v4.address.is_any() &&
          v4.address.port() == v6.address.port())
        *v6.v6only = true;
    }
  }
}

void check_clashes(Draft& draft, const std::vector<Binding>& bindings) {
  for (auto it = bindings.begin(); it != bindings.end(); ++it) {
    const auto other =
        std::find_if(bindings.begin(), it, [&](const Binding& earlier) { return clash(earlier, *it); });
    if (other == it) continue;
    const bool families = other->address.is_ipv4() != it->address.is_ipv4();
    draft.report(it->key, it->address.to_string() + " is already the address of " + other->owner,
                 it->address.is_unix() ? "choose another path"
                 : families            ? "choose another port, or set v6only = true where [::] stands"
                                       : "choose another port");
  }
}

// --- servers ---------------------------------------------------------------------------------------

bool same_family(const net::Address& a, const net::Address& b) {
  return a.data()->sa_family == b.data()->sa_family;
}

/// A connection has both ends in one family: what cannot be reached from the server's sources is not its
/// address.
void keep_reachable(Resolved& resolved, const std::vector<net::Address>& sources) {
  if (resolved.name.empty() || sources.empty() || resolved.addresses.empty()) return;
  std::erase_if(resolved.addresses, [&](const net::Address& address) {
    return std::ranges::none_of(sources,
                                [&](const net::Address& source) { return same_family(source, address); });
  });
  if (resolved.addresses.empty())
    resolved.unresolved = "'" + resolved.name + "' has no address of the family of its source";
}

void check_server(Draft& draft, const std::string& key, const net::Address& address,
                  const std::vector<Binding>& bindings) {
  if (address.is_any())
    return draft.report(key, address.host_text() + " is all addresses, and a server has one",
                        "write the server's own address");
  if (!check_single(draft, key, address, "write the server's own address")) return;
  if (address.port() == 0 && !address.is_unix())
    draft.report(key, "port 0 cannot be connected to", "write the server's port");
  for (const Binding& binding : bindings) {
    const bool is_ours = binding.takes(address) && (binding.address == address || address.is_loopback());
    if (is_ours)
      draft.report(key, "this is the proxy itself: " + binding.owner, "write the server's own address");
  }
}

/// As above, of an address as written: one of the two is a mistake.
void check_sources(Draft& draft, std::size_t index) {
  const Server& server = draft.config.servers[index];
  const std::string key = key_path("server", index, "source");
  for (const net::Address& source : server.sources) {
    if (!check_single(draft, key, source, "write an address of this machine")) continue;
    if (!server.address || same_family(source, server.address)) continue;
    draft.report(key, "there is no way from " + source.host_text() + " to " + server.address.to_string(),
                 server.address.is_unix() ? "leave source out" : "both are to be IPv4, or both IPv6");
  }
}

/// Where the server is checked: beside its address when that is said of the same name.
struct CheckAddress {
  std::optional<net::Endpoint> endpoint;  // nothing: at its address
  net::Address address;                   // none: see `unresolved`
  std::string unresolved;
};

CheckAddress check_address_of(Draft& draft, std::size_t index, NameLookup& names) {
  const Server& server = draft.config.servers[index];
  if (server.check_bind.empty()) return {};
  const std::string key = key_path("server", index, "check_address");
  CheckAddress check{.endpoint = endpoint_of(draft, key, server.check_bind), .address = {}, .unresolved = {}};
  if (!check.endpoint) return check;
  Resolved resolved = names.look_up(*check.endpoint, Use::connect);
  if (!resolved.addresses.empty()) check.address = resolved.addresses.front();
  check.unresolved = std::move(resolved.unresolved);
  check_single(draft, key, check.address, "write the address that answers checks");
  if (check.endpoint->port == 0 && !check.address.is_unix())
    draft.report(key, "port 0 cannot be connected to", "write the port that answers checks");
  return check;
}

/// One of the addresses that the server's text stands for.
void settle(Server& server, const net::Address& address, const std::string& name, const CheckAddress& check) {
  server.address = address;
  server.check_address = address;
  if (!name.empty())
    std::erase_if(server.sources, [&](const net::Address& it) { return !same_family(it, address); });
  if (!check.endpoint) return;
  const bool beside = !name.empty() && check.endpoint->name == name;
  server.check_address = beside ? address.with_port(check.endpoint->port) : check.address;
  if (!server.check_address) server.unresolved = check.unresolved;
}

/// The server, or those that its name stands for.
std::vector<Server> servers_of(const Server& written, const Resolved& resolved, const CheckAddress& check) {
  std::vector<Server> servers;
  const bool all = written.resolve == Resolve::all && !resolved.name.empty();
  for (const net::Address& address : resolved.addresses) {
    settle(servers.emplace_back(written), address, resolved.name, check);
    if (!all) return servers;
    servers.back().name += '@' + address.host_text();
  }
  if (servers.empty()) servers.emplace_back(written).unresolved = resolved.unresolved;
  return servers;
}

void check_room(Draft& draft, std::size_t index, std::size_t addresses, std::size_t servers) {
  if (servers <= draft.config.proxy.max_servers || addresses < 2) return;
  draft.report(
      key_path("server", index, "address"),
      "with its " + std::to_string(addresses) + " addresses there are " + std::to_string(servers) +
          " servers, more than proxy.max_servers = " + std::to_string(draft.config.proxy.max_servers),
      "raise max_servers, or leave resolve = \"all\" out");
}

void resolve_servers(Draft& draft, const std::vector<Binding>& bindings, NameLookup& names) {
  std::vector<Server> all;
  for (std::size_t i = 0; i < draft.config.servers.size(); ++i) {
    Server& written = draft.config.servers[i];
    const std::string key = key_path("server", i, "address");
    if (written.scaled) {
      all.push_back(written);
      continue;
    }
    const CheckAddress check = check_address_of(draft, i, names);
    const auto endpoint = draft.given(key) ? endpoint_of(draft, key, written.bind) : std::nullopt;
    if (!endpoint) continue;
    Resolved resolved = names.look_up(*endpoint, Use::connect);
    keep_reachable(resolved, written.sources);
    if (resolved.addresses.empty() && endpoint->port == 0)
      draft.report(key, "port 0 cannot be connected to", "write the server's port");
    for (Server& server : servers_of(written, resolved, check)) {
      if (server.address) check_server(draft, key, server.address, bindings);
      written.address = server.address;
      all.push_back(std::move(server));
    }
    if (resolved.name.empty()) check_sources(draft, i);
    check_room(draft, i, resolved.addresses.size(), all.size());
  }
  if (!draft.faulty()) draft.config.servers = std::move(all);
}

// --- what other proxies are heard through --------------------------------------------------------------

std::string host_of(const net::Endpoint& endpoint) {
  return endpoint.name.empty() ? endpoint.address.host_text() : endpoint.name;
}

/// All addresses that its names have, in the order in which they stand.
void resolve_engines(Draft& draft, NameLookup& names) {
  Peers& peers = draft.config.peers;
  const auto urls = redis_urls_in(peers.redis);
  const auto* const all = std::get_if<std::vector<RedisUrl>>(&urls);
  if (!peers.on() || all == nullptr) return;
  for (const RedisUrl& url : *all) {
    Resolved resolved = names.look_up(url.endpoint, Use::connect);
    if (resolved.addresses.empty()) peers.unresolved = resolved.unresolved;
    for (const net::Address& address : resolved.addresses)
      if (check_single(draft, "peers.redis", address, "write the address of redis"))
        peers.engines.push_back({address, host_of(url.endpoint)});
    peers.database = url.database;
  }
}

}  // namespace

void resolve_addresses(Draft& draft, const Resolver& resolve) {
  NameLookup names(resolve);
  std::vector<Binding> bindings = bindings_of(draft, names);
  part_families(bindings);
  check_clashes(draft, bindings);
  resolve_servers(draft, bindings, names);
  resolve_engines(draft, names);
}

}  // namespace finishline::config
