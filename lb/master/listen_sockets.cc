#include "lb/master/listen_sockets.h"

#include <algorithm>
#include <set>
#include <utility>

#include "lb/net/socket.h"

namespace finishline::master {
namespace {

struct Wanted {
  std::string place;
  net::Address address;
  std::string complaint;  // begins the reason why it cannot be had
};

/// Where the kernel chooses the port, the name tells one place from another.
std::string place_of(const net::Address& address, const std::string& name) {
  return address.port() == 0 ? address.to_string() + " " + name : address.to_string();
}

Wanted wanted_by(const config::Listener& listener) {
  return {place_of(listener.address, listener.name), listener.address,
          "listener '" + listener.name + "' cannot bind " + listener.bind + ": "};
}

/// The configuration was checked, so the address can be resolved unless names have changed since.
std::optional<Wanted> wanted_by(const config::Proxy& proxy) {
  if (proxy.admin.empty()) return std::nullopt;
  const auto address = net::parse_address(proxy.admin);
  if (!std::holds_alternative<net::Address>(address)) return Wanted{"", {}, ""};
  return Wanted{place_of(std::get<net::Address>(address), "admin"), std::get<net::Address>(address),
                "proxy.admin cannot bind " + proxy.admin + ": "};
}

std::vector<Wanted> wanted_by(const config::Config& config) {
  std::vector<Wanted> all;
  for (const config::Listener& listener : config.listeners) all.push_back(wanted_by(listener));
  if (auto admin = wanted_by(config.proxy)) all.push_back(std::move(*admin));
  return all;
}

std::set<std::string> places_of(const config::Config& config) {
  std::set<std::string> places;
  for (const Wanted& wanted : wanted_by(config)) places.insert(wanted.place);
  return places;
}

}  // namespace

void ListenSockets::adopt(int fd, std::string place) {
  if (place.empty()) place = net::bound_address(fd).to_string();
  sockets_.insert_or_assign(std::move(place), process::Descriptor(fd));
}

std::optional<std::string> ListenSockets::open_for(const config::Config& config) {
  std::map<std::string, process::Descriptor> fresh;
  for (const Wanted& wanted : wanted_by(config)) {
    if (sockets_.contains(wanted.place)) continue;
    const auto bound = net::open_listener(wanted.address);
    if (const auto* why = std::get_if<std::string>(&bound)) return wanted.complaint + *why;
    fresh.emplace(wanted.place, process::Descriptor(std::get<int>(bound)));
  }
  sockets_.merge(fresh);
  return std::nullopt;
}

std::vector<process::ListenSocket> ListenSockets::listeners(const config::Config& config) const {
  std::vector<process::ListenSocket> all;
  for (std::size_t i = 0; i < config.listeners.size(); ++i)
    all.push_back({sockets_.at(wanted_by(config.listeners[i]).place).get(), i});
  return all;
}

int ListenSockets::admin(const config::Config& config) const {
  const auto wanted = wanted_by(config.proxy);
  return wanted ? sockets_.at(wanted->place).get() : -1;
}

std::vector<std::string> ListenSockets::unused(const config::Config& config) const {
  const std::set<std::string> needed = places_of(config);
  std::vector<std::string> all;
  for (const auto& [place, fd] : sockets_) {
    if (!needed.contains(place)) all.push_back(place);
  }
  return all;
}

void ListenSockets::close_unused(const config::Config& config) {
  for (const std::string& place : unused(config)) sockets_.erase(place);
}

void ListenSockets::close_all_but(const std::vector<int>& fds) {
  std::erase_if(sockets_, [&](const auto& it) {
    return std::find(fds.begin(), fds.end(), it.second.get()) == fds.end();
  });
}

std::vector<std::string> listeners_lost(const config::Config& before, const config::Config& after) {
  const std::set<std::string> needed = places_of(after);
  std::vector<std::string> names;
  for (const config::Listener& listener : before.listeners) {
    if (!needed.contains(wanted_by(listener).place)) names.push_back(listener.name);
  }
  return names;
}

}  // namespace finishline::master
