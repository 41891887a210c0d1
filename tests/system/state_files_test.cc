// What is kept in proxy.state_dir: files that are damaged, a folder that goes, one that is another proxy's.
#include <doctest/doctest.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <atomic>
#include <csignal>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <string>
#include <thread>

#include "lb/process/descriptor.h"
#include "lb/process/file_lock.h"
#include "tests/support/child_process.h"
#include "tests/support/proxy_under_test.h"
#include "tests/support/stats.h"
#include "tests/support/wait_until.h"

using namespace finishline;
using namespace finishline::test;

namespace {

constexpr const char* kToken = "a-token-for-these-tests";

bool has(const std::string& text, const std::string& words) { return text.find(words) != std::string::npos; }

struct Folder {
  Folder() {
    ::chmod(dir.write("token", kToken).c_str(), 0600);
    std::filesystem::create_directory(dir.file("state"));
  }
  SetUp set_up() const {
    return {.servers = {{.name = "video-1"}, {.name = "music-1", .type = "music"}},
            .proxy_keys = "admin_token_file = \"" + dir.file("token") + "\"\nstate_dir = \"" +
                          dir.file("state") + "\"\n"};
  }
  nlohmann::json send(const ProxyUnderTest& proxy, const std::string& method, const std::string& path,
                      const std::string& body = "") const {
    return nlohmann::json::parse(http_send(proxy.admin_port(), method, "/api/v1" + path, body, kToken).body,
                                 nullptr, false);
  }

  TempDir dir;
};

}  // namespace

TEST_CASE("changes that cannot be read are told, with a copy that the next change leaves alone") {
  const std::string damaged = "removed = [\"music-1\"]\n[added.v9]\ntype = \"vid";
  for (const std::string& text : {damaged, std::string("colour = 1\n"), std::string("removed = 7\n"),
                                  std::string("[server.video-1]\ncolour = 1\n")}) {
    CAPTURE(text);
    const Folder folder;
    folder.dir.write("state/changes.toml", text);
    const ProxyUnderTest proxy(folder.set_up());
    CHECK(has(proxy.log(), "changes_left_out file=" + folder.dir.file("state/changes.toml")));
    CHECK(has(proxy.log(), "kept=" + folder.dir.file("state/changes.toml.broken")));
    CHECK(folder.send(proxy, "PATCH", "/servers/video-1", R"({"weight": 2.5})")["weight"] == 2.5);
    CHECK(folder.dir.read("state/changes.toml.broken") == text);
    CHECK(has(folder.dir.read("state/changes.toml"), "weight"));
  }
}

TEST_CASE("a folder in the place of the changes is told and moved away, and check warns of it") {
  const Folder folder;
  std::filesystem::create_directory(folder.dir.file("state/changes.toml"));
  const ProxyUnderTest proxy(folder.set_up());
  CHECK(has(proxy.log(), "changes_left_out file=" + folder.dir.file("state/changes.toml")));
  CHECK(folder.send(proxy, "PATCH", "/servers/video-1", R"({"weight": 2.5})")["survives_restart"] == true);
  folder.dir.write("state/changes.toml", "colour = 1\n");
  const Outcome check = run("finishline", {"check", proxy.config_file()});
  CHECK(has(check.output, "warning: what was changed over the admin server would be left out"));
}

