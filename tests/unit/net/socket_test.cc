#include "lb/net/socket.h"

#include <doctest/doctest.h>
#include <unistd.h>

#include <string>
#include <vector>

using namespace finishline::net;

namespace {

Address address(const std::string& text) { return std::get<Address>(parse_address(text)); }

/// Listening sockets, closed at the end.
class Sockets {
 public:
  ~Sockets() {
    for (const int fd : fds_) ::close(fd);
  }
  /// "" when it could be had.
  std::string open(const Address& where, const BindOptions& binding = {}) {
    const auto opened = open_listener(where, binding);
    if (const auto* why = std::get_if<std::string>(&opened)) return *why;
    fds_.push_back(std::get<int>(opened));
    return "";
  }
  int last() const { return fds_.back(); }

 private:
  std::vector<int> fds_;
};

}  // namespace

TEST_CASE("both families can have one port, each its own, in either order") {
  for (const bool v6_first : {true, false}) {
    Sockets sockets;
    REQUIRE(sockets.open(address(v6_first ? "[::]:0" : "0.0.0.0:0"), {.v6only = true}) == "");
    const std::uint16_t port = bound_address(sockets.last()).port();
    CHECK(sockets.open(address(v6_first ? "0.0.0.0:0" : "[::]:0").with_port(port), {.v6only = true}) == "");
    CHECK(is_v6only(sockets.last()) != v6_first);
  }
}

TEST_CASE("all addresses of one family stand beside a single one of the other") {
  Sockets sockets;
  REQUIRE(sockets.open(address("0.0.0.0:0")) == "");
  CHECK(sockets.open(address("[::1]:0").with_port(bound_address(sockets.last()).port())) == "");
}

TEST_CASE("[::] is for both families unless it is said otherwise") {
  Sockets sockets;
  REQUIRE(sockets.open(address("[::]:0")) == "");
  CHECK_FALSE(is_v6only(sockets.last()));
  CHECK(sockets.open(address("0.0.0.0:0").with_port(bound_address(sockets.last()).port())) ==
        "Address already in use");
}

TEST_CASE("an address that the machine does not have can be bound with freebind alone") {
  for (const char* text : {"192.0.2.55:0", "[2001:db8::55]:0"}) {
    CAPTURE(text);
    Sockets sockets;
    CHECK(sockets.open(address(text)) == "Cannot assign requested address");
    CHECK(sockets.open(address(text), {.freebind = true}) == "");
  }
}
