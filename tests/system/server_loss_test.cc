// Servers die, stall, come late or never: every request gets its one answer, and the books stay exact.
#include <doctest/doctest.h>

#include <csignal>
#include <set>
#include <string>

#include "tests/support/client_program.h"
#include "tests/support/proxy_under_test.h"
#include "tests/support/stats.h"

using namespace finishline;
using namespace finishline::test;
using proto::Status;

namespace {

SetUp two_servers() {
  return {.servers = {{.name = "video-1"}, {.name = "video-2"}}, .listeners = {{}}, .workers = 1};
}

}  // namespace

TEST_CASE(
    "a server is killed in mid-burst: what may be done twice is done by the others, and it comes back") {
  SetUp set_up = two_servers();
  set_up.servers.push_back({.name = "music-1", .type = "music"});
  set_up.workers = 2;
  ProxyUnderTest proxy(set_up);
  ClientProgram client(proxy, {"--requests", "3000", "--length", "1..3", "--concurrency", "16", "--pipeline",
                               "8", "--body", "200"});
  REQUIRE(wait_until([&] { return stats_of(proxy).answered > 300; }));
  proxy.server("video-1").kill();
  REQUIRE(proxy.wait_for_log("link_down", 2));
  proxy.start_server("video-1");
  const std::int64_t done_before = stats_of(proxy).server("video-1").done;
  CHECK(wait_until([&] { return stats_of(proxy).server("video-1").done > done_before; }));
  client.check_perfect(3000);
  CHECK(unrest_at_the_end(proxy) == "");
  CHECK(stats_of(proxy).server("video-1").failed > 0);
  CHECK(stats_of(proxy).received >= 3000);
}

TEST_CASE(
    "a server is asked to stop in mid-burst: not even what may not be done twice is lost, and it comes "
    "back") {
  SetUp set_up = two_servers();
  set_up.servers.push_back({.name = "music-1", .type = "music"});
  set_up.workers = 2;
  ProxyUnderTest proxy(set_up);
  ClientProgram client(proxy, {"--requests", "3000", "--length", "1..3", "--concurrency", "16", "--pipeline",
                               "8", "--body", "200", "--no-retryable"});
  REQUIRE(wait_until([&] { return stats_of(proxy).answered > 300; }));
  proxy.server("video-1").signal(SIGTERM);
  REQUIRE(wait_until([&] { return !proxy.server("video-1").running(); }));
  const std::int64_t answered = stats_of(proxy).answered;
  CHECK(wait_until([&] { return stats_of(proxy).answered > answered + 300; }));
  proxy.start_server("video-1");
  const std::int64_t done_before = stats_of(proxy).server("video-1").done;
  CHECK(wait_until([&] { return stats_of(proxy).server("video-1").done > done_before; }));
  client.check_perfect(3000);
  CHECK(unrest_at_the_end(proxy) == "");
}

TEST_CASE("a request that may not be done twice is answered with server_lost when its server dies") {
  ProxyUnderTest proxy(two_servers());
  TcpPeer client = proxy.connect();
  for (std::uint64_t id = 1; id <= 2; ++id)
    REQUIRE(client.send_frame({.type = 'V', .id = id, .length = 500}));
  REQUIRE(wait_until([&] { return stats_of(proxy).server("video-2").in_flight == 1; }));
  proxy.server("video-1").kill();
  const auto lost = client.read_frame(), done = client.read_frame();
  REQUIRE(lost);
  REQUIRE(done);
  CHECK(lost->status() == Status::server_lost);
  CHECK(done->status() == Status::ok);
  CHECK(lost->header.id + done->header.id == 3);
  CHECK(unrest_at_the_end(proxy) == "");
}

