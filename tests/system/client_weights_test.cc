// Clients of one listener that weigh more than others: what a server is given, in which order.
#include <doctest/doctest.h>

#include <map>
#include <string>

#include "tests/support/proxy_under_test.h"
#include "tests/support/stats.h"

using namespace finishline;
using namespace finishline::test;

namespace {

constexpr std::uint64_t kEach = 120;  // requests of each client

SetUp set_up(const std::string& listener_keys) {
  SetUp set_up{.servers = {{.name = "video-1", .played = Played::by_nobody}},
               .listeners = {{.keys = "proxy_from = [\"127.0.0.1\"]\n" + listener_keys}}};
  set_up.pool_keys += "mark = \"200us\"\nlink_ping = \"0s\"\n";
  return set_up;
}

/// Who comes from there, by the header of the PROXY protocol.
TcpPeer client_from(const ProxyUnderTest& proxy, const std::string& address) {
  TcpPeer peer = proxy.connect();
  REQUIRE(peer.send("PROXY TCP4 " + address + " 203.0.113.1 4000 9000\r\n"));
  return peer;
}

bool is_waiting(const ProxyUnderTest& proxy, std::uint64_t requests) {
  const std::string line = "finishline_requests_waiting{worker=\"0\"} " + std::to_string(requests) + "\n";
  return wait_until([&] { return proxy.get("/metrics").body.find(line) != std::string::npos; });
}

/// Control has looked at what came, and told what a request takes on average: it does so every few
/// milliseconds, between two answers.
void let_control_plan(const ProxyUnderTest& proxy) {
  const auto since = std::chrono::steady_clock::now();
  while (std::chrono::steady_clock::now() - since < 50ms) proxy.get("/healthz");
}

bool reply_to(TcpPeer& link, const TcpPeer::Reply& request) {
  proto::FrameHeader header = request.header;
  header.kind = proto::Kind::reply;
  header.detail = 0;
  return link.send_frame(header, request.body);
}

/// Two clients ask for much at once, while the server is at work; whose the first `served` requests are that
/// it is given then. Requests of the heavy one take so many units, those of the other one 2.
std::map<std::string, int> first_served(const SetUp& set_up, std::uint32_t length_of_heavy, int served) {
  ProxyUnderTest proxy(set_up);
  TcpHost host(proxy.server_port("video-1"));
  TcpPeer link = host.accept();
  TcpPeer heavy = client_from(proxy, "192.0.2.7"), light = client_from(proxy, "198.51.100.7");
  REQUIRE(light.send_frame({.type = 'V', .id = 1, .length = 1000}, "first"));
  auto request = link.read_frame();
  REQUIRE(request);
  for (std::uint64_t id = 2; id < 2 + kEach; ++id) {
    REQUIRE(heavy.send_frame({.type = 'V', .id = id, .length = length_of_heavy}, "heavy"));
    REQUIRE(light.send_frame({.type = 'V', .id = id, .length = 2}, "light"));
  }
  REQUIRE(is_waiting(proxy, 2 * kEach));
  let_control_plan(proxy);
  std::map<std::string, int> given;
  for (int n = 0; n < served; ++n) {
    REQUIRE(reply_to(link, *request));
    request = link.read_frame();
    REQUIRE(request);
    ++given[request->body];
  }
  return given;
}

}  // namespace

TEST_CASE("a client that weighs three times as much is given three of four turns") {
  auto given = first_served(set_up("client_weights = { \"192.0.2.0/24\" = 3 }\n"), 2, 120);
  CAPTURE(given["heavy"]);
  CHECK(given["heavy"] > 75);
  CHECK(given["heavy"] < 105);
}

TEST_CASE(
    "weights are of time: who asks for three times as much at once has a turn for each of the other's") {
  auto given = first_served(set_up("client_weights = { \"192.0.2.0/24\" = 3 }\n"), 6, 120);
  CAPTURE(given["heavy"]);
  CHECK(given["heavy"] > 45);
  CHECK(given["heavy"] < 75);
}

TEST_CASE("without weights clients take turns, whoever they are") {
  auto given = first_served(set_up(""), 2, 120);
  CHECK(given["heavy"] == doctest::Approx(60).epsilon(0.1));
}
