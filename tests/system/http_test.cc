// Typed requests by curl, through whole processes.
#include <doctest/doctest.h>
#include <signal.h>

#include <cstdio>
#include <fstream>
#include <string>

#include "tests/support/certificates.h"
#include "tests/support/proxy_under_test.h"
#include "tests/support/stats.h"
#include "tests/support/temp_dir.h"

using namespace finishline;
using namespace finishline::test;

namespace {

ListenerPart http_listener(const std::string& keys = "") {
  return {.name = "media", .mode = "http", .keys = keys};
}

/// curl at work.
class Curl {
 public:
  explicit Curl(const std::string& arguments)
      : pipe_(::popen(("timeout 60 curl -sS --max-time 30 " + arguments + " 2>&1").c_str(), "r")) {}
  Curl(const Curl&) = delete;
  Curl& operator=(const Curl&) = delete;
  ~Curl() { ::pclose(pipe_); }

  /// Waits for its end: all that it has printed, on both outputs.
  std::string output() {
    std::string text;
    char part[4096];
    while (const std::size_t n = std::fread(part, 1, sizeof part, pipe_)) text.append(part, n);
    return text;
  }

 private:
  std::FILE* pipe_;
};

std::string curl(const std::string& arguments) { return Curl(arguments).output(); }

/// Many requests, so many at once; each prints its status.
std::string many(const std::string& at_once, const std::string& urls) {
  return "--parallel --parallel-max " + at_once + " -d hello -w '%{http_code}\\n' -o /dev/null " + urls;
}

std::string url(const ProxyUnderTest& proxy, const std::string& target) {
  return "'http://127.0.0.1:" + std::to_string(proxy.port()) + target + "'";
}

std::size_t count(const std::string& text, std::string_view part) {
  std::size_t n = 0;
  for (std::size_t at = text.find(part); at != std::string::npos; at = text.find(part, at + 1)) ++n;
  return n;
}

/// All that comes until the end.
std::string answer_to(const ProxyUnderTest& proxy, const std::string& text) {
  TcpPeer peer = proxy.connect();
  REQUIRE(peer.send(text));
  return peer.read_all();
}

}  // namespace

TEST_CASE("curl is served by type and length, and is told what it did wrong") {
  ProxyUnderTest proxy({.servers = {{.name = "video-1"}, {.name = "music-1", .type = "music"}},
                        .listeners = {http_listener("max_body = \"2MiB\"\n")},
                        .workers = 2,
                        .unit = "1ms"});
  const TempDir dir;
  const std::string body = dir.file("body");
  std::ofstream(body) << std::string(1'500'000, 'x');
  const std::string sent = "--data-binary @" + body + " ";
  CHECK(curl(sent + "-o /dev/null -w '%{http_code} %{size_download}' " + url(proxy, "/video?length=2")) ==
        "200 1500000");
  CHECK(curl("-H 'Transfer-Encoding: chunked' " + sent + "-o /dev/null -w '%{http_code} %{size_download}' " +
             url(proxy, "/music?length=2")) == "200 1500000");
  CHECK(curl("-i -d '' " + url(proxy, "/music?length=1")).find("Finishline-Server: music-1") !=
        std::string::npos);
  CHECK(curl("-d hello " + url(proxy, "/vidoe?length=1")) ==
        "there is no type 'vidoe'; did you mean 'video'?; types: video, picture, music\n");
  const auto code = [&](const std::string& arguments, const std::string& target) {
    return curl(arguments + " -o /dev/null -w '%{http_code}' " + url(proxy, target));
  };
  CHECK(code("-d hello", "/video") == "400");
  CHECK(code("", "/video?length=1") == "405");
  CHECK(code("-d hello", "/video?length=1000&deadline=20ms") == "504");
  std::ofstream(body) << std::string(3'000'000, 'x');
  CHECK(code("--data-binary @" + body, "/video?length=1") == "413");
  CHECK(code("-H Expect: --data-binary @" + body, "/video?length=1") == "413");
  CHECK(unrest_at_the_end(proxy) == "");
}

