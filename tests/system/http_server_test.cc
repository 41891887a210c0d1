// Web servers in Python as typed servers, behind frames and behind HTTP.
#include <doctest/doctest.h>

#include <cstdio>
#include <string>
#include <vector>

#include "tests/support/installed.h"
#include "tests/support/proxy_under_test.h"
#include "tests/support/stats.h"

using namespace finishline;
using namespace finishline::test;
using proto::Status;

namespace {

/// Answers a POST to /TYPE?units=N with what it was asked and the body in capitals, after N ms.
constexpr const char* kServer = R"(
import sys, time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
class Handler(BaseHTTPRequestHandler):
    protocol_version = sys.argv[2]
    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        time.sleep(int(self.headers["Finishline-Length"]) / 1000)
        reply = self.path.encode() + b" " + body.upper()
        self.send_response(200 if body != b"fail" else 422)
        self.send_header("Content-Length", str(len(reply)))
        self.end_headers()
        self.wfile.write(reply)
    def log_message(self, *words): pass
ThreadingHTTPServer(("127.0.0.1", int(sys.argv[1])), Handler).serve_forever()
)";

ChildProcess web_server(const ProxyUnderTest& proxy, const std::string& name, const std::string& version) {
  return ChildProcess("/usr/bin/python3",
                      {"-c", kServer, std::to_string(proxy.server_port(name)), "HTTP/" + version});
}

/// Says how many requests it has ever had at once.
constexpr const char* kCounter = R"(
import sys, threading, time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
lock, now, most = threading.Lock(), 0, 0
class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    def do_POST(self):
        global now, most
        self.rfile.read(int(self.headers["Content-Length"]))
        with lock:
            now += 1
            most = max(most, now)
        time.sleep(0.003)
        with lock: now -= 1
        reply = str(most).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(reply)))
        self.end_headers()
        self.wfile.write(reply)
    def log_message(self, *words): pass
ThreadingHTTPServer(("127.0.0.1", int(sys.argv[1])), Handler).serve_forever()
)";

/// Has one connection at a time, for as long as its client keeps it.
constexpr const char* kLoner = R"(
import sys
from http.server import BaseHTTPRequestHandler, HTTPServer
class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)
    def log_message(self, *words): pass
HTTPServer(("127.0.0.1", int(sys.argv[1])), Handler).serve_forever()
)";

ServerPart http_server(const std::string& name) {
  return {.name = name,
          .protocol = "http",
          .keys = "path = \"/{type}?units={length}\"\nslots = 4\n",
          .played = Played::by_nobody};
}

SetUp set_up(std::vector<ServerPart> servers) {
  return {.servers = std::move(servers),
          .listeners = {{.name = "media"}, {.name = "web", .mode = "http"}},
          .workers = 2,
          .unit = "1ms"};
}

bool until_up(const ProxyUnderTest& proxy, const std::string& name) {
  return wait_until([&] { return stats_of(proxy).server(name).links_up == 2; });
}

std::string output_of(const std::string& command) {
  std::FILE* const pipe = ::popen(("timeout 60 " + command + " 2>&1").c_str(), "r");
  std::string text;
  char part[4096];
  while (const std::size_t n = std::fread(part, 1, sizeof part, pipe)) text.append(part, n);
  ::pclose(pipe);
  return text;
}

std::size_t count(const std::string& text, std::string_view part) {
  std::size_t n = 0;
  for (std::size_t at = text.find(part); at != std::string::npos; at = text.find(part, at + 1)) ++n;
  return n;
}

}  // namespace

TEST_CASE("a web server does the work of frames and of HTTP, whether it keeps connections or not") {
  if (installed("python3").empty()) return;
  for (const char* version : {"1.1", "1.0"}) {
    CAPTURE(version);
    ProxyUnderTest proxy(set_up({http_server("video-1")}));
    ChildProcess server = web_server(proxy, "video-1", version);
    REQUIRE(until_up(proxy, "video-1"));
    TcpPeer peer = proxy.connect();
    for (std::uint64_t id = 1; id <= 20; ++id) {
      REQUIRE(peer.send_frame({.type = 'V', .id = id, .length = 3}, "cat"));
      const auto reply = peer.read_frame();
      REQUIRE(reply);
      CHECK(reply->status() == Status::ok);
      CHECK(reply->body == "/video?units=3 CAT");
    }
    const std::string target = "http://127.0.0.1:" + std::to_string(proxy.port("web")) + "/picture?length=2";
    CHECK(output_of("curl -sS -d dog '" + target + "'") == "/picture?units=2 DOG");
    CHECK(output_of("curl -sS -o /dev/null -w '%{http_code}' -d fail '" + target + "'") == "500");
    CHECK(unrest_at_the_end(proxy) == "");
  }
}

TEST_CASE("the client of a web server has gone: the work is taken back, and its time is free") {
  if (installed("python3").empty()) return;
  ServerPart part = http_server("video-1");
  part.keys = "slots = 1\n";
  ProxyUnderTest proxy(set_up({part}));
  ChildProcess server = web_server(proxy, "video-1", "1.1");
  REQUIRE(until_up(proxy, "video-1"));
  const std::string target = "http://127.0.0.1:" + std::to_string(proxy.port("web"));
  output_of("curl -sS --max-time 0.3 -d x '" + target + "/video?length=30000'");
  CHECK(output_of("curl -sS -d x '" + target + "/video?length=1&deadline=20s'") == "/video X");
  CHECK(proxy.get("/metrics").body.find("\nfinishline_server_cancels_total{server=\"video-1\"} 1\n") !=
        std::string::npos);
  CHECK(unrest_at_the_end(proxy) == "");
}

