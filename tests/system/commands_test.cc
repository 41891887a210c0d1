// What holds for every command that asks a running proxy: a proxy that is not there is told as such, with the
// exit code that the manual names, and quickly. And --quiet of those that run on.
#include <doctest/doctest.h>

#include <filesystem>
#include <sstream>
#include <string>
#include <vector>

#include "tests/support/proxy_under_test.h"
#include "tests/support/temp_dir.h"

using namespace finishline;
using namespace finishline::test;

namespace {

using Words = std::vector<std::string>;

/// The commands under "Subcommands:" of the help.
Words all_commands() {
  std::istringstream help(run("finishline", {"--help"}).output);
  Words names;
  bool on = false;
  for (std::string line; std::getline(help, line);) {
    if (on && line.starts_with("  ") && line[2] != ' ')
      names.push_back(line.substr(2, line.find(' ', 2) - 2));
    if (!line.starts_with("  ")) on = line == "Subcommands:";
  }
  return names;
}

/// Something that fits what the help calls REQUIRED.
std::string fitting_word(const std::string& line, const TempDir& dir) {
  if (line.starts_with("  WHAT")) return "changes";
  if (line.starts_with("  import")) return "import";
  if (line.starts_with("  FILE")) return dir.write("series.csv", "time,value\n1700000000,1\n1700003600,2\n");
  return "media";
}

/// The words that a command needs, each in its place.
Words needed_words(const std::string& help, const TempDir& dir) {
  std::istringstream lines(help);
  Words words;
  bool on = false;
  for (std::string line; std::getline(lines, line);) {
    if (on && line.starts_with("  ") && line[2] != ' ' && line.find("REQUIRED") != std::string::npos)
      words.push_back(fitting_word(line, dir));
    if (!line.starts_with("  ")) on = line == "Positionals:";
  }
  return words;
}

bool asks_a_proxy(const std::string& help) {
  return help.find("HOST:PORT of the admin server") != std::string::npos;
}

}  // namespace

TEST_CASE("every command says that no proxy answers, and exits with 1") {
  const TempDir dir;
  const std::string token = dir.write("token", "a-token-of-this-test\n");
  std::filesystem::permissions(token, std::filesystem::perms::owner_read);
  int asked = 0;
  for (const std::string& command : all_commands()) {
    const std::string help = run("finishline", {command, "--help"}).output;
    if (!asks_a_proxy(help)) continue;
    Words words = needed_words(help, dir);
    words.insert(words.begin(), command);
    words.insert(words.end(), {"--admin", "127.0.0.1:1"});
    if (help.find("--token-file") != std::string::npos) words.insert(words.end(), {"--token-file", token});
    const Outcome outcome = run("finishline", words);
    const bool told = outcome.exit == Exit{1, 0};
    CHECK_MESSAGE(told, command, ": ", outcome.errors);
    CHECK_MESSAGE(outcome.output.empty(), command);
    CHECK_MESSAGE(outcome.errors.find("no proxy answers at 127.0.0.1:1") != std::string::npos, command, ": ",
                  outcome.errors);
    ++asked;
  }
  CHECK(asked >= 14);
}

TEST_CASE("who asks where clients connect is told that this is no admin server") {
  ProxyUnderTest proxy({.servers = {{.name = "video-1"}}});
  const std::string address = "127.0.0.1:" + std::to_string(proxy.port());
  const Outcome outcome = run("finishline", {"status", "--admin", address});
  CHECK(outcome.exit == Exit{1, 0});
  CHECK(outcome.errors.find(address + " takes connections, but does not answer in HTTP") !=
        std::string::npos);
}

TEST_CASE("with --quiet proxy and server are silent as long as nothing is wrong") {
  const TempDir dir;
  ChildProcess server(program("finishline-server"),
                      {"--type", "video", "--listen", "unix:" + dir.file("server"), "--quiet"});
  REQUIRE(wait_until([&] { return std::filesystem::exists(dir.file("server")); }));
  ChildProcess proxy(program("finishline"),
                     {"run", "--quiet", "--listen", "unix:" + dir.file("clients"), "--to",
                      "video=unix:" + dir.file("server"), "--admin", "unix:" + dir.file("admin")});
  REQUIRE(wait_until([&] {
    return run("finishline", {"status", "--admin", "unix:" + dir.file("admin")}).exit == Exit{0, 0};
  }));
  CHECK(proxy.stop() == Exit{0, 0});
  CHECK(server.stop() == Exit{0, 0});
  CHECK(proxy.output() + proxy.errors() == "");
  CHECK(server.errors() == "");  // where it listens is its output
  CHECK(run("finishline", {"run", "--quiet", "--log-level", "info"}).exit == Exit{2, 0});
}

TEST_CASE("mistakes on standard input are told as such") {
  ChildProcess check("/bin/sh",
                     {"-c", "printf '[proxy]\\nworker = 1\\n' | " + program("finishline") + " check -"});
  CHECK(check.wait() == Exit{2, 0});
  CHECK(check.errors().starts_with("standard input:2:1: proxy.worker: unknown key; did you mean 'workers'?"));
}
