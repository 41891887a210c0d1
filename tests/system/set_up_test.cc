// The shortest stories: a set-up comes up, answers, takes in who is late, and goes.
#include <doctest/doctest.h>

#include <csignal>
#include <string>
#include <vector>

#include "tests/support/proxy_under_test.h"

using namespace finishline;
using namespace finishline::test;

TEST_CASE("every type is answered, by a server that can, with the body it came with") {
  ProxyUnderTest proxy(
      {.servers = {{.name = "video-1", .type = "video"}, {.name = "music-1", .type = "music"}},
       .workers = 2});
  TcpPeer client = proxy.connect();
  std::uint64_t id = 1;
  for (const char type : {'V', 'P', 'M'}) {
    REQUIRE(client.send_frame({.type = type, .id = id, .length = 2}, "body"));
    const auto reply = client.read_frame();
    REQUIRE(reply);
    CHECK(reply->status() == proto::Status::ok);
    CHECK(reply->header.id == id++);
    CHECK(reply->header.type == type);
    CHECK(reply->body == "body");
  }
  CHECK(proxy.get("/healthz").status == 200);
  CHECK(proxy.worker_pids().size() == 2);
  CHECK(proxy.stop() == Exit{0, 0});
}

TEST_CASE("a mini client is answered in order by servers of either protocol") {
  ProxyUnderTest proxy({.servers = {{.name = "video-1", .protocol = "mini"}, {.name = "video-2"}},
                        .listeners = {{.name = "mini", .mode = "mini"}}});
  TcpPeer client = proxy.connect("mini");
  REQUIRE(client.send("V5P1M9"));
  CHECK(client.read(6) == "V5P1M9");
}

TEST_CASE("a server that is absent at start is taken in when it appears") {
  ProxyUnderTest proxy({.servers = {{.name = "video-1", .played = Played::by_nobody}}});
  TcpPeer client = proxy.connect();
  REQUIRE(client.send_frame({.type = 'V', .id = 1, .length = 1}));
  CHECK(client.read_frame()->status() == proto::Status::no_server);

  proxy.start_server("video-1");
  REQUIRE(proxy.wait_for_log("link_up link=0 server=video-1"));
  REQUIRE(client.send_frame({.type = 'V', .id = 2, .length = 1}));
  CHECK(client.read_frame()->status() == proto::Status::ok);
}

TEST_CASE("a bad configuration ends with exit code 2 and every problem") {
  const TempDir dir;
  const std::string file = dir.write("bad.toml", "[proxy]\nworkrs = 2\n[log]\nlevel = 3\n");
  for (const std::string command : {"run", "check"}) {
    const Outcome outcome = run("finishline", {command, "-c", file});
    CHECK(outcome.exit == Exit{2, 0});
    CHECK(outcome.output == "");
    CHECK(outcome.errors.find(file + ":2:1: proxy.workrs: unknown key; did you mean 'workers'?\n") !=
          std::string::npos);
    CHECK(outcome.errors.find(file + ":4:9: log.level: ") != std::string::npos);
  }
}
