// Where a client connects to, or a server listens: addresses out of words. Any thread; may wait for the
// resolver.
#pragma once

#include <sys/socket.h>

#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace finishline::clib {

struct SocketAddress {
  sockaddr_storage storage{};
  socklen_t length = 0;
  const sockaddr* get() const { return reinterpret_cast<const sockaddr*>(&storage); }
};

/// "HOST:PORT", as [::1]:9000 for IPv6, or "unix:/PATH".
std::string text_of(const SocketAddress& address);

class AddressList {
 public:
  /// "HOST:PORT", "[IPV6]:PORT" or "unix:/PATH", or several with commas in between; or what is wrong with it.
  static std::variant<AddressList, std::string> parse(std::string_view words);

  /// Looks the names up again. What cannot be resolved keeps the addresses that it had. Returns what went
  /// wrong, or nothing.
  std::string resolve();

  /// Not empty once resolve() has returned nothing.
  const std::vector<SocketAddress>& addresses() const { return addresses_; }

 private:
  struct Host {
    std::string name, port;  // port "": the name is the path of a Unix socket
    std::vector<SocketAddress> found;
  };

  std::vector<Host> hosts_;
  std::vector<SocketAddress> addresses_;
};

}  // namespace finishline::clib
