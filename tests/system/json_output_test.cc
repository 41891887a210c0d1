// --json of every command: standard output is JSON and nothing else, and complaints are on standard error.
#include <doctest/doctest.h>

#include <algorithm>
#include <filesystem>
#include <map>
#include <nlohmann/json.hpp>
#include <set>
#include <sstream>
#include <string>
#include <vector>

#include "tests/support/proxy_under_test.h"
#include "tests/support/temp_dir.h"

using namespace finishline;
using namespace finishline::test;

namespace {

using Words = std::vector<std::string>;

/// Commands that print no result: a log, a script.
const std::set<std::string> kOthers = {"run", "completion"};
/// Commands that print one value after the other, a line each.
const std::set<std::string> kByLine = {"top", "record"};

/// The commands under "Subcommands:" of the help.
std::vector<std::string> commands() {
  std::istringstream help(run("finishline", {"--help"}).output);
  std::vector<std::string> names;
  bool on = false;
  for (std::string line; std::getline(help, line);) {
    if (on && line.starts_with("  ") && line[2] != ' ')
      names.push_back(line.substr(2, line.find(' ', 2) - 2));
    if (!line.starts_with("  ")) on = line == "Subcommands:";
  }
  return names;
}

std::string token_in(const TempDir& dir) {
  const std::string file = dir.write("token", "a-token-of-this-test\n");
  std::filesystem::permissions(file, std::filesystem::perms::owner_read);
  return file;
}

/// Ways to call each command, behind its name.
std::map<std::string, std::vector<Words>> calls(const TempDir& dir, const std::string& config) {
  const std::string trace = dir.write(
      "trace.csv", "time_s,type,length,service_s,server\n0,video,3,0.004,video-1\n1,video,1,0.001,video-1\n");
  std::string series = "time,value\n";
  for (int i = 0; i < 40; ++i) series += std::to_string(3600 * i) + "," + std::to_string(i % 24) + "\n";
  const Words proxy = {"-c", config};
  const auto with = [&](Words words) {
    words.insert(words.end(), proxy.begin(), proxy.end());
    return words;
  };
  const std::string csv = dir.write("series.csv", series);
  return {
      {"check", {with({}), {dir.write("bad.toml", "[proxy]\nworkers = \"x\"\n")}}},
      {"init", {{dir.file("new.toml")}}},
      {"status", {proxy}},
      {"drain", {with({"video-1"})}},
      {"undrain", {with({"video-1"})}},
      {"policy", {with({"media"}), with({"media", "regret"})}},
      {"policies", {{}}},
      {"costs", {proxy}},
      {"config", {with({"changes"}), with({"export"})}},
      {"peers", {proxy}},
      {"reload", {with({"--dry-run"}), proxy}},
      {"upgrade", {proxy}},
      {"calibrate", {with({trace})}},
      {"alert", {}},  // of a channel that there is: below
      {"token", {{"new"}}},
      {"forecast", {{csv, "--horizon", "2h"}}},
      {"history", {with({"import", "media", csv, "--until-now", "--dry-run"})}},
      {"explain", {with({"media", "--type", "video"}), with({"media", "--seconds", "0.1"})}},
      {"scale", {proxy}},
      {"sim", {{"--requests", "20", "--seeds", "1", "--policies", "random"}, {"--scale", "connections"}}}};
}

void check_json(const std::string& command, Words words) {
  words.insert(words.begin(), command);
  words.emplace_back("--json");
  const Outcome outcome = run("finishline", words);
  CHECK_MESSAGE(nlohmann::json::accept(outcome.output), command, ": ", outcome.output, outcome.errors);
  if (outcome.exit != Exit{0, 0}) CHECK_MESSAGE(!outcome.errors.empty(), command);
}

}  // namespace