TEST_CASE("of two web servers one is killed, and no request that may be done twice is lost") {
  if (installed("python3").empty()) return;
  ProxyUnderTest proxy(set_up({http_server("video-1"), http_server("video-2")}));
  ChildProcess one = web_server(proxy, "video-1", "1.1");
  ChildProcess two = web_server(proxy, "video-2", "1.1");
  REQUIRE(until_up(proxy, "video-1"));
  REQUIRE(until_up(proxy, "video-2"));
  std::FILE* const pipe =
      ::popen(("timeout 60 curl -sS --parallel --parallel-max 16 -d hello -w '%{http_code}\\n' -o /dev/null "
               "'http://127.0.0.1:" +
               std::to_string(proxy.port("web")) + "/video?length=20&n=[1-200]' 2>&1")
                  .c_str(),
              "r");
  CHECK(wait_until([&] { return stats_of(proxy).received >= 20; }));
  one.kill();
  std::string codes;
  char part[4096];
  while (const std::size_t n = std::fread(part, 1, sizeof part, pipe)) codes.append(part, n);
  ::pclose(pipe);
  CHECK_MESSAGE(count(codes, "200\n") == 200, codes);
  CHECK(unrest_at_the_end(proxy) == "");
}

TEST_CASE("all workers together have as many requests at a web server as it has slots") {
  if (installed("python3").empty()) return;
  ServerPart part = http_server("video-1");
  part.keys = "slots = 3\n";
  ProxyUnderTest proxy(set_up({part}));
  ChildProcess server("/usr/bin/python3", {"-c", kCounter, std::to_string(proxy.server_port("video-1"))});
  REQUIRE(until_up(proxy, "video-1"));
  const std::string target =
      "http://127.0.0.1:" + std::to_string(proxy.port("web")) + "/video?length=3&n=[1-300]";
  const std::string codes = output_of(
      "curl -sS --parallel --parallel-max 24 -d x -w '%{http_code}\\n' -o /dev/null '" + target + "'");
  CHECK_MESSAGE(count(codes, "200\n") == 300, codes);
  const std::string last = "http://127.0.0.1:" + std::to_string(proxy.port("web")) + "/video?length=3";
  CHECK(output_of("curl -sS -d x '" + last + "'") == "3");
  CHECK(unrest_at_the_end(proxy) == "");
}

TEST_CASE("a web server that has one connection at a time serves two workers") {
  if (installed("python3").empty()) return;
  ServerPart part = http_server("video-1");
  part.keys = "slots = 1\n";
  ProxyUnderTest proxy(set_up({part}));
  ChildProcess server("/usr/bin/python3", {"-c", kLoner, std::to_string(proxy.server_port("video-1"))});
  REQUIRE(until_up(proxy, "video-1"));
  const std::string target =
      "http://127.0.0.1:" + std::to_string(proxy.port("web")) + "/video?length=1&deadline=3s&n=[1-60]";
  for (const char* at_once : {"1", "8"}) {
    CAPTURE(at_once);
    const std::string codes =
        output_of("curl -sS --no-keepalive -H 'Connection: close' --parallel --parallel-max " +
                  std::string(at_once) + " -d x -w '%{http_code}\\n' -o /dev/null '" + target + "'");
    CHECK_MESSAGE(count(codes, "200\n") == 60, codes);
  }
  CHECK(unrest_at_the_end(proxy) == "");
}

TEST_CASE("requests that wait for a slow web server move to a fast one, and each is answered once") {
  if (installed("python3").empty()) return;
  constexpr const char* kKeys = "path = \"/{type}\"\nslots = 1\n";
  ProxyUnderTest proxy(
      {.servers = {{.name = "slow", .protocol = "http", .keys = kKeys, .played = Played::by_nobody},
                   {.name = "fast", .protocol = "http", .keys = kKeys, .played = Played::by_nobody}},
       .policy = "round-robin",
       .pool_keys = "check = \"off\"\neject_after = 0\nrebalance_gap = \"20ms\"\n"});
  const std::string slow_server =
      std::string(kServer).replace(std::string(kServer).find("/ 1000"), 6, "/ 50");
  ChildProcess slow("/usr/bin/python3",
                    {"-c", slow_server, std::to_string(proxy.server_port("slow")), "HTTP/1.1"});
  const ChildProcess fast = web_server(proxy, "fast", "1.1");
  REQUIRE(wait_until([&] {
    const Stats stats = stats_of(proxy);
    return stats.server("slow").links_up == 1 && stats.server("fast").links_up == 1;
  }));
  TcpPeer client = proxy.connect();
  constexpr std::uint64_t kRequests = 40;
  for (std::uint64_t id = 1; id <= kRequests; ++id)
    REQUIRE(client.send_frame({.type = 'V', .id = id, .length = 5}, "x"));
  for (std::uint64_t n = 1; n <= kRequests; ++n) {
    const auto answer = client.read_frame();
    REQUIRE(answer);
    CHECK(answer->status() == Status::ok);
  }
  CHECK(unrest_at_the_end(proxy) == "");
  const Stats stats = stats_of(proxy);
  CHECK(proxy.get("/metrics").body.find("\nfinishline_requests_moved_total{worker=\"worker-0\"} 0\n") ==
        std::string::npos);
  CHECK(stats.server("fast").done > stats.server("slow").done);
  CHECK(discrepancy(stats) == "");
}
