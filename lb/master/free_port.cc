#include "lb/master/free_port.h"

#include <unistd.h>

#include <cerrno>
#include <cstdint>

namespace finishline::master {

std::string free_port_hint(const net::Address& address, const net::BindOptions& binding) {
  if (errno != EADDRINUSE || address.is_unix()) return "";
  const std::uint32_t taken = address.port();
  for (std::uint32_t port = taken + 1; port <= taken + 100 && port <= UINT16_MAX; ++port) {
    const net::Address next = address.with_port(static_cast<std::uint16_t>(port));
    const auto bound = net::bind_listener(next, binding);
    const int* const fd = std::get_if<int>(&bound);
    if (fd == nullptr) continue;
    ::close(*fd);
    return "; " + next.to_string() + " is free";
  }
  return "";
}

}  // namespace finishline::master
