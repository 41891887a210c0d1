// The file with the master's process id, and limits of files that are too low.
#include <doctest/doctest.h>

#include <csignal>
#include <filesystem>
#include <string>

#include "tests/support/proxy_under_test.h"
#include "tests/support/stats.h"

using namespace finishline;
using namespace finishline::test;

namespace {

SetUp with_pid_file(const std::string& file) {
  return {.servers = {{.name = "video-1", .played = Played::by_nobody}},
          .proxy_keys = "pid_file = \"" + file + "\"\n"};
}

std::string small_config(const std::string& proxy_keys = "") {
  return "[proxy]\n" + proxy_keys + R"(max_connections = 10
admin = ""
[[listener]]
name = "media"
bind = "127.0.0.1:0"
pool = "media"
[pool.media]
[[server]]
name = "video-1"
pool = "media"
type = "video"
address = "127.0.0.1:1"
)";
}

}  // namespace

TEST_CASE("the process id stands in its file while the proxy runs, over reloads and upgrades") {
  const TempDir dir;
  ProxyUnderTest proxy(with_pid_file(dir.file("pid")));
  const std::string pid = std::to_string(proxy.process().pid()) + '\n';
  CHECK(wait_until([&] { return dir.read("pid") == pid; }));
  for (const int number : {SIGHUP, SIGUSR2, SIGUSR2}) {
    const std::size_t before = proxy.logged(" reloaded ");
    proxy.process().signal(number);
    REQUIRE(proxy.wait_for_log(" reloaded ", before + 1));
    CHECK(dir.read("pid") == pid);
  }
  CHECK(wait_until([&] { return !std::filesystem::exists(dir.file("pid.new")); }));
  CHECK(proxy.stop() == Exit{0, 0});
  CHECK_FALSE(std::filesystem::exists(dir.file("pid")));
  CHECK_FALSE(std::filesystem::exists(dir.file("pid.new")));
}

TEST_CASE("a file that a living proxy has is refused, one that a dead proxy has left is taken") {
  const TempDir dir;
  std::string left;
  {
    ProxyUnderTest first(with_pid_file(dir.file("pid")));
    REQUIRE(wait_until([&] { return !dir.read("pid").empty(); }));
    try {
      ProxyUnderTest second(with_pid_file(dir.file("pid")));
      FAIL("two proxies have one file");
    } catch (const std::runtime_error& refused) {
      const std::string why =
          "belongs to a finishline that runs, process " + std::to_string(first.process().pid());
      CHECK(std::string(refused.what()).find(why) != std::string::npos);
    }
    left = dir.read("pid");
    first.process().kill();
  }
  CHECK(dir.read("pid") == left);
  ProxyUnderTest third(with_pid_file(dir.file("pid")));
  CHECK(wait_until([&] { return dir.read("pid") == std::to_string(third.process().pid()) + '\n'; }));
}

TEST_CASE("a file that cannot be written is refused before anything starts") {
  const TempDir dir;
  const std::string file = dir.write("finishline.toml", small_config("pid_file = \"/nonexistent/pid\"\n"));
  const Outcome outcome = run("finishline", {"run", "-c", file});
  CHECK(outcome.exit == Exit{2, 0});
  CHECK(outcome.errors.find("proxy.pid_file: cannot write /nonexistent/pid") != std::string::npos);

  CHECK(run("finishline", {"check", "-c", file}).errors == outcome.errors);
}

TEST_CASE("a limit of file sizes below the ledger's is refused with its remedy") {
  const TempDir dir;
  const std::string file = dir.write("finishline.toml", small_config());
  ChildProcess limited("/bin/sh",
                       {"-c", "ulimit -f 100; exec \"$0\" run -c \"$1\"", program("finishline"), file});
  CHECK(limited.wait() == Exit{2, 0});
  CHECK(limited.errors().find("ledger: needs ") != std::string::npos);
  CHECK(limited.errors().find("raise it (ulimit -f, LimitFSIZE=)") != std::string::npos);
}
