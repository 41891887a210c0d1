// What cannot work is refused before anything starts: exit 2, the reason, no child.
#include <doctest/doctest.h>

#include <filesystem>
#include <iterator>
#include <regex>
#include <sstream>
#include <string>
#include <utility>
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

namespace {

std::vector<std::string> lines_of(const std::string& text) {
  std::vector<std::string> lines;
  std::istringstream in(text);
  for (std::string line; std::getline(in, line);) lines.push_back(line);
  return lines;
}

/// A configuration with mistakes of all stages; the file's name.
std::string write_all_mistakes(const TempDir& dir) {
  dir.write("token", "short\n");
  std::filesystem::permissions(dir.file("token"), std::filesystem::perms::owner_read);
  dir.write("no.pem", "nothing\n");
  dir.write("more.toml",
            "[[server]]\nname = \"b\"\npool = \"media\"\ntype = \"video\"\naddress = \"127.0.0.1:2\"\n"
            "tls = true\ntls_ca = \"gone.pem\"\nslotss = 2\n");
  return dir.write("main.toml",
                   "include = \"more.toml\"\n[proxy]\nworkers = 1\nadmin = \"198.51.100.1:0\"\n"
                   "admin_insecure = true\nadmin_token_file = \"token\"\npid_file = \"/nowhere/pid\"\n"
                   "max_connections = 10000000\nwatchdog = \"1ms\"\nzone = \"${FINISHLINE_TEST_UNSET}\"\n"
                   "[[listener]]\nname = \"a\"\nbind = \"198.51.100.1:1\"\npool = \"media\"\n"
                   "tls_certificates = [\"no.pem\"]\ntls_keys = [\"no.pem\"]\nidle_timeout = 5\n"
                   "[pool.media]\npolicy = \"makespam\"\n");
}

/// Where they are, in order, and how they go on.
const std::pair<std::string, std::string> kAllMistakes[] = {
    {"main.toml:4:9: proxy.admin: ", "Cannot assign requested address; write an address"},
    {"main.toml:6:20: proxy.admin_token_file: ", "; write a token a line"},
    {"main.toml:7:12: proxy.pid_file: ", "; name a file in a folder"},
    {"main.toml:8:19: proxy.max_connections: ", "or lower proxy.max_connections"},
    {"main.toml:9:12: proxy.watchdog: ", "; write \"1s\" or more"},
    {"main.toml:10:8: proxy.zone: ", "FINISHLINE_TEST_UNSET is not set; write ${NAME"},
    {"main.toml:13:8: listener[1].bind: ", "listener 'a' cannot bind 198.51.100.1:1: Cannot assign"},
    {"main.toml:15:20: listener[1].tls_certificates: ", "; name a file in PEM"},
    {"main.toml:16:12: listener[1].tls_keys: ", "; name the file with the private key"},
    {"main.toml:17:16: listener[1].idle_timeout: ", "; say the unit"},
    {"main.toml:19:10: pool.media.policy: ", "did you mean 'makespan'?"},
    {"more.toml:7:10: server[1].tls_ca: ", "; name a file that the user"},
    {"more.toml:8:1: server[1].slotss: ", "did you mean 'slots'?"}};

}  // namespace

TEST_CASE("mistakes of all stages are told at once, file by file and line by line, each with a remedy") {
  const TempDir dir;
  const std::string file = write_all_mistakes(dir);
  for (const std::string command : {"run", "check"}) {
    const Outcome outcome = run("finishline", {command, "-c", file});
    CHECK(outcome.exit == Exit{2, 0});
    const auto lines = lines_of(outcome.errors);
    REQUIRE_MESSAGE(lines.size() == std::size(kAllMistakes) + 1, outcome.errors);
    for (std::size_t i = 0; i < std::size(kAllMistakes); ++i) {
      CHECK_MESSAGE(lines[i].starts_with(dir.file(kAllMistakes[i].first)), lines[i]);
      CHECK_MESSAGE(has(lines[i], kAllMistakes[i].second), lines[i]);
    }
    CHECK(lines.back() == "finishline: 13 problems in " + file);
  }
}

TEST_CASE(
    "a start that this machine does not allow tells of every address, and of nothing that is only so now") {
  const TcpHost other;
  const TempDir dir;
  const std::string taken = "127.0.0.1:" + std::to_string(other.port());
  const std::string file = dir.write(
      "addresses.toml",
      small_config("198.51.100.1:1", "",
                   "[[listener]]\nname = \"second\"\npool = \"media\"\nbind = \"" + taken + "\"\n"));
  const Outcome started = run("finishline", {"run", "-c", file});
  check_refused(started, file + ":6:8: listener[1].bind: listener 'media' cannot bind 198.51.100.1:1: ");
  CHECK_MESSAGE(has(started.errors, ": listener[2].bind: listener 'second' cannot bind " + taken + ": "),
                started.errors);
  CHECK(lines_of(started.errors).back() == "finishline: 2 problems in " + file);
  const Outcome checked = run("finishline", {"check", "-c", file});
  check_refused(checked, "listener[1].bind: ");
  CHECK(lines_of(checked.errors).back() == "finishline: 1 problem in " + file);
}

TEST_CASE("a file that is no TOML is told alone: nothing else can be judged") {
  const TempDir dir;
  const std::string file = dir.write("no.toml", "[proxy\nadmin = \"198.51.100.1:1\"\n");
  for (const std::string command : {"run", "check"}) {
    const Outcome outcome = run("finishline", {command, "-c", file});
    check_refused(outcome, file + ":1:");
    CHECK(lines_of(outcome.errors).size() == 2);
  }
}
