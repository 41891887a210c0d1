// Checks in the words of the servers, against those that are installed.
#include <doctest/doctest.h>
#include <pwd.h>
#include <sys/stat.h>
#include <unistd.h>

#include <csignal>
#include <filesystem>
#include <string>

#include "tests/support/installed.h"
#include "tests/support/proxy_under_test.h"

using namespace finishline;
using namespace finishline::test;

namespace {

SetUp before(const std::string& check) {
  return {.servers = {{.name = "db-1", .pool = "db", .played = Played::by_nobody}},
          .listeners = {{.name = "db", .mode = "stream", .pool = "db"}},
          .proxy_keys = "max_connections = 100\n",
          .pool_keys = "check = \"" + check + "\"\ncheck_interval = \"40ms\"\nfall = 2\nrise = 1\n"};
}

bool becomes(const ProxyUnderTest& proxy, const std::string& state) {
  return proxy.wait_for_log(" server_state server=db-1 state=" + state + " ");
}

}  // namespace

TEST_CASE("a Redis is up, also one that wants a password, and down when it is gone") {
  const std::string redis = installed("redis-server");
  if (redis.empty()) return;
  ProxyUnderTest proxy(before("redis"));
  REQUIRE(becomes(proxy, "down"));
  const std::string port = std::to_string(proxy.server_port("db-1"));
  ChildProcess server(redis,
                      {"--port", port, "--bind", "127.0.0.1", "--save", "", "--requirepass", "secret"});
  CHECK(becomes(proxy, "up"));
  server.kill();
  CHECK(proxy.wait_for_log(" server_state server=db-1 state=down was=up address=127.0.0.1:" + port + " "));
}

TEST_CASE("a PostgreSQL is up for a user whom it does not know, and down when it is gone") {
  const std::string initdb = installed("initdb"), postgres = installed("postgres");
  const passwd* const nobody = ::getpwnam("postgres");
  if (initdb.empty() || postgres.empty() || (::geteuid() == 0 && nobody == nullptr)) return;
  TempDir dir;
  const std::string data = dir.file("data"), root = std::filesystem::path(data).parent_path();
  const std::string as = ::geteuid() == 0 ? "setpriv --reuid=postgres --regid=postgres --clear-groups " : "";
  if (!as.empty()) REQUIRE(::chown(root.c_str(), nobody->pw_uid, nobody->pw_gid) == 0);
  ChildProcess made("/bin/sh", {"-c", "cd /; exec " + as + initdb + " -D " + data +
                                          " -A scram-sha-256 -U someone --no-sync --pwfile=/etc/hostname"});
  REQUIRE(made.wait() == Exit{0, 0});
  ProxyUnderTest proxy(before("postgres"));
  REQUIRE(becomes(proxy, "down"));
  const std::string port = std::to_string(proxy.server_port("db-1"));
  ChildProcess server("/bin/sh", {"-c", "cd /; exec " + as + postgres + " -D " + data + " -p " + port +
                                            " -h 127.0.0.1 -k " + root + " -F"});
  CHECK(becomes(proxy, "up"));
  server.signal(SIGQUIT);
  CHECK(proxy.wait_for_log(" server_state server=db-1 state=down was=up address=127.0.0.1:" + port + " "));
  server.wait();
}
