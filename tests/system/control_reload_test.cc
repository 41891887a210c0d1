// Reloads and the control process: it stays, and nothing that it counts or times begins anew.
#include <doctest/doctest.h>
#include <sys/stat.h>

#include <atomic>
#include <csignal>
#include <string>
#include <thread>

#include "tests/support/proxy_under_test.h"
#include "tests/support/stats.h"

using namespace finishline;
using namespace finishline::test;

namespace {

/// A web server that is out of order.
class SickServer {
 public:
  explicit SickServer(std::uint16_t port) : host_(port), thread_([this] { serve(); }) {}
  ~SickServer() {
    ends_ = true;
    if (TcpPeer::can_connect(host_.port())) thread_.join();
  }

 private:
  void serve() {
    while (!ends_) {
      TcpPeer client = host_.accept();
      if (client.read(4) == "GET ")
        client.send("HTTP/1.1 500 Internal Server Error\r\nContent-Length: 0\r\n\r\n");
    }
  }

  TcpHost host_;
  std::atomic<bool> ends_ = false;
  std::thread thread_;
};

SetUp web(const std::string& pool_keys) {
  return {.servers = {{.name = "web-1", .pool = "web", .played = Played::by_nobody}},
          .listeners = {{.name = "web", .mode = "stream", .pool = "web"}},
          .proxy_keys = "max_connections = 100\n",
          .pool_keys = pool_keys};
}

/// Reloads every 100 ms, each time with another key in the pool, until the log has these words.
bool reload_until(ProxyUnderTest& proxy, const std::string& keys, const std::string& words) {
  int turns = 0;
  return wait_until([&] {
    proxy.rewrite(web(keys + "eject_after = " + std::to_string(1 + ++turns % 2) + "\n"));
    proxy.process().signal(SIGHUP);
    std::this_thread::sleep_for(std::chrono::milliseconds(100));
    return proxy.logged(words) > 0;
  });
}

}  // namespace

TEST_CASE("a server that fails its checks goes down while the file is reloaded all the time") {
  const std::string keys = "check = \"http\"\ncheck_interval = \"200ms\"\nfall = 4\n";
  ProxyUnderTest proxy(web(keys));
  const SickServer sick(proxy.server_port("web-1"));
  CHECK(reload_until(proxy, keys, " server_state server=web-1 state=down "));
  CHECK(proxy.log().find("address=127.0.0.1:" + std::to_string(proxy.server_port("web-1")) +
                         " reason=\"HTTP status 500\"") != std::string::npos);
  CHECK(proxy.logged(" control_started ") == 1);
  CHECK(proxy.logged(" reloaded ") >= 1);
}

TEST_CASE("checks that are further apart than reloads take place") {
  const std::string keys = "check = \"connect\"\ncheck_interval = \"400ms\"\nfall = 2\n";
  ProxyUnderTest proxy(web(keys));
  CHECK(reload_until(proxy, keys, " server_state server=web-1 state=down was=untried "));
}

TEST_CASE("control takes a reload in place: servers, pools, the token, the level of the log") {
  const TempDir dir;
  const std::string token = dir.write("token", "the-first-token-1");
  ::chmod(token.c_str(), 0600);
  SetUp set_up{.servers = {{.name = "video-1"}}, .proxy_keys = "admin_token_file = \"" + token + "\"\n"};
  ProxyUnderTest proxy(set_up);
  const std::string drain = R"({"state":"drain"})";

  set_up.servers.push_back({.name = "video-2"});
  dir.write("token", "the-second-token-2");
  proxy.rewrite(set_up);
  proxy.process().signal(SIGHUP);
  REQUIRE(proxy.wait_for_log(" reloaded "));
  CHECK(wait_until([&] {
    return http_put(proxy.admin_port(), "/servers/video-2/state", drain, "the-second-token-2").status == 200;
  }));
  CHECK(http_put(proxy.admin_port(), "/servers/video-1/state", drain, "the-first-token-1").status == 401);
  CHECK(proxy.logged(" control server_state server=video-2 ") == 1);

  set_up.log_level = "warning";  // new workers come for this
  set_up.listeners.push_back({.name = "more", .pool = "other"});
  set_up.servers.push_back({.name = "video-3", .pool = "other"});
  proxy.rewrite(set_up);
  proxy.process().signal(SIGHUP);
  CHECK(wait_until([&] { return proxy.get("/pools/other/policy").status == 200; }));
  CHECK(wait_until([&] {
    return http_put(proxy.admin_port(), "/servers/video-3/state", drain, "the-second-token-2").status == 200;
  }));
  CHECK(proxy.logged(" control_started ") == 1);
  INFO(proxy.log());
  CHECK(proxy.logged(" control_died ") == 0);
}

TEST_CASE("a control process that takes no reload is replaced by one that has it") {
  ProxyUnderTest proxy(web("check = \"off\"\n"));
  REQUIRE(proxy.wait_for_log(" admin_listening "));
  const std::string log = proxy.log();
  const auto at = log.find(" control_started pid=");
  REQUIRE(at != std::string::npos);
  const auto pid = static_cast<pid_t>(std::stol(log.substr(log.find('=', at) + 1)));
  ::kill(pid, SIGKILL);  // and the reload comes before its successor is there, or after it
  proxy.rewrite(web("check = \"off\"\nrise = 5\n"));
  proxy.process().signal(SIGHUP);
  CHECK(proxy.wait_for_log(" reloaded "));
  CHECK(proxy.wait_for_log(" control_started ", 2));
  proxy.rewrite(web("check = \"off\"\nrise = 6\n"));
  proxy.process().signal(SIGHUP);
  CHECK(proxy.wait_for_log(" reloaded ", 2));
}

TEST_CASE("a run of failed checks goes on in the control process of the next program") {
  ProxyUnderTest proxy(web("check = \"connect\"\ncheck_interval = \"800ms\"\nfall = 5\n"));
  REQUIRE(proxy.wait_for_log(" admin_listening "));
  std::size_t programs = 1;
  CHECK(wait_until([&] {
    std::this_thread::sleep_for(std::chrono::milliseconds(250));
    if (proxy.logged(" server_state server=web-1 state=down ") > 0) return true;
    proxy.process().signal(SIGUSR2);
    REQUIRE(proxy.wait_for_log(" admin_listening ", ++programs));
    return false;
  }));
  CHECK(programs >= 2);  // most of the time five, none of which lives long enough for five checks
}
