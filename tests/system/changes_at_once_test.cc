// Reloads, upgrades and the end of the proxy, asked for at once: each who asked is told what became of his.
#include <doctest/doctest.h>
#include <signal.h>

#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <string>

#include "tests/support/free_port.h"
#include "tests/support/http.h"
#include "tests/support/processes.h"
#include "tests/support/proxy_under_test.h"
#include "tests/support/temp_dir.h"

using namespace finishline;
using namespace finishline::test;

namespace {

constexpr const char* kToken = "a-token-for-these-tests";

bool has(const std::string& text, const std::string& words) { return text.find(words) != std::string::npos; }

/// A proxy whose program file is its own, to be replaced.
class Machine {
 public:
  Machine()
      : file_(dir_.write("finishline.toml", text())), program_(dir_.file("finishline")), proxy_(start()) {
    REQUIRE(wait_for(" admin_listening "));
  }
  /// The program file is this script from now on.
  void replace_program(const std::string& script) {
    std::filesystem::remove(program_);
    std::ofstream(program_) << "#!/bin/sh\n" << script << "\n";
    std::filesystem::permissions(program_, std::filesystem::perms::owner_all);
  }
  ChildProcess command(const std::string& name) const {
    return ChildProcess(program("finishline"), {name, "-c", file_});
  }
  bool wait_for(const std::string& words, std::size_t times = 1) const {
    return wait_until([&] {
      const std::string log = proxy_.errors();
      std::size_t count = 0;
      for (auto at = log.find(words); at != std::string::npos; at = log.find(words, at + 1)) ++count;
      return count >= times;
    });
  }
  pid_t worker() const {
    const std::string log = proxy_.errors(), words = " worker_started worker=0 pid=";
    return static_cast<pid_t>(std::stol(log.substr(log.find(words) + words.size())));
  }
  std::string path(const std::string& name) const { return dir_.file(name); }
  ChildProcess& proxy() { return proxy_; }
  std::uint16_t admin_port() const { return port_.number(); }

 private:
  std::string text() {
    dir_.write("token", kToken);
    std::filesystem::permissions(dir_.file("token"), std::filesystem::perms::owner_read);
    return "[proxy]\nworkers = 1\nadmin = \"" + port_.address() + "\"\nadmin_token_file = \"" +
           dir_.file("token") +
           "\"\n[[listener]]\nname = \"media\"\nbind = \"127.0.0.1:0\"\npool = \"media\"\n[pool.media]\n"
           "check = \"off\"\n[[server]]\nname = \"video-1\"\npool = \"media\"\ntype = \"video\"\n"
           "address = \"127.0.0.1:1\"\n";
  }
  ChildProcess start() {
    std::filesystem::copy_file(program("finishline"), program_);
    return ChildProcess(program_, {"run", "-c", file_});
  }

  TempDir dir_;
  FreePort port_;
  std::string file_, program_;
  ChildProcess proxy_;
};

}  // namespace

TEST_CASE("an upgrade that is refused behind a reload is told so, and the reload that it is in force") {
  Machine machine;
  machine.replace_program("exit 3");
  const pid_t worker = machine.worker();
  ::kill(worker, SIGSTOP);
  ChildProcess reload = machine.command("reload");
  REQUIRE(machine.wait_for(" reloading "));
  ChildProcess upgrade = machine.command("upgrade");
  REQUIRE(machine.wait_for("PUT /upgrade"));
  ::kill(worker, SIGCONT);
  CHECK(reload.wait() == Exit{0, 0});
  CHECK(has(reload.output(), "revision 2 is in force"));
  CHECK(upgrade.wait() == Exit{1, 0});
  CHECK(has(upgrade.errors(), ": exit 3"));
  // Who asks only now what came of the reload is told of it, not of what was counted after it.
  const auto page = nlohmann::json::parse(http_get(machine.admin_port(), "/reload").body);
  CHECK(page["refused"] == 1);
  CHECK(page["ended"] ==
        nlohmann::json({{"asked", 1}, {"refused", false}, {"revision", 2}, {"problems", ""}}));
}

TEST_CASE("a bad reload and an upgrade that is refused, asked for at once, are both told so") {
  Machine machine;
  machine.replace_program("while [ ! -e " + machine.path("go") + " ]; do sleep 0.05; done; exit 3");
  ChildProcess upgrade = machine.command("upgrade");
  REQUIRE(machine.wait_for(" upgrading "));
  ChildProcess reload = machine.command("reload");
  REQUIRE(machine.wait_for("PUT /reload"));
  std::ofstream(machine.path("finishline.toml"), std::ios::app) << "colour = 1\n";
  std::ofstream(machine.path("go")) << "\n";
  CHECK(upgrade.wait() == Exit{1, 0});
  CHECK(reload.wait() == Exit{1, 0});
  CHECK(has(reload.errors(), "colour: unknown key"));
}

TEST_CASE("an end while a new program is tried ends the trial, and who waits for it is told") {
  Machine machine;
  machine.replace_program("echo $$ >" + machine.path("trial.new") + "; mv " + machine.path("trial.new") +
                          " " + machine.path("trial") + "; exec sleep 600");
  ChildProcess upgrade = machine.command("upgrade");
  REQUIRE(wait_until([&] { return std::filesystem::exists(machine.path("trial")); }));
  pid_t trial = 0;
  std::ifstream(machine.path("trial")) >> trial;
  CHECK(machine.proxy().stop() == Exit{0, 0});
  CHECK(wait_until([&] { return ::kill(trial, 0) != 0; }));
  CHECK(upgrade.wait() == Exit{1, 0});
  CHECK(!has(upgrade.errors(), "still under way"));
}

TEST_CASE("a reload that is asked for while the proxy ends is refused at once") {
  const TempDir dir;
  dir.write("token", kToken);
  std::filesystem::permissions(dir.file("token"), std::filesystem::perms::owner_read);
  ProxyUnderTest proxy({.servers = {{.name = "video-1", .flags = {"--stall-after", "0"}}},
                        .proxy_keys = "admin_token_file = \"" + dir.file("token") + "\"\n"});
  TcpPeer client = proxy.connect();
  REQUIRE(client.send_frame({.type = 'V', .id = 1, .length = 1}));
  REQUIRE(wait_until(
      [&] { return has(proxy.get("/metrics").body, "finishline_requests_open{worker=\"0\"} 1"); }));
  proxy.process().signal(SIGTERM);
  REQUIRE(proxy.wait_for_log(" draining "));
  for (const char* const name : {"reload", "upgrade"}) {
    CAPTURE(name);
    const Outcome told = run("finishline", {name, "-c", proxy.config_file()});
    CHECK(told.exit == Exit{1, 0});
    CHECK(has(told.errors, "the proxy ends"));
  }
  proxy.process().signal(SIGTERM);  // the user means it
}

TEST_CASE("a storm of reloads and upgrades with the end in its middle ends in order") {
  Machine machine;
  for (int n = 0; n < 100; ++n) {
    machine.proxy().signal(n % 10 == 9 ? SIGUSR2 : SIGHUP);
    if (n == 50) REQUIRE(machine.wait_for(" taken_over "));
  }
  machine.proxy().signal(SIGTERM);
  for (int n = 0; n < 50; ++n) machine.proxy().signal(SIGHUP);
  CHECK(machine.proxy().wait() == Exit{0, 0});
  CHECK(machine.wait_for(" stopped"));
}