TEST_CASE("orders, silences and history that make no sense are told, and a copy of each is kept") {
  const Folder folder;
  folder.dir.write("state/orders.json", "{\"drained\": [\"vid");
  folder.dir.write("state/alerts.json", "{\"silences\": [");
  folder.dir.write("state/history.db", std::string(10'000, 'x'));
  const ProxyUnderTest proxy(folder.set_up());
  for (const char* const file : {"orders.json", "alerts.json", "history.db"}) {
    CAPTURE(file);
    CHECK(proxy.wait_for_log("state_broken file=" + folder.dir.file(std::string("state/") + file)));
    CHECK(std::filesystem::exists(folder.dir.file(std::string("state/") + file + ".broken")));
  }
  CHECK(folder.dir.read("state/orders.json.broken") == "{\"drained\": [\"vid");
}

TEST_CASE("a folder that is made anew has orders, changes and history again, and the log is not flooded") {
  const Folder folder;
  const ProxyUnderTest proxy(folder.set_up());
  CHECK(folder.send(proxy, "PATCH", "/servers/video-1", R"({"weight": 2.5})")["survives_restart"] == true);
  CHECK(wait_until([&] { return std::filesystem::exists(folder.dir.file("state/history.db")); }));
  std::filesystem::remove_all(folder.dir.file("state"));
  CHECK(folder.send(proxy, "PUT", "/pools/media/policy", R"({"policy": "regret"})")["survives_restart"] ==
        false);
  CHECK(http_put(proxy.admin_port(), "/servers/video-1/state", R"({"state": "drain"})", kToken)
            .body.find("\"survives_restart\":false") != std::string::npos);
  CHECK(proxy.wait_for_log("history_failed"));  // some 20 turns of the heartbeat later
  CHECK(proxy.logged("changes_not_kept file=" + folder.dir.file("state/orders.json")) == 1);
  CHECK_FALSE(folder.send(proxy, "GET", "/live")["history"]["note"].is_null());
  std::filesystem::create_directory(folder.dir.file("state"));
  CHECK(wait_until([&] { return has(folder.dir.read("state/orders.json"), "video-1"); }));
  CHECK(wait_until([&] { return has(folder.dir.read("state/changes.toml"), "weight"); }));
  CHECK(proxy.wait_for_log("history_kept"));
  CHECK(std::filesystem::exists(folder.dir.file("state/history.db")));
}

TEST_CASE("a second proxy does not start on the folder of another, whatever that one went through") {
  const Folder folder;
  ProxyUnderTest proxy(folder.set_up());
  const std::string wanted = "state_dir: " + folder.dir.file("state") +
                             " belongs to a finishline that runs, process " +
                             std::to_string(proxy.process().pid());
  proxy.process().signal(SIGHUP);
  REQUIRE(proxy.wait_for_log("reloaded"));
  const std::string second = folder.dir.write(
      "second.toml",
      "[proxy]\nstate_dir = \"" + folder.dir.file("state") +
          "\"\n[pool.m]\n[[listener]]\nname = \"l\"\npool = \"m\"\nbind = \"127.0.0.1:0\"\n[[server]]\n"
          "name = \"v\"\npool = \"m\"\ntype = \"video\"\naddress = \"127.0.0.1:9\"\n");
  const Outcome started = run("finishline", {"run", second});
  CHECK(started.exit == Exit{2});
  CHECK(has(started.errors, wanted));
  const Outcome check = run("finishline", {"check", second});
  CAPTURE(check.output);
  CHECK(has(check.output, wanted));
}

TEST_CASE("a folder that was removed and made anew is locked again, and a stolen one is told of") {
  const Folder folder;
  ProxyUnderTest proxy(folder.set_up());
  const std::string lock = folder.dir.file("state/lock");
  CHECK(process::lock_owner(lock) == proxy.process().pid());
  std::filesystem::remove_all(folder.dir.file("state"));
  std::filesystem::create_directory(folder.dir.file("state"));
  CHECK(wait_until([&] { return process::lock_owner(lock) == proxy.process().pid(); }));

  const std::string other = folder.dir.write("other", "");
  const process::Descriptor ours(::open(other.c_str(), O_RDWR | O_CLOEXEC));
  REQUIRE(process::lock_file(ours.get()));
  std::filesystem::rename(other, lock);
  CHECK(proxy.wait_for_log(" state_shared "));
  CHECK(has(proxy.log(), "belongs to a finishline that runs, process " + std::to_string(::getpid())));
}

TEST_CASE("the lock of the folder is held at every moment of an upgrade") {
  const Folder folder;
  ProxyUnderTest proxy(folder.set_up());
  const std::string lock = folder.dir.file("state/lock");
  std::atomic<bool> over = false;
  std::atomic<int> free = 0;
  std::thread watch([&] {
    while (!over) free += process::lock_owner(lock) == 0 ? 1 : 0;
  });
  for (std::size_t n = 1; n <= 3; ++n) {
    proxy.process().signal(SIGUSR2);
    CHECK(proxy.wait_for_log(" taken_over ", n));
    CHECK(proxy.wait_for_log(" reloaded ", n));
  }
  over = true;
  watch.join();
  CHECK(free == 0);
}
