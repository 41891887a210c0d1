// Whoever is refused at the admin address is counted by reason, and told of; operators still get in.
#include <doctest/doctest.h>
#include <signal.h>

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "tests/support/proxy_under_test.h"
#include "tests/support/temp_file.h"
#include "tests/support/wait_until.h"

using namespace finishline;
using namespace finishline::test;

namespace {

using RefusalJson = nlohmann::json;

int refused(const ProxyUnderTest& proxy, const char* reason) {
  const RefusalJson stats = RefusalJson::parse(proxy.get("/stats").body, nullptr, false);
  return stats.is_object() ? stats["admin"]["refused"].value(reason, 0) : -1;
}

std::string asked(const ProxyUnderTest& proxy, const std::string& request) {
  TcpPeer peer = TcpPeer::connect(proxy.admin_port());
  peer.send(request);
  return peer.read_all();
}

pid_t control_of(const ProxyUnderTest& proxy) {
  const std::string log = proxy.log();
  const auto at = log.rfind(" control_started pid=");
  return at == std::string::npos ? 0 : static_cast<pid_t>(std::stol(log.substr(log.find('=', at) + 1)));
}

}  // namespace

TEST_CASE("refusals go on being counted in the control process after the one that has died") {
  ProxyUnderTest proxy({.servers = {{.name = "video-1"}}});
  const std::string end = "Host: evil.example\r\nConnection: close\r\n\r\n";
  for (int n = 0; n < 3; ++n)
    CHECK(asked(proxy, "GET /stats HTTP/1.1\r\n" + end).starts_with("HTTP/1.1 421 "));
  REQUIRE(wait_until([&] { return refused(proxy, "wrong_host") == 3; }));
  REQUIRE(proxy.wait_for_log(" control_started "));
  ::kill(control_of(proxy), SIGKILL);
  REQUIRE(proxy.wait_for_log(" admin_listening ", 2));
  CHECK(wait_until([&] { return refused(proxy, "wrong_host") == 3; }));
  CHECK(asked(proxy, "GET /stats HTTP/1.1\r\n" + end).starts_with("HTTP/1.1 421 "));
  CHECK(wait_until([&] { return refused(proxy, "wrong_host") == 4; }));
  CHECK(proxy.logged("reason=wrong_host times=1") == 2);
}

TEST_CASE("each attack on the admin server is counted by its reason and logged, and /stats is still served") {
  const TempFile token(std::string(32, 't'));
  ProxyUnderTest proxy(
      {.servers = {{.name = "video-1"}}, .proxy_keys = "admin_token_file = \"" + token.path() + "\"\n"});
  TcpPeer slow = TcpPeer::connect(proxy.admin_port());
  slow.send("GET /stats HT");
  const std::string end = "Connection: close\r\n\r\n", put = "PUT /reload HTTP/1.1\r\nHost: 127.0.0.1\r\n";
  CHECK(asked(proxy, put + end).starts_with("HTTP/1.1 401 "));
  CHECK(asked(proxy, put + "Authorization: Bearer x\r\n" + end).starts_with("HTTP/1.1 401 "));
  CHECK(asked(proxy, put + "Origin: http://evil.example\r\n" + end).starts_with("HTTP/1.1 403 "));
  CHECK(asked(proxy, "GET /stats HTTP/1.1\r\nHost: evil.example\r\n" + end).starts_with("HTTP/1.1 421 "));
  CHECK(asked(proxy, "GET /../../etc/passwd HTTP/1.1\r\nHost: localhost\r\n" + end)
            .starts_with("HTTP/1.1 404 "));
  CHECK(asked(proxy, "GET /stats HTTP/1.1\r\nX: " + std::string(20'000, 'x')).starts_with("HTTP/1.1 431 "));
  CHECK(asked(proxy, "V5\r\n\r\n").starts_with("HTTP/1.1 400 "));
  for (const char* const reason : {"no_token", "wrong_token", "wrong_origin", "wrong_host", "large_head",
                                   "bad_request", "slow_request"}) {
    CAPTURE(reason);
    CHECK(wait_until([&] { return refused(proxy, reason) == 1; }));
    CHECK(proxy.logged(std::string(" admin_refused client=127.0.0.1 reason=") + reason + " times=1") == 1);
    CHECK(proxy.get("/metrics")
              .body.find("finishline_admin_refused_total{reason=\"" + std::string(reason) + "\"} 1\n") !=
          std::string::npos);
  }
  CHECK(wait_until([&] {
    return proxy.get("/api/v1/live").body.find(R"({"reason":"wrong_host","count":1})") != std::string::npos;
  }));
}

TEST_CASE("refusals of plain paths are put as those of the API, or in words for who asks for text") {
  ProxyUnderTest proxy({.servers = {{.name = "video-1"}}});
  for (const char* const path : {"/nowhere", "/pools/nobody/policy", "/pools/nobody/explain?type=video"}) {
    CAPTURE(path);
    const HttpReply reply = proxy.get(path);
    CHECK(reply.status == 404);
    CHECK(RefusalJson::parse(reply.body)["error"]["code"] == "not_found");
    const std::string text = asked(proxy, std::string("GET ") + path +
                                              " HTTP/1.1\r\nHost: localhost\r\nAccept: text/plain\r\n"
                                              "Connection: close\r\n\r\n");
    CHECK(text.find("Content-Type: text/plain") != std::string::npos);
    CHECK(text.find("\"error\"") == std::string::npos);
  }
  for (const auto& [method, path] : std::vector<std::pair<const char*, const char*>>{
           {"DELETE", "/stats"}, {"PUT", "/servers"}, {"POST", "/algorithm"}, {"GET", "/request"}}) {
    CAPTURE(path);
    const HttpReply reply = http_send(proxy.admin_port(), method, path, "", "");
    CHECK(reply.status == 405);
    CHECK(RefusalJson::parse(reply.body)["error"]["message"].get<std::string>().find(" takes ") !=
          std::string::npos);
  }
}

TEST_CASE("without state_dir the log, the API and the page say that history is in memory alone") {
  ProxyUnderTest proxy({.servers = {{.name = "video-1"}}});
  REQUIRE(proxy.wait_for_log(" history_in_memory "));
  const RefusalJson live = RefusalJson::parse(proxy.get("/api/v1/live").body);
  CHECK(live["history"]["disk"] == false);
  CHECK(live["history"]["note"].get<std::string>().find("proxy.state_dir is not set") != std::string::npos);
}
