// Another proxy stands in front and says whose connections it brings.
#include <doctest/doctest.h>

#include <string>

#include "proto/proxy_header.h"
#include "tests/support/proxy_under_test.h"
#include "tests/support/stats.h"

using namespace finishline;
using namespace finishline::test;
using proto::Status;

namespace {

std::string line_of(const std::string& client) { return "PROXY TCP4 " + client + " 127.0.0.1 40000 9000\r\n"; }

}  // namespace

TEST_CASE("behind a proxy each client has its own limits, and only that proxy is believed") {
  ProxyUnderTest proxy({.servers = {{.name = "video-1"}},
                        .listeners = {{.name = "media",
                                       .keys = "proxy_from = [\"127.0.0.1\"]\nmax_per_source = 1\n"
                                               "deny = [\"203.0.113.0/24\"]\n"},
                                      {.name = "direct"}},
                        .workers = 2,
                        .unit = "1us",
                        .log_level = "debug"});
  const auto ask_as = [&](const std::string& client) {
    TcpPeer peer = proxy.connect();
    REQUIRE(peer.send(line_of(client)));
    return peer;
  };
  TcpPeer alice = ask_as("192.0.2.1"), bob = ask_as("192.0.2.2");
  for (TcpPeer* peer : {&alice, &bob}) {
    REQUIRE(peer->send_frame({.type = 'V', .id = 1, .length = 1}));
    CHECK(peer->read_frame()->status() == Status::ok);
  }
  TcpPeer alice_again = ask_as("192.0.2.1"), mallory = ask_as("203.0.113.9");
  CHECK(alice_again.closed());
  CHECK(mallory.closed());
  CHECK(proxy.logged("reason=too_many_from_source") == 1);
  CHECK(proxy.logged("reason=denied") == 1);

  TcpPeer rude = proxy.connect();
  REQUIRE(rude.send_frame({.type = 'V', .id = 1, .length = 1}));
  CHECK(rude.closed());
  TcpPeer stranger = proxy.connect("direct");  // from whom a header is nonsense
  REQUIRE(stranger.send(line_of("192.0.2.1")));
  const auto reply = stranger.read_frame();
  REQUIRE(reply);
  CHECK(reply->status() == Status::bad_frame);
  CHECK(stats_of(proxy).closed["bad_proxy_header"] == 1);
  CHECK(unrest_at_the_end(proxy) == "");
}
