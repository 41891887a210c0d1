// Servers that fail, and operators who act: who is taken out, who stays, and what clients see of it.
#include <doctest/doctest.h>
#include <sys/stat.h>

#include <csignal>
#include <string>

#include "tests/support/client_program.h"
#include "tests/support/proxy_under_test.h"
#include "tests/support/stats.h"

using namespace finishline;
using namespace finishline::test;
using proto::Status;

namespace {

std::string state_line(const std::string& server, const std::string& state) {
  return " server_state server=" + server + " state=" + state + " ";
}

/// Sends one request after another and counts the replies by status.
std::map<Status, int> ask(TcpPeer& client, int times) {
  std::map<Status, int> replies;
  for (int i = 0; i < times; ++i) {
    REQUIRE(client.send_frame({.type = 'V', .id = static_cast<std::uint64_t>(i), .length = 1}));
    const auto reply = client.read_frame();
    REQUIRE(reply);
    ++replies[reply->status()];
  }
  return replies;
}

}  // namespace

TEST_CASE("a server that stops answering pings is taken out, and comes back when it answers again") {
  ProxyUnderTest proxy(
      {.servers = {{.name = "video-1"}, {.name = "video-2"}},
       .workers = 2,
       .pool_keys = "check_interval = \"50ms\"\ncheck_timeout = \"200ms\"\nfall = 2\nrise = 2\n"});
  TcpPeer client = proxy.connect();
  proxy.server("video-1").signal(SIGSTOP);
  REQUIRE(proxy.wait_for_log(state_line("video-1", "down")));
  CHECK(ask(client, 50) == std::map<Status, int>{{Status::ok, 50}});
  CHECK(stats_of(proxy).server("video-1").sent == 0);
  CHECK(proxy.get("/metrics").body.find("finishline_server_state{server=\"video-1\",state=\"down\"} 1") !=
        std::string::npos);

  proxy.server("video-1").signal(SIGCONT);
  REQUIRE(proxy.wait_for_log(state_line("video-1", "up")));
  for (std::uint64_t id = 1; id <= 20; ++id) REQUIRE(client.send_frame({.type = 'V', .id = id, .length = 5}));
  for (int i = 0; i < 20; ++i) CHECK(client.read_frame()->status() == Status::ok);
  CHECK(stats_of(proxy).server("video-1").done > 0);
  CHECK(unrest_at_the_end(proxy) == "");
}

TEST_CASE("a server is drained and taken back under load without a failed request") {
  const TempDir dir;
  const std::string token = dir.write("token", "a-token-of-this-test\n");
  ::chmod(token.c_str(), 0600);
  ProxyUnderTest proxy({.servers = {{.name = "video-1"}, {.name = "video-2"}},
                        .workers = 2,
                        .proxy_keys = "admin_token_file = \"" + token + "\"\n",
                        .pool_keys = ""});
  ClientProgram client(proxy,
                       {"--requests", "1500", "--concurrency", "8", "--length", "1..5", "--mix", "video=1"});
  REQUIRE(wait_until([&] { return stats_of(proxy).server("video-1").done > 20; }));

  const Outcome drained = run("finishline", {"drain", "video-1", "-c", proxy.config_file()});
  CHECK(drained.exit == Exit{0, 0});
  CHECK(drained.output.starts_with("video-1 is draining, "));
  REQUIRE(wait_until([&] { return stats_of(proxy).server("video-1").in_flight == 0; }));
  const std::int64_t sent = stats_of(proxy).server("video-1").sent;
  const std::int64_t others = stats_of(proxy).server("video-2").done;
  REQUIRE(wait_until([&] { return stats_of(proxy).server("video-2").done > others + 50; }));
  CHECK(stats_of(proxy).server("video-1").sent == sent);
  const Outcome status = run("finishline", {"status", "-c", proxy.config_file()});
  CHECK(status.output.find("draining") != std::string::npos);

  CHECK(run("finishline", {"undrain", "video-1", "-c", proxy.config_file()}).exit == Exit{0, 0});
  CHECK(wait_until([&] { return stats_of(proxy).server("video-1").sent > sent; }));
  client.check_perfect(1500);
  CHECK(unrest_at_the_end(proxy) == "");
}

TEST_CASE("orders without the right token change nothing, and a token that others can read is refused") {
  const TempDir dir;
  const std::string token = dir.write("token", "the-right-token-1");
  ::chmod(token.c_str(), 0600);
  ProxyUnderTest proxy(
      {.servers = {{.name = "video-1"}}, .proxy_keys = "admin_token_file = \"" + token + "\"\n"});
  const std::string order = R"({"state":"drain"})";
  CHECK(http_put(proxy.admin_port(), "/servers/video-1/state", order, "").status == 401);
  CHECK(http_put(proxy.admin_port(), "/servers/video-1/state", order, "wrong").status == 401);
  const Outcome unknown = run("finishline", {"drain", "video-9", "-c", proxy.config_file()});
  CHECK(unknown.exit == Exit{1, 0});
  CHECK(unknown.errors == "finishline: refused: there is no server 'video-9'; did you mean 'video-1'?\n");
  TcpPeer client = proxy.connect();
  CHECK(ask(client, 1) == std::map<Status, int>{{Status::ok, 1}});
  REQUIRE(proxy.stop());

  ::chmod(token.c_str(), 0644);
  const Outcome refused = run("finishline", {"run", "-c", proxy.config_file()});
  CHECK(refused.exit == Exit{2, 0});
  CHECK(refused.errors.find("proxy.admin_token_file: " + token + " may be read or changed by others") !=
        std::string::npos);
}