TEST_CASE("every command that prints a result prints it as JSON, too") {
  const TempDir dir;
  const ProxyUnderTest proxy(
      {.servers = {{.name = "video-1"}, {.name = "video-2"}},
       .proxy_keys = "admin_token_file = \"" + token_in(dir) + "\"\nstate_dir = \"" + dir.file("") + "\"\n"});
  const auto ways = calls(dir, proxy.config_file());
  for (const std::string& command : commands()) {
    if (kOthers.contains(command) || kByLine.contains(command)) continue;
    REQUIRE_MESSAGE(ways.contains(command), command);
    for (const Words& words : ways.at(command)) check_json(command, words);
  }
}

TEST_CASE("top and record print a line of JSON for each look, and for each request") {
  const TempDir dir;
  ProxyUnderTest proxy(
      {.servers = {{.name = "video-1"}}, .proxy_keys = "admin_token_file = \"" + token_in(dir) + "\"\n"});
  const auto lines_of = [&](Words words, const char* key) {
    words.insert(words.end(), {"--json", "-c", proxy.config_file()});
    ChildProcess child(program("finishline"), words);
    REQUIRE(wait_until([&] {
      TcpPeer client = proxy.connect();
      REQUIRE(client.send_frame({.type = 'V', .id = 1, .length = 1}));
      REQUIRE(client.read_frame());
      const std::string all = child.output();
      return std::ranges::count(all, '\n') >= 2;
    }));
    std::istringstream all(child.output());
    for (std::string line; std::getline(all, line) && !all.eof();)
      CHECK_MESSAGE(nlohmann::json::parse(line).contains(key), line);
  };
  lines_of({"top", "--interval", "0.01"}, "servers");
  lines_of({"record", "media", "--seconds", "60"}, "time_s");
}

TEST_CASE("with --json, what fails says why on standard error and leaves standard output empty") {
  const TempDir dir;
  const std::string nobody = "127.0.0.1:1";
  for (const Words& words : std::vector<Words>{{"status"},
                                               {"costs"},
                                               {"peers"},
                                               {"scale"},
                                               {"policy", "media"},
                                               {"config", "changes"},
                                               {"explain", "media", "--type", "video"}}) {
    Words all = words;
    all.insert(all.end(), {"--json", "--admin", nobody});
    const Outcome outcome = run("finishline", all);
    CHECK(outcome.exit == Exit{1, 0});
    CHECK_MESSAGE(outcome.output.empty(), words.front());
    CHECK(outcome.errors.find("no proxy answers at 127.0.0.1:1") != std::string::npos);
  }
  CHECK(run("finishline", {"init", "-", "--json"}).exit == Exit{2, 0});
}

TEST_CASE(
    "a configuration that is not good is told as JSON with every problem, and on standard error as ever") {
  const TempDir dir;
  const std::string file = dir.write("bad.toml", "[proxy]\nworkers = \"x\"\nadmim = \"\"\n");
  const Outcome outcome = run("finishline", {"check", "-c", file, "--json"});
  CHECK(outcome.exit == Exit{2, 0});
  const auto json = nlohmann::json::parse(outcome.output);
  CHECK(json["good"] == false);
  CHECK(json["problems"].size() >= 2);
  CHECK(outcome.errors == run("finishline", {"check", "-c", file}).errors);
}

TEST_CASE("a test of alerts is told as JSON, channel by channel") {
  const TempDir dir;
  const std::string base = dir.file("base.toml");
  REQUIRE(run("finishline", {"init", base}).exit == Exit{0, 0});
  const std::string file =
      dir.write("alerts.toml", dir.read("base.toml") + "\n[alerts]\nwebhook = \"http://127.0.0.1:1/\"\n");
  const Outcome outcome = run("finishline", {"alert", "test", "-c", file, "--json"});
  CHECK(outcome.exit == Exit{1, 0});
  const auto json = nlohmann::json::parse(outcome.output);
  CHECK(json.at(0)["channel"] == "webhook");
  CHECK(json.at(0)["sent"] == false);
}
