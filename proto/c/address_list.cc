#include "proto/c/address_list.h"

#include <netdb.h>
#include <netinet/in.h>
#include <sys/un.h>

#include <algorithm>
#include <charconv>
#include <cstddef>
#include <cstring>
#include <memory>
#include <optional>

namespace finishline::clib {
namespace {

constexpr std::string_view kUnix = "unix:";
constexpr std::size_t kPathAt = offsetof(sockaddr_un, sun_path);
constexpr std::size_t kMostPath = sizeof(sockaddr_un::sun_path) - 1;  // a 0 stands behind it

using Results = std::unique_ptr<addrinfo, decltype(&::freeaddrinfo)>;

struct HostAndPort {
  std::string host, port;
};

bool is_port(std::string_view digits) {
  unsigned number = 0;
  const auto read = std::from_chars(digits.data(), digits.data() + digits.size(), number);
  return !digits.empty() && read.ec == std::errc() && read.ptr == digits.data() + digits.size() &&
         number <= 65535;
}

std::optional<HostAndPort> split(std::string_view word) {
  if (word.starts_with(kUnix)) {
    word.remove_prefix(kUnix.size());
    if (!word.starts_with('/') || word.ends_with('/') || word.size() > kMostPath) return std::nullopt;
    return HostAndPort{std::string(word), ""};
  }
  const auto colon = word.rfind(':');
  if (colon == std::string_view::npos) return std::nullopt;
  std::string_view host = word.substr(0, colon);
  const std::string_view port = word.substr(colon + 1);
  if (host.starts_with('[') && host.ends_with(']'))
    host = host.substr(1, host.size() - 2);
  else if (host.find(':') != std::string_view::npos)
    return std::nullopt;
  if (host.empty() || !is_port(port)) return std::nullopt;
  return HostAndPort{std::string(host), std::string(port)};
}

SocketAddress at_path(const std::string& path) {
  SocketAddress address;
  auto* const un = reinterpret_cast<sockaddr_un*>(&address.storage);
  un->sun_family = AF_UNIX;
  std::copy(path.begin(), path.end(), un->sun_path);
  address.length = static_cast<socklen_t>(kPathAt + path.size() + 1);
  return address;
}

/// What getaddrinfo says is wrong, or "".
std::string look_up(const std::string& host, const std::string& port, std::vector<SocketAddress>& found) {
  addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;
  hints.ai_flags = AI_NUMERICSERV;
  addrinfo* first = nullptr;
  if (const int code = ::getaddrinfo(host.c_str(), port.c_str(), &hints, &first); code != 0)
    return host + ": " + (code == EAI_SYSTEM ? std::strerror(errno) : ::gai_strerror(code));
  const Results results(first, &::freeaddrinfo);
  found.clear();
  for (const addrinfo* each = first; each != nullptr; each = each->ai_next) {
    SocketAddress address;
    std::memcpy(&address.storage, each->ai_addr, each->ai_addrlen);
    address.length = each->ai_addrlen;
    found.push_back(address);
  }
  return "";
}

}  // namespace

std::string text_of(const SocketAddress& address) {
  if (address.get()->sa_family == AF_UNIX)
    return std::string(kUnix) + reinterpret_cast<const sockaddr_un*>(&address.storage)->sun_path;
  char host[NI_MAXHOST], port[NI_MAXSERV];
  if (::getnameinfo(address.get(), address.length, host, sizeof host, port, sizeof port,
                    NI_NUMERICHOST | NI_NUMERICSERV) != 0)
    return "?";
  const bool bracketed = address.get()->sa_family == AF_INET6;
  return (bracketed ? "[" + std::string(host) + "]:" : std::string(host) + ":") + port;
}

std::variant<AddressList, std::string> AddressList::parse(std::string_view words) {
  AddressList list;
  for (;;) {
    const auto comma = words.find(',');
    const std::string_view word = words.substr(0, comma);
    auto host = split(word);
    if (!host)
      return "'" + std::string(word) +
             "' is no address: write HOST:PORT, as 127.0.0.1:9000 or [::1]:9000, "
             "or unix:/PATH of at most " +
             std::to_string(kMostPath) + " bytes";
    list.hosts_.push_back({std::move(host->host), std::move(host->port), {}});
    if (comma == std::string_view::npos) return list;
    words.remove_prefix(comma + 1);
  }
}

std::string AddressList::resolve() {
  std::string wrong;
  addresses_.clear();
  for (Host& host : hosts_) {
    if (host.port.empty()) host.found = {at_path(host.name)};
    const std::string why = host.port.empty() ? "" : look_up(host.name, host.port, host.found);
    if (!why.empty() && wrong.empty()) wrong = why;
    addresses_.insert(addresses_.end(), host.found.begin(), host.found.end());
  }
  return addresses_.empty() ? wrong : "";
}

}  // namespace finishline::clib
