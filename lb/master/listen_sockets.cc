#include "lb/master/listen_sockets.h"

#include <algorithm>
#include <set>
#include <utility>

#include "lb/master/free_port.h"
#include "lb/master/socket_file.h"
#include "lb/net/socket.h"

namespace finishline::master {
namespace {

struct Wanted {
  std::string place;
  net::Address address;
  net::BindOptions binding;
  std::string complaint;  // begins the reason why it cannot be had
};

/// [::] for both families and for IPv6 alone are two places. Where the kernel chooses the port, the name
/// tells one place from another.
std::string place_of(const net::Address& address, bool v6only, const std::string& name) {
  std::string place = address.to_string();
  if (v6only && address.is_any() && !address.is_ipv4()) place += " v6only";
  return address.port() == 0 && !address.is_unix() ? place + ' ' + name : place;
}

Wanted wanted_by(const config::Listener& listener) {
  return {place_of(listener.address, listener.v6only, listener.name),
          listener.address,
          {.v6only = listener.v6only, .freebind = listener.freebind, .file = socket_file_of(listener)},
          "listener '" + listener.name + "' cannot bind " + listener.bind + ": "};
}

std::optional<Wanted> wanted_by_admin(const config::Config& config) {
  if (config.proxy.admin.empty()) return std::nullopt;
  return Wanted{place_of(config.admin_address, config.admin_v6only, "admin"),
                config.admin_address,
                {.v6only = config.admin_v6only},
                "proxy.admin cannot bind " + config.proxy.admin + ": "};
}

std::vector<Wanted> wanted_by(const config::Config& config) {
  std::vector<Wanted> all;
  for (const config::Listener& listener : config.listeners) all.push_back(wanted_by(listener));
  if (auto admin = wanted_by_admin(config)) all.push_back(std::move(*admin));
  return all;
}

/// The address of a Unix socket; nothing for other places.
std::optional<net::Address> unix_address_of(const std::string& place) {
  const auto read = net::parse_endpoint(place);
  const auto* const it = std::get_if<net::Endpoint>(&read);
  return it != nullptr && it->address.is_unix() ? std::optional(it->address) : std::nullopt;
}

/// Opens it; the reason why not.
std::variant<process::Descriptor, std::string> open(const Wanted& wanted) {
  const auto bound = net::open_listener(wanted.address, wanted.binding);
  if (const auto* why = std::get_if<std::string>(&bound))
    return wanted.complaint + *why + free_port_hint(wanted.address, wanted.binding);
  return process::Descriptor(std::get<int>(bound));
}

std::set<std::string> places_of(const config::Config& config) {
  std::set<std::string> places;
  for (const Wanted& wanted : wanted_by(config)) places.insert(wanted.place);
  return places;
}

}  // namespace

void ListenSockets::adopt(const std::vector<std::pair<std::string, int>>& sockets,
                          const std::vector<std::string>& given, const Files& files) {
  for (const auto& [place, fd] : sockets) keep(place, process::Descriptor(fd));
  for (const auto& [place, file] : files) files_.insert_or_assign(place, file);
  given_.insert(given.begin(), given.end());
}

void ListenSockets::adopt_given(int fd) {
  const std::string place = place_of(net::bound_address(fd), net::is_v6only(fd), "");
  adopt({{place, fd}}, {place}, {});
}

/// With the file that has just been made, if it is a Unix socket's.
void ListenSockets::keep(const std::string& place, process::Descriptor socket) {
  sockets_.insert_or_assign(place, std::move(socket));
  const auto address = unix_address_of(place);
  if (!address) return;
  if (const auto file = net::unix_file_id(*address)) files_.insert_or_assign(place, *file);
}

/// Another's file is left alone.
void ListenSockets::remove_file_of(const std::string& place) const {
  const auto address = unix_address_of(place);
  if (address && !given_.contains(place) && !is_lost(place)) net::remove_unix_file(*address);
}

bool ListenSockets::is_lost(const std::string& place) const {
  const auto address = unix_address_of(place);
  if (!address) return false;
  const auto made = files_.find(place);
  return made == files_.end() || net::unix_file_id(*address) != made->second;
}

std::vector<std::string> ListenSockets::lost() const {
  std::vector<std::string> places;
  for (const auto& [place, socket] : sockets_)
    if (is_lost(place)) places.push_back(place);
  return places;
}

ledger::LostSockets ListenSockets::lost_of(const config::Config& config) const {
  ledger::LostSockets all;
  for (const config::Listener& listener : config.listeners)
    if (is_lost(wanted_by(listener).place)) all.listeners.insert(listener.name);
  const auto admin = wanted_by_admin(config);
  all.admin = admin && is_lost(admin->place);
  return all;
}

std::optional<std::string> ListenSockets::open_for(const config::Config& config) {
  std::map<std::string, process::Descriptor> fresh;
  for (const Wanted& wanted : wanted_by(config)) {
    if (sockets_.contains(wanted.place)) {
      if (wanted.address.is_unix() && !given_.contains(wanted.place) && !is_lost(wanted.place))
        net::set_up_unix_file(wanted.address, wanted.binding.file);
      continue;
    }
    auto opened = open(wanted);
    if (auto* const why = std::get_if<std::string>(&opened)) return std::move(*why);
    fresh.emplace(wanted.place, std::get<process::Descriptor>(std::move(opened)));
  }
  for (auto& [place, socket] : fresh) keep(place, std::move(socket));
  return std::nullopt;
}

/// The service manager's are its own to make anew.
std::optional<std::string> ListenSockets::renew_lost(const config::Config& config) {
  for (const Wanted& wanted : wanted_by(config)) {
    const auto it = sockets_.find(wanted.place);
    if (it == sockets_.end() || given_.contains(wanted.place) || !is_lost(wanted.place)) continue;
    auto opened = open(wanted);
    if (auto* const why = std::get_if<std::string>(&opened)) return restore_before(), std::move(*why);
    before_.emplace(wanted.place, std::move(it->second));
    keep(wanted.place, std::get<process::Descriptor>(std::move(opened)));
  }
  return std::nullopt;
}

bool ListenSockets::renewed_admin(const config::Config& config) const {
  const auto wanted = wanted_by_admin(config);
  return wanted && before_.contains(wanted->place);
}

std::vector<process::ListenSocket> ListenSockets::listeners(const config::Config& config) const {
  std::vector<process::ListenSocket> all;
  for (std::size_t i = 0; i < config.listeners.size(); ++i)
    all.push_back({sockets_.at(wanted_by(config.listeners[i]).place).get(), i});
  return all;
}

int ListenSockets::admin(const config::Config& config) const {
  const auto wanted = wanted_by_admin(config);
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

void ListenSockets::settle(const config::Config& config) {
  before_.clear();
  close_unused(config);
}

/// A new file must not stand there with nobody behind it.
void ListenSockets::restore_before() {
  for (auto& [place, socket] : before_) {
    remove_file_of(place);
    files_.erase(place);
    sockets_.insert_or_assign(place, std::move(socket));
  }
  before_.clear();
}

void ListenSockets::take_back(const config::Config& config) {
  restore_before();
  close_unused(config);
}

void ListenSockets::close_unused(const config::Config& config) {
  for (const std::string& place : unused(config)) {
    remove_file_of(place);
    sockets_.erase(place);
    files_.erase(place);
    given_.erase(place);
  }
}

void ListenSockets::close_all() {
  for (const auto& [place, fd] : sockets_) remove_file_of(place);
  sockets_.clear();
  before_.clear();
}

void ListenSockets::close_all_but(const std::vector<int>& fds) {
  const auto unwanted = [&](const auto& it) {
    return std::find(fds.begin(), fds.end(), it.second.get()) == fds.end();
  };
  std::erase_if(sockets_, unwanted);
  std::erase_if(before_, unwanted);
}

std::vector<std::string> ListenSockets::listeners_lost(const config::Config& before,
                                                       const config::Config& after) const {
  const std::set<std::string> needed = places_of(after);
  std::vector<std::string> names;
  for (const config::Listener& listener : before.listeners) {
    const std::string place = wanted_by(listener).place;
    if (!needed.contains(place) || before_.contains(place)) names.push_back(listener.name);
  }
  return names;
}

}  // namespace finishline::master
