// Servers are started and ended as the work needs them: whatever dies meanwhile, no request is lost, the
// right number is there again, and no process is left behind.
#include <doctest/doctest.h>
#include <sys/stat.h>

#include <algorithm>
#include <csignal>
#include <fstream>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "proto/joined.h"
#include "tests/support/client_program.h"
#include "tests/support/installed.h"
#include "tests/support/proxy_under_test.h"
#include "tests/support/scaled_servers.h"
#include "tests/support/stats.h"
#include "tests/support/temp_dir.h"

using namespace finishline;
using namespace finishline::test;

namespace {

using Json = nlohmann::json;

SetUp scaled(const std::string& keys) { return {.servers = {{.name = "fixed"}}, .pool_keys = keys}; }

bool has(const ProxyUnderTest& proxy, const char* what, int count) {
  return wait_until([&] { return video_of(proxy).at(what) == count; });
}

std::vector<std::string> heavy_load(int requests) {
  return {"--requests", std::to_string(requests),
          "--rate",     "400",
          "--arrivals", "poisson",
          "--mix",      "video=1",
          "--length",   "1..9"};
}

}  // namespace

TEST_CASE("web servers are started and ended as other servers are, and found again after their death") {
  if (installed("python3").empty()) return;
  const TempDir dir;
  const std::string worker = dir.write("worker.py", R"(
import sys
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    def do_POST(self):
        self.rfile.read(int(self.headers["Content-Length"]))
        self.send_response(200)
        self.send_header("Content-Length", str(len(self.path)))
        self.end_headers()
        self.wfile.write(self.path.encode())
    def log_message(self, *words): pass
ThreadingHTTPServer(("127.0.0.1", int(sys.argv[1])), Handler).serve_forever()
)");
  ProxyUnderTest proxy({.servers = {{.name = "music-1", .type = "music"}},
                        .workers = 2,
                        .pool_keys = scale_keys("",
                                                "min = 1\nmax = 1\nprotocol = \"http\"\n"
                                                "path = \"/do/{type}\"\nslots = 4\n",
                                                "/usr/bin/python3 " + worker + " {port}")});
  REQUIRE(has(proxy, "running", 1));
  const auto served_by_it = [&] {
    return wait_until([&] {
      TcpPeer peer = proxy.connect();
      if (!peer.send_frame({.type = 'V', .id = 1, .length = 1})) return false;
      const auto reply = peer.read_frame();
      return reply && reply->body == "/do/video";
    });
  };
  CHECK(served_by_it());
  ::kill(started(proxy).at(0), SIGKILL);
  CHECK(wait_until([&] { return started(proxy).size() == 2; }));
  CHECK(served_by_it());
  const auto pids = started(proxy);
  CHECK(proxy.stop() == Exit{0, 0});
  CHECK(wait_until([&] { return none_runs(pids); }));
}

TEST_CASE("a type has as many servers as it is to have at least, and they do work") {
  ProxyUnderTest proxy(scaled(scale_keys("", "min = 2\nmax = 2\n")));
  REQUIRE(has(proxy, "running", 2));
  ClientProgram client(proxy, {"--requests", "200", "--concurrency", "8", "--mix", "video=1"});
  client.check_perfect(200);
  CHECK(stats_of(proxy).server("media-video-1").done + stats_of(proxy).server("media-video-2").done > 0);
  const auto pids = started(proxy);
  CHECK(proxy.stop() == Exit{0, 0});
  CHECK(pids.size() == 2);
  CHECK(none_runs(pids));
}

TEST_CASE("more work than the servers can do starts more, and when it is over they are drained and ended") {
  ProxyUnderTest proxy(
      scaled(scale_keys("settle = \"1s\"\ncooldown_down = \"100ms\"\nmin_life = \"500ms\"\n", "max = 5\n")));
  ClientProgram client(proxy, heavy_load(2000));
  CHECK(wait_until([&] { return video_of(proxy).at("running") >= 2; }));
  client.check_perfect(2000);
  CHECK(has(proxy, "running", 0));
  CHECK(has(proxy, "wanted", 0));
  const Json told = Json::parse(proxy.get("/api/v1/scale").body).at(0);
  CHECK(told.at("changes").front().at("move") == "down");
  CHECK(told.at("changes").back().at("move") == "up");
  CHECK(told.at("changes").back().at("rehearsed") == false);
  CHECK(told.at("why").get<std::string>().find("above 70 % servers are added") != std::string::npos);
  CHECK(proxy.logged(" scale_up ") > 0);
  CHECK(proxy.logged(" scale_down ") > 0);
  CHECK(proxy.logged(" reloaded ") == 0);
  CHECK(unrest_at_the_end(proxy) == "");
  const auto pids = started(proxy);
  CHECK(wait_until([&] { return none_runs(pids); }));
  CHECK(proxy.stop() == Exit{0, 0});
}

