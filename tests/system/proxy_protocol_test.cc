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

std::string line_of(const std::string& client) {
  return "PROXY TCP4 " + client + " 127.0.0.1 40000 9000\r\n";
}

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
  CHECK(wait_until([&] { return stats_of(proxy).closed["bad_proxy_header"] == 1; }));
  CHECK(proxy.logged("has to send a PROXY header first") == 1);
  CHECK(unrest_at_the_end(proxy) == "");
}

namespace {

/// Streams to a server that is told of clients in version 1, and to one in version 2; whoever connects tells.
SetUp both_versions() {
  SetUp set_up{.servers = {}, .listeners = {}, .proxy_keys = "max_connections = 100\n"};
  for (const std::string version : {"v1", "v2"}) {
    set_up.servers.push_back({.name = version,
                              .keys = "send_proxy = \"" + version + "\"\n",
                              .pool = version,
                              .played = Played::by_nobody});
    set_up.listeners.push_back(
        {.name = version, .mode = "stream", .pool = version, .keys = "proxy_from = [\"127.0.0.0/8\"]\n"});
  }
  return set_up;
}

}  // namespace

TEST_CASE(
    "what a proxy in front has told of a connection is passed on as it was, whatever family the hops have") {
  ProxyUnderTest proxy(both_versions());
  const std::string signature("\r\n\r\n\0\r\nQUIT\n", 12);
  const std::string six = "PROXY TCP6 2001:db8::1 2001:db8::2 40000 443\r\n";
  const std::string four = "PROXY TCP4 192.0.2.1 198.51.100.7 40000 443\r\n";
  const std::string unknown = "PROXY UNKNOWN\r\n";
  const std::string own = signature + std::string("\x20\0\0\0", 4),
                    unsaid = signature + std::string("\x21\0\0\0", 4);
  const std::string binary =
      signature + std::string("\x21\x11\0\x0c\xc0\0\2\1\xc6\x33\x64\7\x9c\x40\1\xbb", 16);
  const std::string with_field =
      signature + std::string("\x21\x11\0\x10\xc0\0\2\1\xc6\x33\x64\7\x9c\x40\1\xbb\4\0\1x", 20);
  TcpHost first(proxy.server_port("v1")), second(proxy.server_port("v2"));
  const auto passed_on = [&](const std::string& version, const std::string& told) {
    TcpPeer front = proxy.connect(version);
    REQUIRE(front.send(told + "GET"));
    front.finish();
    TcpPeer server = (version == "v1" ? first : second).accept();
    const std::string all = server.read_all();
    REQUIRE(all.ends_with("GET"));
    return all.substr(0, all.size() - 3);
  };
  for (const std::string& line : {six, four, unknown}) CHECK(passed_on("v1", line) == line);
  CHECK(passed_on("v1", own) == unknown);
  CHECK(passed_on("v1", with_field) == four);
  CHECK(passed_on("v2", own) == own);
  CHECK(passed_on("v2", unknown) == unsaid);
  CHECK(passed_on("v2", unsaid) == unsaid);
  CHECK(passed_on("v2", four) == binary);
  CHECK(passed_on("v2", with_field) == binary);  // padding alone
  const std::string named =
      signature + std::string("\x21\x11\0\x10\xc0\0\2\1\xc6\x33\x64\7\x9c\x40\1\xbb\2\0\1x", 20);
  CHECK(passed_on("v2", named) == named);
  CHECK(passed_on("v1", named) == four);
  CHECK(passed_on("v2", six).size() == 16 + 36);
  CHECK(unrest_at_the_end(proxy) == "");
}