TEST_CASE("a drain outlives the control process that was told of it") {
  const TempDir dir;
  const std::string token = dir.write("token", "the-right-token-1");
  ::chmod(token.c_str(), 0600);
  ProxyUnderTest proxy({.servers = {{.name = "video-1"}, {.name = "video-2"}},
                        .proxy_keys = "admin_token_file = \"" + token + "\"\n"});
  REQUIRE(run("finishline", {"drain", "video-1", "-c", proxy.config_file()}).exit == Exit{0, 0});
  const std::string log = proxy.log();
  const auto at = log.find(" control_started pid=");
  REQUIRE(at != std::string::npos);
  ::kill(static_cast<pid_t>(std::stol(log.substr(log.find('=', at) + 1))), SIGKILL);
  REQUIRE(proxy.wait_for_log(" admin_listening ", 2));
  TcpPeer client = proxy.connect();
  CHECK(ask(client, 20) == std::map<Status, int>{{Status::ok, 20}});
  CHECK(stats_of(proxy).server("video-1").sent == 0);
}

TEST_CASE("a server that fails every request at once is ejected and tried again by single requests") {
  ProxyUnderTest proxy({.servers = {{.name = "video-1", .flags = {"--fail-every", "1"}}, {.name = "video-2"}},
                        .workers = 2,
                        .pool_keys = "eject_time = \"200ms\"\n"});
  TcpPeer client = proxy.connect();
  REQUIRE(wait_until([&] {
    ask(client, 10);
    return proxy.logged(state_line("video-1", "ejected")) >= 1;
  }));
  // From here on it gets its trials alone: each ejection ends with at most one request that fails.
  const auto failed = [&] { return stats_of(proxy).server("video-1").failed; };
  const std::int64_t before = failed();
  REQUIRE(wait_until([&] {
    ask(client, 10);
    return proxy.logged(state_line("video-1", "ejected")) >= 3;
  }));
  CHECK(failed() - before <= 3);
  CHECK(failed() - before >= 2);

  proxy.server("video-1").kill();
  proxy.start_server("video-1", std::vector<std::string>{});
  REQUIRE(wait_until([&] {
    ask(client, 10);
    return proxy.logged(state_line("video-1", "up")) >= 1;
  }));
  CHECK(unrest_at_the_end(proxy) == "");
}

TEST_CASE(
    "when all servers fail, some are ejected and one stays: clients hear of errors, never of no server") {
  ProxyUnderTest proxy({.servers = {{.name = "video-1", .flags = {"--fail-every", "1"}},
                                    {.name = "video-2", .flags = {"--fail-every", "1"}},
                                    {.name = "video-3", .flags = {"--fail-every", "1"}}},
                        .workers = 2,
                        .pool_keys = "eject_time = \"100ms\"\nmax_ejected = 1\n"});
  TcpPeer client = proxy.connect();
  std::map<Status, int> replies;
  REQUIRE(wait_until([&] {
    for (const auto& [status, times] : ask(client, 20)) replies[status] += times;
    return proxy.logged(" state=ejected ") >= 4;
  }));
  REQUIRE(replies.size() == 1);
  CHECK(replies.begin()->first == Status::server_error);
}

TEST_CASE("whatever says that a server cannot be reached says where it was looked for, and why") {
  ProxyUnderTest proxy({.servers = {{.name = "video-1", .played = Played::by_nobody},
                                    {.name = "web-1", .pool = "web", .played = Played::by_nobody}},
                        .listeners = {{}, {.name = "web", .mode = "stream", .pool = "web"}},
                        .proxy_keys = "max_connections = 100\n",
                        .pool_keys = "check_interval = \"20ms\"\nfall = 2\n"});
  const auto place = [&](const char* server) {
    return "127.0.0.1:" + std::to_string(proxy.server_port(server));
  };
  CHECK(proxy.wait_for_log(" link_down link=0 server=video-1 address=" + place("video-1") +
                           " reason=\"connection refused\""));
  TcpPeer client = proxy.connect("web");
  CHECK(client.closed());
  CHECK(proxy.wait_for_log(" server_state server=video-1 state=down was=untried address=" + place("video-1") +
                           " reason=\"connection refused\""));
  CHECK(proxy.wait_for_log(" server_state server=web-1 state=down was=untried address=" + place("web-1") +
                           " reason=\"connection refused\""));
  const Outcome status = run("finishline", {"status", "-c", proxy.config_file()});
  CHECK(status.output.find("web-1 at " + place("web-1") + " is down: connection refused\n") !=
        std::string::npos);
}

TEST_CASE("a stream that cannot be opened tells the address that refused it") {
  ProxyUnderTest proxy({.servers = {{.name = "web-1", .pool = "web", .played = Played::by_nobody}},
                        .listeners = {{.name = "web", .mode = "stream", .pool = "web"}},
                        .proxy_keys = "max_connections = 100\n"});
  TcpPeer client = proxy.connect("web");
  CHECK(client.closed());
  CHECK(proxy.wait_for_log(" connect_failed server=web-1 address=127.0.0.1:" +
                           std::to_string(proxy.server_port("web-1")) + " reason=\"connection refused\""));
}