TEST_CASE("servers that never listen are replaced, and the one that works is not ended for them") {
  const TempDir dir;
  const std::string script = dir.write("start.sh", "case $1 in *-1) exec " + program("finishline-server") +
                                                       " --type video --listen $2;; esac\nexec sleep 900\n");
  ProxyUnderTest proxy(scaled(scale_keys("settle = \"1s\"\ncooldown_down = \"100ms\"\nmin_life = \"500ms\"\n",
                                         "min = 1\nmax = 3\nstart_timeout = \"1s\"\n",
                                         "/bin/sh " + script + " {name} {address}")));
  REQUIRE(has(proxy, "running", 1));
  ClientProgram client(proxy, heavy_load(2000));
  CHECK(proxy.wait_for_log(" server_silent "));
  client.check_perfect(2000);
  CHECK(has(proxy, "wanted", 1));
  CHECK(has(proxy, "running", 1));
  CHECK(proxy.logged("server=media-video-1 pid=0") == 0);
  ClientProgram after(proxy, {"--requests", "10", "--mix", "video=1"});
  after.check_perfect(10);
  const auto pids = started(proxy);
  CHECK(proxy.stop() == Exit{0, 0});
  CHECK(wait_until([&] { return none_runs(pids); }));
}

TEST_CASE("scaled servers outlive control, a reload and an upgrade, and one that dies is started again") {
  ProxyUnderTest proxy(scaled(scale_keys("", "min = 3\nmax = 3\n")));
  REQUIRE(has(proxy, "running", 3));
  const auto first = started(proxy);
  REQUIRE(first.size() == 3);
  ClientProgram client(proxy, heavy_load(2500));
  REQUIRE(wait_until([&] { return stats_of(proxy).answered > 100; }));

  ::kill(control_of(proxy, proxy.process().pid()), SIGKILL);
  REQUIRE(proxy.wait_for_log(" control_started ", 2));
  ::kill(first[0], SIGKILL);
  REQUIRE(proxy.wait_for_log(" server_died "));
  proxy.process().signal(SIGHUP);
  REQUIRE(proxy.wait_for_log(" reloaded "));
  proxy.process().signal(SIGUSR2);
  REQUIRE(proxy.wait_for_log(" taken_over "));
  ::kill(first[1], SIGKILL);
  REQUIRE(proxy.wait_for_log(" server_died ", 2));

  client.check_perfect(2500);
  CHECK(has(proxy, "running", 3));
  CHECK(::kill(first[2], 0) == 0);
  const auto pids = started(proxy);
  CHECK(pids.size() == 5);
  CHECK(proxy.stop() == Exit{0, 0});
  CHECK(none_runs(pids));
}

TEST_CASE("who dies in the middle of scaling is replaced, and nobody is left behind") {
  ProxyUnderTest proxy(
      scaled(scale_keys("settle = \"1s\"\ncooldown_down = \"100ms\"\nmin_life = \"500ms\"\n", "max = 5\n")));
  ClientProgram client(proxy, heavy_load(3000));
  REQUIRE(wait_until([&] { return video_of(proxy).at("wanted") >= 1; }));
  ::kill(control_of(proxy, proxy.process().pid()), SIGKILL);
  REQUIRE(proxy.wait_for_log(" control_started ", 2));
  REQUIRE(wait_until([&] { return video_of(proxy).at("running") >= 1; }));
  ::kill(started(proxy).back(), SIGKILL);
  proxy.process().signal(SIGHUP);
  REQUIRE(proxy.wait_for_log(" server_died "));
  REQUIRE(proxy.wait_for_log(" reloaded "));
  proxy.process().signal(SIGUSR2);
  REQUIRE(proxy.wait_for_log(" taken_over "));
  CHECK(wait_until([&] {
    const Json video = video_of(proxy);
    return video.at("running") >= 1 && video.at("running") == video.at("wanted") && video.at("starting") == 0;
  }));

  client.check_perfect(3000);
  CHECK(has(proxy, "wanted", 0));
  CHECK(has(proxy, "running", 0));
  const auto pids = started(proxy);
  CHECK(wait_until([&] { return none_runs(pids); }));
  CHECK(proxy.stop() == Exit{0, 0});
}

