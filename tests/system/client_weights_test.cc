// Clients of one listener that weigh more than others: how much each is given.
#include <doctest/doctest.h>

#include <string>

#include "tests/support/proxy_under_test.h"

using namespace finishline;
using namespace finishline::test;

namespace {

constexpr std::uint64_t kEach = 200;  // requests of each client

SetUp set_up(const std::string& listener_keys) {
  return {.servers = {{.name = "video-1"}},
          .listeners = {{.keys = "proxy_from = [\"127.0.0.1\"]\n" + listener_keys}},
          .unit = "1ms"};
}

/// Who comes from there, by the header of the PROXY protocol.
TcpPeer client_from(const ProxyUnderTest& proxy, const std::string& address) {
  TcpPeer peer = proxy.connect();
  REQUIRE(peer.send("PROXY TCP4 " + address + " 203.0.113.1 4000 9000\r\n"));
  return peer;
}

/// Two clients ask for much at once. How much the one without a weight has when the other one has all;
/// requests of the heavy one take so many units, those of the light one 2.
std::uint64_t light_has_when_heavy_is_done(const SetUp& set_up, std::uint32_t length_of_heavy) {
  ProxyUnderTest proxy(set_up);
  TcpPeer heavy = client_from(proxy, "192.0.2.7"), light = client_from(proxy, "198.51.100.7");
  for (std::uint64_t id = 1; id <= kEach; ++id) {
    REQUIRE(heavy.send_frame({.type = 'V', .id = id, .length = length_of_heavy}));
    REQUIRE(light.send_frame({.type = 'V', .id = id, .length = 2}));
  }
  for (std::uint64_t n = 0; n < kEach; ++n) REQUIRE(heavy.read_frame());
  std::uint64_t served = 0;
  while (light.read_frame(1ms)) ++served;
  return served;
}

const std::string kThree = "client_weights = { \"192.0.2.0/24\" = 3 }\n";

}  // namespace

TEST_CASE("a client that weighs three times as much has three of four turns") {
  const std::uint64_t light = light_has_when_heavy_is_done(set_up(kThree), 2);
  CAPTURE(light);
  CHECK(light < 130);  // a third of 200
}

TEST_CASE(
    "weights are of time: who asks for three times as much at once has a turn for each of the other's") {
  const std::uint64_t light = light_has_when_heavy_is_done(set_up(kThree), 6);
  CAPTURE(light);
  CHECK(light > 130);  // as many
}

TEST_CASE("where no weights are set, clients have as many turns") {
  const std::uint64_t light = light_has_when_heavy_is_done(set_up(""), 2);
  CAPTURE(light);
  CHECK(light > 130);
}
