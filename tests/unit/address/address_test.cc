#include "lb/address/address.h"

#include <doctest/doctest.h>

#include <string>

using namespace finishline::net;

namespace {

std::string read(std::string_view text) {
  const auto endpoint = parse_endpoint(text);
  if (const auto* why = std::get_if<std::string>(&endpoint)) return *why;
  const auto& it = std::get<Endpoint>(endpoint);
  return it.name.empty() ? it.address.to_string() : "name " + it.name + ' ' + std::to_string(it.port);
}

}  // namespace

TEST_CASE("an address is read as what it means") {
  CHECK(read("127.0.0.1:9000") == "127.0.0.1:9000");
  CHECK(read("[::1]:9000") == "[::1]:9000");
  CHECK(read("[0:0:0:0:0:0:0:1]:9000") == "[::1]:9000");
  CHECK(read("*:9000") == "0.0.0.0:9000");
  CHECK(read("[::ffff:10.1.2.3]:9000") == "10.1.2.3:9000");
  CHECK(read("web-1.example:80") == "name web-1.example 80");
  CHECK(read("db_1:80") == "name db_1 80");
}

TEST_CASE("what an address says is read as that address again, its zone included") {
  for (const auto* text : {"10.1.2.3:1", "[2001:db8::1]:65535", "[fe80::1%lo]:9000", "[ff02::1%lo]:9000"}) {
    CAPTURE(text);
    CHECK(read(text) == text);
  }
  CHECK(read("[fe80::1%1]:9000") == read("[fe80::1%lo]:9000"));  // a zone by number
  CHECK(read("[fe80::1%4242]:9000") == "[fe80::1%4242]:9000");   // of an interface that is gone, or to come
}

TEST_CASE("one link-local address in two zones is two addresses") {
  const auto a = std::get<Address>(parse_address("[fe80::1%1]:9000"));
  const auto b = std::get<Address>(parse_address("[fe80::1%4242]:9000"));
  CHECK_FALSE(a == b);
  CHECK(a == std::get<Address>(parse_address("[fe80::1%lo]:9000")));
  CHECK(std::get<Address>(parse_host("fe80::1%lo")) == a.with_port(0));
}

TEST_CASE("a spelling that people do not mean is refused, with what the C library would make of it") {
  for (const auto& [text, meant] :
       {std::pair{"0:9000", "0.0.0.0"}, std::pair{"127.1:9000", "127.0.0.1"},
        std::pair{"0x7f.1:9000", "127.0.0.1"}, std::pair{"010.0.0.1:9000", "8.0.0.1"},
        std::pair{"2130706433:9000", "127.0.0.1"}, std::pair{"1.2.3:9000", "1.2.0.3"}}) {
    CAPTURE(text);
    CHECK(read(text).find("did you mean '" + std::string(meant) + "'?") != std::string::npos);
  }
}

TEST_CASE("what means no address is refused with a reason that helps") {
  for (const auto& [text, why] :
       {std::pair{"fe80::1:9000", "no HOST:PORT"},
        std::pair{"[fe80::1]:9000", "needs its link, as in 'fe80::1%eth0'"},
        std::pair{"[fe80::1%nowhere]:9000", "no network interface 'nowhere'"},
        std::pair{"[::1%lo]:9000", "is not link-local"}, std::pair{"[localhost]:9000", "no IPv6 address"},
        std::pair{"[127.0.0.1]:9000", "no IPv6 address"}, std::pair{"300.1.1.1:9000", "no IPv4 address"},
        std::pair{"1.2.3.4.5:9000", "no IPv4 address"}, std::pair{"web 1:9000", "no host name"},
        std::pair{"caf\xc3\xa9:9000", "no host name"}, std::pair{"127.0.0.1:70000", "no port"},
        std::pair{"127.0.0.1:-1", "no port"}, std::pair{":9000", "no HOST:PORT"},
        std::pair{"", "no HOST:PORT"}}) {
    CAPTURE(text);
    CHECK(read(text).find(why) != std::string::npos);
  }
}

TEST_CASE("all of a family, and the machine itself, are known whatever the port") {
  for (const auto* text : {"0.0.0.0:1", "[::]:1", "*:1"})
    CHECK(std::get<Address>(parse_address(text)).is_any());
  for (const auto* text : {"127.0.0.1:1", "127.9.9.9:1", "[::1]:1"})
    CHECK(std::get<Address>(parse_address(text)).is_loopback());
  CHECK_FALSE(std::get<Address>(parse_address("10.0.0.1:1")).is_loopback());
  CHECK_FALSE(Address().is_any());
}

TEST_CASE("a Unix socket is written by its path, and read as it is written") {
  const auto read = parse_endpoint("unix:/run/web.sock");
  REQUIRE(std::holds_alternative<Endpoint>(read));
  const Address& address = std::get<Endpoint>(read).address;
  CHECK(address.is_unix());
  CHECK_FALSE(address.is_ipv4());
  CHECK(address.path() == "/run/web.sock");
  CHECK(address.to_string() == "unix:/run/web.sock");
  CHECK(address.port() == 0);
  CHECK(address.host().empty());
  CHECK_FALSE(address.is_any());
  CHECK_FALSE(address.is_loopback());
  CHECK(address == std::get<Address>(parse_address("unix:/run/web.sock")));
  CHECK_FALSE(address == std::get<Address>(parse_address("unix:/run/web.soc")));
}

TEST_CASE("a path that no Unix socket can have is refused with the reason") {
  const auto why = [](const std::string& text) {
    const auto read = parse_endpoint(text);
    const auto* reason = std::get_if<std::string>(&read);
    return reason == nullptr ? "" : *reason;
  };
  CHECK(why("unix:/" + std::string(106, 'x')) == "");
  CHECK(why("unix:/" + std::string(107, 'x'))
            .ends_with("has 108 bytes, and the path of a Unix socket has room for 107"));
  CHECK(why("unix:") == "'' is no absolute path of a socket, as in unix:/run/web.sock");
  CHECK(why("unix:web.sock") == "'web.sock' is no absolute path of a socket, as in unix:/run/web.sock");
  CHECK(why("unix:/run/") == "'/run/' is no absolute path of a socket, as in unix:/run/web.sock");
}