TEST_CASE("over TLS and behind a proxy header HTTP is the same, and each client has its own rate") {
  const TempDir dir;
  TestAuthority authority;
  const CertificatePair pair = authority.issue({.common_name = "localhost", .names = {"IP:127.0.0.1"}});
  std::ofstream(dir.file("ca.pem")) << authority.pem();
  std::ofstream(dir.file("own.pem")) << pair.certificate << pair.key;
  ProxyUnderTest proxy(
      {.servers = {{.name = "video-1"}},
       .listeners = {http_listener("tls_certificates = [\"" + dir.file("own.pem") +
                                   "\"]\nproxy_from = [\"127.0.0.1\"]\n"
                                   "source_request_rate = \"1/h\"\nsource_request_burst = 2\n")},
       .unit = "1us"});
  const std::string target = "'https://127.0.0.1:" + std::to_string(proxy.port()) + "/video?length=1'";
  const std::string all = curl("-i --haproxy-protocol --cacert " + dir.file("ca.pem") + " -d x " + target +
                               " " + target + " " + target);
  CHECK(count(all, "HTTP/1.1 200 OK") == 2);
  CHECK(count(all, "HTTP/1.1 429 Too Many Requests") == 1);
  CHECK(count(all, "\r\nRetry-After: ") == 1);
  CHECK(unrest_at_the_end(proxy) == "");
}

TEST_CASE("a server that is killed under HTTP requests loses none that may be done twice") {
  ProxyUnderTest proxy({.servers = {{.name = "video-1"}, {.name = "video-2"}},
                        .listeners = {http_listener()},
                        .workers = 2,
                        .unit = "10ms"});
  Curl client(many("20", url(proxy, "/video?length=2&n=[1-60]")));
  CHECK(wait_until([&] { return stats_of(proxy).received >= 10; }));
  proxy.server("video-1").kill();
  const std::string codes = client.output();
  CHECK(count(codes, "200\n") == 60);
  CHECK(unrest_at_the_end(proxy) == "");
}

TEST_CASE(
    "a worker that is killed under HTTP requests leaves its clients an end, and the books are exact again") {
  ProxyUnderTest proxy(
      {.servers = {{.name = "video-1"}}, .listeners = {http_listener()}, .workers = 2, .unit = "10ms"});
  Curl client("--retry 20 --retry-all-errors --retry-delay 1 " +
              many("20", url(proxy, "/video?length=1&n=[1-60]")));
  CHECK(wait_until([&] { return stats_of(proxy).received >= 5; }));
  REQUIRE(proxy.worker_pids().size() == 2);
  ::kill(proxy.worker_pids()[0], SIGKILL);
  const std::string codes = client.output();
  CHECK(count(codes, "200\n") == 60);
  CHECK(unrest_at_the_end(proxy) == "");
}

TEST_CASE("a reload and a drain leave no HTTP request without its reply") {
  ProxyUnderTest proxy(
      {.servers = {{.name = "video-1"}}, .listeners = {http_listener()}, .workers = 2, .unit = "1ms"});
  Curl client(many("8", url(proxy, "/video?length=5&n=[1-300]")));
  CHECK(wait_until([&] { return stats_of(proxy).received >= 20; }));
  proxy.rewrite({.servers = {{.name = "video-1"}},
                 .listeners = {http_listener("max_open = 100\n")},
                 .workers = 2,
                 .unit = "1ms"});
  proxy.process().signal(SIGHUP);
  const std::string codes = client.output();
  CHECK_MESSAGE(count(codes, "200\n") == 300, codes);
  CHECK(unrest_at_the_end(proxy) == "");
}

TEST_CASE("nonsense on an HTTP listener is answered once, ended and counted") {
  ProxyUnderTest proxy({.servers = {{.name = "video-1"}}, .listeners = {http_listener()}, .unit = "1us"});
  for (const char* nonsense :
       {"hello\r\n\r\n", "POST /video HTTP/1.1\nHost: a\n\n", "\x16\x03\x01\x02\x03",
        "POST /video?length=1 HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab"}) {
    CAPTURE(nonsense);
    const std::string reply = answer_to(proxy, nonsense);
    CHECK(reply.starts_with("HTTP/1.1 400 Bad Request\r\n"));
    CHECK(count(reply, "\r\nContent-Length: ") == 1);
  }
  CHECK(wait_until([&] { return stats_of(proxy).closed["bad_request"] == 4; }));
  CHECK(unrest_at_the_end(proxy) == "");
}
