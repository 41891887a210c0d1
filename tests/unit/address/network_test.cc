#include "lb/address/network.h"

#include <arpa/inet.h>
#include <doctest/doctest.h>
#include <netinet/in.h>

#include <string>

using namespace finishline::net;

namespace {

Network network(std::string_view text) { return std::get<Network>(parse_network(text)); }

/// Without a name server.
Address address(const std::string& host) {
  std::byte bytes[16];
  const bool v4 = inet_pton(AF_INET, host.c_str(), bytes) == 1;
  if (!v4) REQUIRE(inet_pton(AF_INET6, host.c_str(), bytes) == 1);
  return Address(std::span(bytes).first(v4 ? 4 : 16), 9000);
}

}  // namespace

TEST_CASE("a network holds the addresses that share its first bits and no others") {
  CHECK(network("10.0.0.0/8").contains(address("10.255.1.2")));
  CHECK_FALSE(network("10.0.0.0/8").contains(address("11.0.0.0")));
  CHECK(network("192.168.4.0/22").contains(address("192.168.7.255")));
  CHECK_FALSE(network("192.168.4.0/22").contains(address("192.168.8.0")));
  CHECK(network("2001:db8::/33").contains(address("2001:db8:7fff::1")));
  CHECK_FALSE(network("2001:db8::/33").contains(address("2001:db8:8000::1")));
}

TEST_CASE("without a prefix a network is one address; IPv4's /0 is all of IPv4, IPv6's /0 is everything") {
  CHECK(network("127.0.0.1").contains(address("127.0.0.1")));
  CHECK_FALSE(network("127.0.0.1").contains(address("127.0.0.2")));
  CHECK(network("::1").to_string() == "::1/128");
  CHECK(network("0.0.0.0/0").contains(address("203.0.113.9")));
  CHECK_FALSE(network("0.0.0.0/0").contains(address("::1")));
  CHECK(network("::/0").contains(address("10.0.0.1")));
  CHECK(network("::/0").contains(address("::ffff:10.1.2.3")));
  CHECK(network("::/0").contains(address("2001:db8::1")));
  CHECK_FALSE(network("2000::/3").contains(address("10.0.0.1")));
}

TEST_CASE("a network of IPv4 is the same however it is written and however its client came") {
  const std::pair<const char*, const char*> kSame[] = {{"127.0.0.1", "::ffff:127.0.0.1"},
                                                       {"127.0.0.0/8", "::ffff:127.0.0.0/104"},
                                                       {"127.0.0.0/8", "::ffff:7f00:0/104"},
                                                       {"0.0.0.0/0", "::ffff:0:0/96"}};
  for (const auto& [plain, mapped] : kSame) {
    CAPTURE(mapped);
    CHECK(network(plain) == network(mapped));
    CHECK(network(mapped).to_string() == network(plain).to_string());
    for (const char* client : {"127.0.0.1", "::ffff:127.0.0.1"})
      CHECK(network(mapped).contains(address(client)));
    CHECK_FALSE(network(mapped).contains(address("::1")));
  }
  CHECK(std::get<std::string>(parse_network("::ffff:10.0.0.0/8")).find("did you mean '10.0.0.0/8'?") !=
        std::string::npos);
}

TEST_CASE("an IPv4 client of a listener for both families is in the IPv4 networks") {
  CHECK(network("10.0.0.0/8").contains(address("::ffff:10.1.2.3")));
  CHECK(address("::ffff:10.1.2.3").host_hash() == address("10.1.2.3").host_hash());
}

TEST_CASE("no address lies in no network, and nobody in particular lies nowhere") {
  CHECK_FALSE(contains({}, address("10.1.2.3")));
  CHECK_FALSE(contains({network("0.0.0.0/0"), network("::/0")}, Address()));
}

TEST_CASE("what is no network is refused with a reason that helps") {
  for (const auto* text : {"", "/8", "10.0.0", "10.0.0.0/", "10.0.0.0/33", "::/129", "10.0.0.0/-1",
                           "10.0.0.0/8 ", "10.0.0.0/08x", "localhost", "fe80::1%eth0"}) {
    CAPTURE(text);
    CHECK(std::holds_alternative<std::string>(parse_network(text)));
  }
  CHECK(std::get<std::string>(parse_network("10.1.2.3/8")) ==
        "'10.1.2.3/8' has bits behind its prefix; did you mean '10.0.0.0/8'?");
}

TEST_CASE("an address made of its parts is the one that a socket would have told") {
  CHECK(address("192.0.2.1").to_string() == "192.0.2.1:9000");
  CHECK(address("2001:db8::1").to_string() == "[2001:db8::1]:9000");
  CHECK(Address(std::span<const std::byte>(), 1).to_string() == "");
}