TEST_CASE("a server that keeps dying is given up, and tried again after a reload") {
  ProxyUnderTest proxy(scaled(scale_keys("", "min = 1\nmax = 1\n", "/bin/false {port}")));
  REQUIRE(proxy.wait_for_log(" server_given_up "));
  CHECK(has(proxy, "given_up", 1));
  const std::size_t starts = proxy.logged(" server_started ");
  proxy.process().signal(SIGHUP);
  REQUIRE(proxy.wait_for_log(" reloaded "));
  CHECK(proxy.wait_for_log(" server_started ", starts + 1));
  CHECK(proxy.stop() == Exit{0, 0});
}

TEST_CASE("a type that the configuration has no more is drained and ended") {
  ProxyUnderTest proxy(scaled(scale_keys("", "min = 2\nmax = 2\n")));
  REQUIRE(has(proxy, "running", 2));
  const auto pids = started(proxy);
  proxy.rewrite(scaled(""));
  proxy.process().signal(SIGHUP);
  REQUIRE(proxy.wait_for_log(" reloaded "));
  CHECK(wait_until([&] { return none_runs(pids); }));
  CHECK(proxy.stop() == Exit{0, 0});
}

TEST_CASE("servers are changed over the API while others are scaled, and neither takes the other away") {
  TempDir dir;
  const std::string token = dir.write("token", "a-token-for-these-tests");
  REQUIRE(::chmod(token.c_str(), 0600) == 0);
  SetUp set_up = scaled(scale_keys("", "min = 2\nmax = 3\n"));
  set_up.servers.push_back({.name = "spare"});
  set_up.proxy_keys = "admin_token_file = \"" + token + "\"\n";
  ProxyUnderTest proxy(set_up);
  REQUIRE(has(proxy, "running", 2));
  const auto pids = started(proxy);
  const auto send = [&](const char* method, const char* path, const std::string& body) {
    return http_send(proxy.admin_port(), method, std::string("/api/v1") + path, body,
                     "a-token-for-these-tests");
  };

  const std::string spare = "127.0.0.1:" + std::to_string(proxy.server_port("spare"));
  const Json added = {{"name", "video-9"}, {"pool", "media"}, {"type", "video"}, {"address", spare}};
  CHECK(send("POST", "/servers", added.dump()).status == 201);
  CHECK(send("DELETE", "/servers/fixed", "").status == 200);
  CHECK(send("PATCH", "/servers/media-video-1", R"({"weight": 2})").status == 409);
  const HttpReply kept = send("DELETE", "/servers/media-video-2", "");
  CHECK(kept.status == 409);
  CHECK(kept.body.find("[pool.media.scale.video]") != std::string::npos);
  CHECK(send("PUT", "/pools/media/costs", R"({"video": {"music": 2.5}})").status == 200);
  CHECK(send("GET", "/config", "").body.find("media-video-1") == std::string::npos);
  CHECK(has(proxy, "running", 2));

  CHECK(send("PATCH", "/pools/media", R"({"scale": {"video": {"min": 3}}})").status == 200);
  CHECK(has(proxy, "running", 3));
  CHECK(send("DELETE", "/changes", "").status == 200);
  ClientProgram client(proxy, {"--requests", "100", "--concurrency", "8", "--mix", "video=1"});
  client.check_perfect(100);
  CHECK(std::ranges::all_of(pids, [](pid_t pid) { return ::kill(pid, 0) == 0; }));
  CHECK(proxy.stop() == Exit{0, 0});
}

