// The examples that do real work: each is run as people would, with a few jobs, where its tool is installed.
#include <doctest/doctest.h>

#include <cstdlib>
#include <string>
#include <vector>

#include "lb/config/config.h"
#include "tests/support/child_process.h"
#include "tests/support/installed.h"
#include "tests/support/proxy_under_test.h"

using namespace finishline;
using namespace finishline::test;

namespace {

/// Runs the jobs of an example; it checks them itself, and ends with 0 when all were done.
void run_jobs(const std::string& example, const std::string& tool, const std::string& count) {
  const std::string folder = "lb/examples/" + example;
  CHECK(std::holds_alternative<config::Config>(config::load(folder + "/" + example + ".toml")));
  if (installed("python3").empty() || installed(tool).empty()) return;
  const std::string server = program("finishline-server");
  ::setenv("BIN", server.substr(0, server.rfind('/')).c_str(), 1);
  ChildProcess jobs(installed("python3"), {folder + "/jobs.py", count});
  const auto exit = jobs.wait(6 * patience());
  const bool done = exit == Exit{0, 0};
  CHECK_MESSAGE(done, jobs.output(), jobs.errors());
  CHECK(jobs.output().find("ratio") != std::string::npos);
}

}  // namespace

TEST_CASE("examples: ffmpeg makes thumbnails, films and sound") { run_jobs("transcode", "ffmpeg", "9"); }

TEST_CASE("examples: sqlite3 reads everywhere and writes in one place") {
  run_jobs("queries", "sqlite3", "30");
}

TEST_CASE("examples: kept processes answer prompts") { run_jobs("inference", "python3", "12"); }

TEST_CASE("commands do the work behind a proxy") {
  ProxyUnderTest proxy(
      {.servers = {{.name = "cat", .flags = {"--exec", "cat", "--slots", "2"}},
                   {.name = "shell",
                    .type = "music",
                    .flags = {"--exec", "echo {type} {length}; exit {length}", "--exec-shell"}}}});
  TcpPeer client = proxy.connect();
  REQUIRE(client.send_frame({.type = 'V', .id = 1, .length = 1}, "films"));
  const auto film = client.read_frame();
  REQUIRE(film);
  CHECK(film->status() == proto::Status::ok);
  CHECK(film->body == "films");
  REQUIRE(client.send_frame({.type = 'M', .id = 2, .length = 3}));
  const auto failed = client.read_frame();
  REQUIRE(failed);
  CHECK(failed->status() == proto::Status::server_error);
  CHECK(failed->body == "exit status 3\n");
}

TEST_CASE("a server whose command cannot be run does not start, and says why") {
  const auto absent = run("finishline-server", {"--type", "video", "--exec", "no-such-program -x"});
  CHECK(absent.exit == Exit{2, 0});
  CHECK(absent.errors == "finishline-server: --exec: there is no program 'no-such-program' in PATH\n");
  const auto early = run("finishline-server", {"--type", "video", "--exec", "cat {id}", "--keep-alive", "2"});
  CHECK(early.exit == Exit{2, 0});
  CHECK(early.errors.find("{id}") != std::string::npos);
}