TEST_CASE("a server stalls: deadlines are kept, late replies reach nobody, the others go on") {
  ProxyUnderTest proxy(two_servers());
  TcpPeer client = proxy.connect();
  proxy.server("video-1").signal(SIGSTOP);
  constexpr std::uint64_t kRequests = 40;
  for (std::uint64_t id = 1; id <= kRequests; ++id) {
    REQUIRE(client.send_frame({.type = 'V', .id = id, .length = 3, .detail = 400}));
  }
  std::set<std::uint64_t> answered;
  std::size_t in_time = 0, expired = 0;
  for (std::uint64_t i = 0; i < kRequests; ++i) {
    const auto reply = client.read_frame();
    REQUIRE(reply);
    answered.insert(reply->header.id);
    in_time += reply->status() == Status::ok;
    expired += reply->status() == Status::deadline_exceeded;
  }
  CHECK(answered.size() == kRequests);
  CHECK(in_time + expired == kRequests);
  CHECK(in_time > 0);
  CHECK(expired > 0);

  proxy.server("video-1").signal(SIGCONT);
  CHECK(unrest_at_the_end(proxy) == "");
  CHECK(client.silent(50ms));
  CHECK(stats_of(proxy).server("video-1").unasked_replies == 0);  // late ones are known
}

TEST_CASE("a stalled server gets no new work while another is free") {
  ProxyUnderTest proxy(two_servers());
  TcpPeer client = proxy.connect();
  proxy.server("video-1").signal(SIGSTOP);
  std::int64_t stuck = 0;
  for (std::uint64_t id = 1; id <= 60; ++id) {
    REQUIRE(client.send_frame({.type = 'V', .id = id, .length = 1, .detail = 1000}));
    const auto reply = client.read_frame();
    REQUIRE(reply);
    stuck += reply->status() == Status::deadline_exceeded;
  }
  // The first one that goes there shows that the server is late; from then on it does not look idle.
  CHECK(stuck <= 3);
  proxy.server("video-1").signal(SIGCONT);
  CHECK(unrest_at_the_end(proxy) == "");
}

TEST_CASE(
    "a server that is absent at start is told of, the others serve, and it is taken in when it appears") {
  SetUp set_up = two_servers();
  set_up.servers[0].played = Played::by_nobody;
  ProxyUnderTest proxy(set_up);
  CHECK(proxy.logged("link_down link=0 server=video-1") == 1);
  TcpPeer client = proxy.connect();
  for (std::uint64_t id = 1; id <= 20; ++id) {
    REQUIRE(client.send_frame({.type = 'V', .id = id, .length = 1}));
    CHECK(client.read_frame()->status() == Status::ok);
  }
  CHECK(stats_of(proxy).server("video-1").sent == 0);

  proxy.start_server("video-1");
  REQUIRE(proxy.wait_for_log("link_up link=0 server=video-1"));
  for (std::uint64_t id = 1; id <= 20; ++id) REQUIRE(client.send_frame({.type = 'V', .id = id, .length = 5}));
  for (int i = 0; i < 20; ++i) CHECK(client.read_frame()->status() == Status::ok);
  CHECK(stats_of(proxy).server("video-1").done > 0);
  CHECK(unrest_at_the_end(proxy) == "");
}

TEST_CASE("with no server for a type its requests get no_server at once, and the other types are served") {
  ProxyUnderTest proxy(
      {.servers = {{.name = "video-1"}, {.name = "music-1", .type = "music", .played = Played::by_nobody}},
       .work_keys = "[cost.video]\nvideo = 1\npicture = 1\n[cost.music]\nmusic = 1\n"});
  TcpPeer client = proxy.connect();
  REQUIRE(client.send_frame({.type = 'M', .id = 1, .length = 1}));
  CHECK(client.read_frame()->status() == Status::no_server);
  REQUIRE(client.send_frame({.type = 'P', .id = 2, .length = 1}));
  CHECK(client.read_frame()->status() == Status::ok);
  CHECK(stats_of(proxy).answers["no_server"] == 1);
  CHECK(unrest_at_the_end(proxy) == "");
}
