// What cannot work is refused before anything starts: exit 2, the reason, no child.
#include <doctest/doctest.h>

#include <filesystem>
#include <regex>
#include <string>
#include <vector>

#include "tests/support/proxy_under_test.h"

using namespace finishline;
using namespace finishline::test;

namespace {

bool has(const std::string& text, const std::string& words) { return text.find(words) != std::string::npos; }

/// One listener, one server; `extra` goes to the end.
std::string small_config(const std::string& bind, const std::string& proxy_keys = "",
                         const std::string& extra = "") {
  return "[proxy]\nworkers = 1\nadmin = \"\"\n" + proxy_keys + "[[listener]]\nname = \"media\"\nbind = \"" +
         bind +
         "\"\npool = \"media\"\n[pool.media]\n[[server]]\nname = \"video-1\"\npool = \"media\"\ntype = "
         "\"video\"\n"
         "address = \"127.0.0.1:1\"\n" +
         extra;
}

/// `words` stand in the complaint, and nothing was started.
void check_refused(const Outcome& outcome, const std::string& words) {
  CHECK(outcome.exit == Exit{2, 0});
  CHECK_MESSAGE(has(outcome.errors, words), outcome.errors);
  CHECK_FALSE(has(outcome.errors, "started"));
}

}  // namespace

TEST_CASE("a listener's address that is taken is refused, with its name, before any fork") {
  const TcpHost other;
  const TempDir dir;
  const std::string address = "127.0.0.1:" + std::to_string(other.port());
  const std::string file = dir.write("taken.toml", small_config(address));
  check_refused(run("finishline", {"run", "-c", file}), "listener 'media' cannot bind " + address);
}

TEST_CASE("an admin address that is taken is refused before any fork") {
  const TcpHost other;
  const TempDir dir;
  const std::string address = "127.0.0.1:" + std::to_string(other.port());
  std::string text = small_config("127.0.0.1:0");
  text.replace(text.find("admin = \"\""), 10, "admin = \"" + address + "\"");
  check_refused(run("finishline", {"run", "-c", dir.write("taken.toml", text)}),
                "proxy.admin cannot bind " + address);
}

TEST_CASE("where an address is taken, the next port that is free is named, and is free") {
  const TcpHost other;
  const TempDir dir;
  const std::string address = "127.0.0.1:" + std::to_string(other.port());
  const Outcome refused = run("finishline", {"run", "-c", dir.write("taken.toml", small_config(address))});
  std::smatch found;
  REQUIRE(
      std::regex_search(refused.errors, found, std::regex("already in use; (127\\.0\\.0\\.1:\\d+) is free")));
  CHECK(found[1] != address);
  const Outcome checked = run("finishline", {"check", "-c", dir.write("free.toml", small_config(found[1]))});
  CHECK_MESSAGE(!has(checked.output, "cannot bind"), checked.output);
}

TEST_CASE("a limit of open files that is too low is refused with the arithmetic") {
  const TempDir dir;
  const std::string file = dir.write("many.toml", small_config("127.0.0.1:0", "max_connections = 5000\n"));
  ChildProcess shell("/bin/sh",
                     {"-c", "ulimit -n 300; exec \"$0\" run -c \"$1\"", program("finishline"), file});
  const auto exit = shell.wait();
  check_refused({exit, shell.output(), shell.errors()},
                "5000 client connections (proxy.max_connections) + 1 link + 2 for 1 listener");
  CHECK(has(shell.errors(), "the hard limit is 300"));
}

TEST_CASE("a type that no server can do, and a name that stands twice, are refused together") {
  const TempDir dir;
  const std::string file = dir.write(
      "impossible.toml",
      small_config(
          "127.0.0.1:0", "",
          "[[server]]\nname = \"video-1\"\npool = \"media\"\ntype = \"video\"\naddress = \"127.0.0.1:2\"\n"
          "[cost.video]\nvideo = 1\npicture = 1\n"));
  for (const std::string command : {"run", "check"}) {
    const Outcome outcome = run("finishline", {command, "-c", file});
    check_refused(outcome, "music");
    CHECK(has(outcome.errors, "video-1"));
    CHECK(has(outcome.errors, "2 problems in "));
  }
}

TEST_CASE("a configuration file that is not there is refused by name") {
  check_refused(run("finishline", {"run", "-c", "/nowhere/finishline.toml"}), "/nowhere/finishline.toml");
}

TEST_CASE("check says what a good configuration holds, and warns of an address that somebody listens at") {
  const TcpHost other;  // it may be the proxy that runs
  const TempDir dir;
  const std::string address = "127.0.0.1:" + std::to_string(other.port());
  const std::string file = dir.write("good.toml", small_config(address));
  const Outcome outcome = run("finishline", {"check", "-c", file});
  CHECK(outcome.exit == Exit{0, 0});
  CHECK(outcome.errors == "");
  CHECK(has(outcome.output, file + " is good: "));
  CHECK(has(outcome.output, "warning: listener 'media' cannot bind " + address));
}

TEST_CASE(
    "names of files go by the configuration's folder; what standard input says, by the working directory") {
  const TempDir dir;
  dir.write("token", "a-secret-for-this-test");
  std::filesystem::permissions(dir.file("token"), std::filesystem::perms::owner_read);
  const std::string file =
      dir.write("main.toml", small_config("127.0.0.1:0", "admin_token_file = \"token\"\n"));
  CHECK(run("finishline", {"check", "-c", file}).exit == Exit{0, 0});
  for (const auto& [folder, code] : {std::pair(dir.file(""), 0), {std::string("/"), 2}}) {
    ChildProcess shell("/bin/sh", {"-c", "cd \"$1\" && exec \"$0\" check -c - <\"$2\"", program("finishline"),
                                   folder, file});
    CHECK(shell.wait() == Exit{code, 0});
    CHECK_MESSAGE(has(shell.errors(), "proxy.admin_token_file: /token: No such file") == (code != 0),
                  shell.errors());
  }
}

TEST_CASE("check refuses what run would for this machine") {
  const TempDir dir;
  const std::string elsewhere = dir.write("elsewhere.toml", small_config("198.51.100.1:1"));
  const std::string many =
      dir.write("many.toml", small_config("127.0.0.1:0", "max_connections = 10000000\n"));
  for (const std::string command : {"run", "check"}) {
    check_refused(run("finishline", {command, "-c", elsewhere}),
                  "listener 'media' cannot bind 198.51.100.1:1");
    check_refused(run("finishline", {command, "-c", many}), "too few file descriptors: 10000000 client");
  }
}

TEST_CASE("check warns of files without which the proxy would run") {
  const TempDir dir;
  const std::string text = small_config(
      "127.0.0.1:0", "state_dir = \"/nowhere/state\"\n",
      "source = [\"203.0.113.2\"]\n[log]\nfile = \"/nowhere/log\"\naccess = \"/nowhere/access\"\n");
  const Outcome outcome = run("finishline", {"check", dir.write("files.toml", text)});
  CHECK(outcome.exit == Exit{0, 0});
  for (const std::string words : {"warning: proxy.state_dir: /nowhere/state: No such file",
                                  "warning: log.file: /nowhere/log: No such file", "warning: log.access: ",
                                  "warning: server 'video-1' cannot be connected to from 203.0.113.2: "})
    CHECK_MESSAGE(has(outcome.output, words), outcome.output);
}