TEST_CASE(
    "whom somebody else is to end is ended once, though control dies between draining and the order's end") {
  TempDir dir;
  const std::string told = dir.file("told"), go_on = dir.file("go_on");
  const std::string script = dir.write("order", "echo \"$* $FINISHLINE_KEY\" >>" + told + "\nwhile ! [ -e " +
                                                    go_on + " ]; do sleep 0.05; done\n");
  SetUp set_up = scaled(
      "[pool.media.scale]\nup_over = 1000\nsettle = \"0s\"\ncooldown_down = \"0s\"\nmin_life = \"0s\"\n" +
      std::string("command = \"/bin/sh ") + script + "\"\n[pool.media.scale.video]\nmin = 1\nmax = 2\n");
  set_up.servers.push_back({.name = "second"});
  ProxyUnderTest proxy(set_up);
  const auto orders = [&] {
    std::vector<std::string> lines;
    std::ifstream file(told);
    for (std::string line; std::getline(file, line);) lines.push_back(line);
    return lines;
  };
  REQUIRE(wait_until([&] { return orders().size() == 1; }));
  ::kill(control_of(proxy, proxy.process().pid()), SIGKILL);
  REQUIRE(wait_until([&] { return orders().size() == 2; }));
  CHECK(orders()[0] == orders()[1]);  // with the key of the first, by which it is known again
  CHECK(orders()[0].starts_with("down "));
  dir.write("go_on", "");
  REQUIRE(proxy.wait_for_log(" scale_ordered "));
  CHECK(has(proxy, "leaving", 1));
  CHECK(has(proxy, "running", 1));
  ::kill(control_of(proxy, proxy.process().pid()), SIGKILL);
  REQUIRE(proxy.wait_for_log(" control_started ", 3));
  CHECK(has(proxy, "leaving", 1));
  ClientProgram client(proxy, {"--requests", "50", "--concurrency", "4", "--mix", "video=1"});
  client.check_perfect(50);
  CHECK_MESSAGE(orders().size() == 2, joined(orders()));
  CHECK(proxy.stop() == Exit{0, 0});
}

TEST_CASE(
    "whom somebody else is to start is ordered once, though control dies between the order and its end") {
  TempDir dir;
  const std::string told = dir.file("told"), go_on = dir.file("go_on");
  const std::string script = dir.write("order", "echo \"$* $FINISHLINE_KEY\" >>" + told + "\nwhile ! [ -e " +
                                                    go_on + " ]; do sleep 0.05; done\n");
  SetUp set_up = scaled("[pool.media.scale]\nup_over = 1000\ncommand = \"/bin/sh " + script +
                        "\"\n[pool.media.scale.video]\nmin = 2\nmax = 3\n");
  ProxyUnderTest proxy(set_up);
  const auto orders = [&] {
    std::vector<std::string> lines;
    std::ifstream file(told);
    for (std::string line; std::getline(file, line);) lines.push_back(line);
    return lines;
  };
  REQUIRE(wait_until([&] { return orders().size() == 1; }));
  CHECK(orders()[0].starts_with("up video "));
  ::kill(control_of(proxy, proxy.process().pid()), SIGKILL);
  REQUIRE(wait_until([&] { return orders().size() == 2; }));
  CHECK(orders()[0] == orders()[1]);  // with the key of the first, by which it is known again
  dir.write("go_on", "");
  REQUIRE(proxy.wait_for_log(" scale_ordered "));
  ::kill(control_of(proxy, proxy.process().pid()), SIGKILL);
  REQUIRE(proxy.wait_for_log(" control_started ", 3));
  REQUIRE(has(proxy, "running", 1));
  CHECK(has(proxy, "starting", 1));
  CHECK(has(proxy, "wanted", 2));
  ClientProgram client(proxy, {"--requests", "50", "--concurrency", "4", "--mix", "video=1"});
  client.check_perfect(50);
  CHECK_MESSAGE(orders().size() == 2, joined(orders()));  // it is waited for, and not ordered again
  CHECK(proxy.stop() == Exit{0, 0});
}

TEST_CASE("a rehearsal says what would be started, and starts nothing") {
  ProxyUnderTest proxy(scaled(scale_keys("rehearse = true\n", "max = 5\n")));
  ClientProgram client(proxy, heavy_load(800));
  CHECK(proxy.wait_for_log(" scale_up "));
  client.check_perfect(800);
  CHECK(proxy.logged(" server_started ") == 0);
  CHECK(video_of(proxy).at("wanted") == 0);
  CHECK(proxy.stop() == Exit{0, 0});
}

TEST_CASE("nobody who was started outlives a master that was killed") {
  ProxyUnderTest proxy(scaled(scale_keys("", "min = 2\nmax = 2\n")));
  REQUIRE(has(proxy, "running", 2));
  const auto pids = started(proxy);
  proxy.process().kill();
  CHECK(wait_until([&] { return none_runs(pids); }));
}
