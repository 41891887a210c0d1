// Alerts of a whole proxy: what operators see, and who is told.
#include <doctest/doctest.h>
#include <sys/stat.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <string>

#include "tests/support/proxy_under_test.h"

using namespace finishline;
using namespace finishline::test;
using Json = nlohmann::json;

namespace {

constexpr const char* kChecks = "check_interval = \"100ms\"\ncheck_timeout = \"200ms\"\n";

/// The open alert of this id; null without.
Json alert_of(const ProxyUnderTest& proxy, const std::string& id) {
  const Json page = Json::parse(proxy.get("/api/v1/alerts").body, nullptr, false);
  if (!page.is_object()) return {};
  for (const Json& it : page["alerts"])
    if (it["id"] == id) return it;
  return {};
}

}  // namespace

TEST_CASE("a server that is killed is an alert, which goes away when it is back") {
  ProxyUnderTest proxy({.servers = {{.name = "video-1"}, {.name = "video-2"}}, .pool_keys = kChecks});
  CHECK(alert_of(proxy, "server_down:video-1").is_null());
  proxy.server("video-1").kill();
  REQUIRE(wait_until([&] { return !alert_of(proxy, "server_down:video-1").is_null(); }, 3s));
  const Json alert = alert_of(proxy, "server_down:video-1");
  CHECK(alert["severity"] == "critical");
  CHECK(alert["reason"].get<std::string>().starts_with("video-1 is down: "));
  CHECK(alert_of(proxy, "no_server:media:video").is_null());
  REQUIRE(proxy.wait_for_log(" alert_firing alert=server_down:video-1 severity=critical "));
  CHECK(proxy.get("/metrics").body.find("finishline_alerts_firing{severity=\"critical\"} 1") !=
        std::string::npos);
  const Json live = Json::parse(proxy.get("/api/v1/live").body);
  CHECK(live["alerts"][0]["id"] == "server_down:video-1");
  const Json events = Json::parse(proxy.get("/api/v1/events").body)["events"];
  CHECK(std::ranges::any_of(events, [](const Json& it) { return it["kind"] == "alert"; }));

  proxy.start_server("video-1");
  REQUIRE(wait_until([&] { return alert_of(proxy, "server_down:video-1").is_null(); }));
  CHECK(proxy.wait_for_log(" alert_resolved alert=server_down:video-1 "));
}

TEST_CASE("the last server of a type that goes is another alert; both are one signed message") {
  TcpHost hook;
  const TempDir dir;
  const std::string secret = dir.write("secret", "a secret\n");
  ::chmod(secret.c_str(), 0600);
  ProxyUnderTest proxy(
      {.servers = {{.name = "video-1"}},
       .pool_keys = std::string(kChecks) + "[alerts]\ngroup_wait = \"2s\"\nwebhook = \"http://127.0.0.1:" +
                    std::to_string(hook.port()) + "/\"\nwebhook_secret_file = \"" + secret + "\"\n"});
  proxy.server("video-1").kill();
  TcpPeer caller = hook.accept();
  std::string request = caller.read(4096, 2s);
  caller.send("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
  CHECK(request.find("X-Finishline-Signature: sha256=") != std::string::npos);
  const Json body = Json::parse(request.substr(request.find("\r\n\r\n") + 4), nullptr, false);
  REQUIRE(body.is_object());
  CHECK(body["headline"] ==
        "[critical] 4 alerts: server_down: video-1; no_server: media:music, "
        "media:picture, media:video");
  CHECK(proxy.wait_for_log(" notification_sent channel=webhook "));
}

TEST_CASE("finishline alert test says what came of it") {
  const TempDir dir;
  const auto file = [&](const std::string& alerts) {
    return dir.write(
        "f.toml",
        "[pool.media]\n[[listener]]\nname = \"media\"\nbind = \"127.0.0.1:9000\"\npool = \"media\"\n"
        "[[server]]\nname = \"video-1\"\npool = \"media\"\ntype = \"video\"\naddress = "
        "\"127.0.0.1:9001\"\n" +
            alerts);
  };
  const Outcome none = run("finishline", {"alert", "test", "-c", file("")});
  CHECK(none.exit == Exit{2, 0});
  CHECK(none.errors == "finishline: neither alerts.webhook nor alerts.mail_server is set\n");

  TcpHost hook;
  const std::string url = "http://127.0.0.1:" + std::to_string(hook.port()) + "/";
  ChildProcess test(program("finishline"),
                    {"alert", "test", "-c", file("[alerts]\nwebhook = \"" + url + "\"\n")});
  TcpPeer caller = hook.accept();
  CHECK(caller.read(4, 2s) == "POST");
  caller.send("HTTP/1.1 204 No Content\r\n\r\n");
  CHECK(test.wait() == Exit{0, 0});
  CHECK(test.output() == "webhook " + url + ": sent (HTTP status 204)\n");

  const FreePort nobody;
  const Outcome refused = run(
      "finishline", {"alert", "test", "-c",
                     file("[alerts]\nmail_server = \"smtp://127.0.0.1:" + std::to_string(nobody.number()) +
                          "\"\nmail_from = \"f@example.org\"\nmail_to = \"a@example.org\"\n")});
  CHECK(refused.exit == Exit{1, 0});
  CHECK(refused.output.find(": failed (") != std::string::npos);
}
