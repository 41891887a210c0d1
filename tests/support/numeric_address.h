// Addresses without a name server, for tests that feed anything to a parser.
#pragma once

#include <arpa/inet.h>
#include <netinet/in.h>

#include <algorithm>
#include <charconv>
#include <string>
#include <string_view>
#include <system_error>
#include <variant>

#include "lb/net/socket.h"

namespace finishline::test {

/// "A.B.C.D:PORT" and nothing else: config::Resolver.
inline std::variant<net::Address, std::string> numeric_address(std::string_view text) {
  const auto colon = std::min(text.rfind(':'), text.size());
  const std::string host(text.substr(0, colon));
  const std::string_view digits = text.substr(std::min(colon + 1, text.size()));
  std::uint16_t port = 0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), port);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  const bool whole = error == std::errc{} && end == digits.data() + digits.size();
  if (!whole || inet_pton(AF_INET, host.c_str(), &address.sin_addr) != 1) return "no numeric address";
  return net::Address(reinterpret_cast<const sockaddr*>(&address), sizeof address);
}

}  // namespace finishline::test
