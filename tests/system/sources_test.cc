// What a proxy at work tells while somebody looks: who sends most, and what each server has to do.
#include <doctest/doctest.h>

#include <nlohmann/json.hpp>
#include <string>

#include "tests/support/geo_file.h"
#include "tests/support/http.h"
#include "tests/support/proxy_under_test.h"
#include "tests/support/stats.h"
#include "tests/support/tcp_peer.h"
#include "tests/support/temp_dir.h"
#include "tests/support/wait_until.h"

using namespace finishline;
using namespace finishline::test;

namespace {

nlohmann::json ask(const ProxyUnderTest& proxy, const std::string& path) {
  return nlohmann::json::parse(proxy.get("/api/v1/" + path).body);
}

void send_requests(ProxyUnderTest& proxy, std::uint64_t count) {
  TcpPeer client = proxy.connect();
  for (std::uint64_t id = 1; id <= count; ++id) {
    REQUIRE(client.send_frame({.type = 'V', .id = id, .length = 1}));
    REQUIRE(client.read_frame()->status() == proto::Status::ok);
  }
}

/// As a page that is open.
TcpPeer follow(const ProxyUnderTest& proxy) {
  TcpPeer page = TcpPeer::connect(proxy.admin_port());
  page.send("GET /api/v1/stream HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n");
  return page;
}

}  // namespace

TEST_CASE("the networks that send most are told, once somebody has looked") {
  ProxyUnderTest proxy({.servers = {{.name = "video-1"}}, .unit = "1us"});
  CHECK(ask(proxy, "sources")["sources"].empty());
  REQUIRE(wait_until([&] {
    send_requests(proxy, 32);
    const auto sources = ask(proxy, "sources")["sources"];
    return !sources.empty() && sources[0]["rate"] > 0 && sources[0]["connections"] > 0;
  }));
  CHECK(ask(proxy, "sources")["sources"][0]["network"] == "127.0.0.0/24");
  CHECK(ask(proxy, "sources?by=address")["sources"][0]["network"] == "127.0.0.1");
  CHECK(ask(proxy, "sources?by=moon")["error"]["pointer"] == "/by");
  CHECK(ask(proxy, "sources?most=0")["error"]["pointer"] == "/most");
  REQUIRE(wait_until([&] { return !ask(proxy, "live")["sources"].empty(); }));
}

TEST_CASE("countries are told by a database, which may change or break while the proxy runs") {
  GeoFile at_home;
  at_home.add("127.0.0.0", 8, "DE");
  const TempDir dir;
  const std::string file = dir.write("countries.mmdb", at_home.bytes());
  ProxyUnderTest proxy(
      {.servers = {{.name = "video-1"}}, .unit = "1us", .proxy_keys = "geo_database = \"" + file + "\"\n"});
  const auto is_of = [&](const char* country) {
    send_requests(proxy, 32);
    const auto all = ask(proxy, "sources?by=country")["sources"];
    return !all.empty() && all[0]["country"] == country && all[0]["rate"] > 0;
  };
  REQUIRE(wait_until([&] { return is_of("DE"); }));
  CHECK(ask(proxy, "sources")["sources"][0]["country"] == "DE");
  CHECK(ask(proxy, "sources")["countries_note"] == "By Test-Country of 2026-10-31.");

  dir.write("countries.mmdb", "no database any more");
  REQUIRE(wait_until([&] { return is_of("DE") && proxy.logged(" countries_failed ") > 0; }));
  GeoFile elsewhere;
  elsewhere.add("127.0.0.0", 8, "AT");
  dir.write("countries.mmdb", elsewhere.bytes());
  CHECK(wait_until([&] { return is_of("AT"); }));
  CHECK(proxy.logged(" countries_failed ") == 1);
}

TEST_CASE("what a server is at and what waits there is told by type while a page is open") {
  ProxyUnderTest proxy({.servers = {{.name = "video-1"}},
                        .unit = "1s",
                        .pool_keys = "check = \"off\"\nbinding = \"early\"\n"});
  TcpPeer page = follow(proxy);
  REQUIRE(page.read(15) == "HTTP/1.1 200 OK");
  const auto tick = [&] { return ask(proxy, "live")["tick"].get<int>(); };
  const int begun = tick();
  REQUIRE(wait_until([&] { return tick() > begun + 1; }));  // from here on workers take notes
  TcpPeer client = proxy.connect();
  client.send_frame({.type = 'V', .id = 1, .length = 5});
  client.send_frame({.type = 'P', .id = 2, .length = 3});
  const auto work = [&] { return ask(proxy, "live")["servers"][0]["work"]; };
  REQUIRE(wait_until([&] { return work().size() == 2; }));
  const auto pieces = work();
  CHECK(pieces[0]["type"] == "video");
  CHECK(pieces[0]["s"] <= 5);
  CHECK(pieces[1]["type"] == "picture");
  CHECK(pieces[1]["s"] == doctest::Approx(3));
}
