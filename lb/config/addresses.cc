#include "lb/config/addresses.h"

#include <algorithm>
#include <optional>

namespace finishline::config {
namespace {

/// An address that the proxy itself will bind.
struct Binding {
  std::string key;    // "listener[1].bind"
  std::string owner;  // "listener 'media'"
  net::Address address;
};

std::optional<net::Address> resolved(Draft& draft, const std::string& key, const std::string& text,
                                     const Resolver& resolve) {
  auto result = resolve(text);
  if (const auto* address = std::get_if<net::Address>(&result)) return *address;
  draft.report(key, std::get<std::string>(result), "write for example \"127.0.0.1:9000\"");
  return std::nullopt;
}

std::string host_of(const net::Address& address) {
  const std::string text = address.to_string();
  return text.substr(0, text.rfind(':'));
}

bool is_any_host(const std::string& host) { return host == "0.0.0.0" || host == "[::]"; }

/// Both cannot be bound at once. Port 0 is another port each time.
bool clash(const net::Address& a, const net::Address& b) {
  if (a.port() == 0 || a.port() != b.port()) return false;
  const std::string host_a = host_of(a);
  const std::string host_b = host_of(b);
  return host_a == host_b || is_any_host(host_a) || is_any_host(host_b);
}

void add_binding(Draft& draft, std::vector<Binding>& bindings, Binding binding) {
  const auto same = std::find_if(bindings.begin(), bindings.end(),
                                 [&](const Binding& other) { return clash(other.address, binding.address); });
  if (same != bindings.end()) {
    draft.report(binding.key, binding.address.to_string() + " is already the address of " + same->owner,
                 "choose another port");
  }
  bindings.push_back(std::move(binding));
}

/// The admin server first: where its default clashes with a listener, the listener's line is the one to show.
std::vector<Binding> bindings_of(Draft& draft, const Resolver& resolve) {
  std::vector<Binding> bindings;
  const std::string& admin = draft.config.proxy.admin;
  if (!admin.empty()) {
    const auto address = resolved(draft, "proxy.admin", admin, resolve);
    if (address) add_binding(draft, bindings, {"proxy.admin", "the admin server (proxy.admin)", *address});
  }
  for (std::size_t i = 0; i < draft.config.listeners.size(); ++i) {
    Listener& listener = draft.config.listeners[i];
    const std::string key = key_path("listener", i, "bind");
    if (!draft.given(key)) continue;
    const auto address = resolved(draft, key, listener.bind, resolve);
    if (!address) continue;
    listener.address = *address;
    add_binding(draft, bindings, {key, "listener '" + listener.name + "'", *address});
  }
  return bindings;
}

void resolve_server(Draft& draft, std::size_t index, const std::vector<Binding>& bindings, const Resolver& resolve) {
  Server& server = draft.config.servers[index];
  const std::string key = key_path("server", index, "address");
  if (!draft.given(key)) return;
  const auto address = resolved(draft, key, server.bind, resolve);
  if (!address) return;
  server.address = *address;
  if (address->port() == 0) draft.report(key, "port 0 cannot be connected to", "write the server's port");
  for (const Binding& binding : bindings) {
    if (binding.address.port() == 0 || binding.address.to_string() != address->to_string()) continue;
    draft.report(key, "this is the proxy itself: " + binding.owner, "write the server's own address");
  }
}

void resolve_check_address(Draft& draft, std::size_t index, const Resolver& resolve) {
  Server& server = draft.config.servers[index];
  server.check_address = server.address;
  if (server.check_bind.empty()) return;
  const std::string key = key_path("server", index, "check_address");
  const auto address = resolved(draft, key, server.check_bind, resolve);
  if (!address) return;
  server.check_address = *address;
  if (address->port() == 0)
    draft.report(key, "port 0 cannot be connected to", "write the port that answers checks");
}

/// A connection has both ends in one family.
void check_sources(Draft& draft, std::size_t index) {
  const Server& server = draft.config.servers[index];
  const std::string key = key_path("server", index, "source");
  for (const net::Address& source : server.sources) {
    if (source.data()->sa_family == server.address.data()->sa_family || server.address.length() == 0) continue;
    draft.report(key, "there is no way from " + host_of(source) + " to " + server.address.to_string(),
                 "both are to be IPv4, or both IPv6");
  }
}

}  // namespace

void resolve_addresses(Draft& draft, const Resolver& resolve) {
  const std::vector<Binding> bindings = bindings_of(draft, resolve);
  for (std::size_t i = 0; i < draft.config.servers.size(); ++i) {
    resolve_server(draft, i, bindings, resolve);
    resolve_check_address(draft, i, resolve);
    check_sources(draft, i);
  }
}

}  // namespace finishline::config
