#include "client/route.h"

#include <unistd.h>

#include <cstring>

namespace finishline::client {
namespace {

/// The address of this machine, or why no connection to `target` can be made from it.
std::variant<net::Address, std::string> source_for(const std::string& ip, const net::Address& target) {
  const auto parsed = net::parse_host(ip);
  if (const auto* problem = std::get_if<std::string>(&parsed)) return *problem;
  const net::Address& source = std::get<net::Address>(parsed);
  if (source.data()->sa_family != target.data()->sa_family)
    return "from " + ip + " there is no way to " + target.to_string() + ": one is IPv4, the other IPv6";
  const int fd = net::open_outgoing(source);
  if (fd < 0) return "cannot connect from " + ip + ": " + std::strerror(-fd);
  ::close(fd);
  return source;
}

}  // namespace

std::variant<Route, std::string> find_route(const std::string& connect,
                                            const std::vector<std::string>& source_ips) {
  const auto target = net::parse_address(connect);
  if (const auto* problem = std::get_if<std::string>(&target)) return "--connect: " + *problem;
  Route route{std::get<net::Address>(target), {}};
  for (const std::string& ip : source_ips) {
    const auto source = source_for(ip, route.target);
    if (const auto* problem = std::get_if<std::string>(&source)) return "--source-ip: " + *problem;
    route.sources.push_back(std::get<net::Address>(source));
  }
  return route;
}

}  // namespace finishline::client
