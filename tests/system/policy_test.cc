// The policy of a pool is changed while clients are served: what they and the operator see of it.
#include <doctest/doctest.h>
#include <sys/stat.h>

#include <algorithm>
#include <csignal>
#include <string>

#include "tests/support/client_program.h"
#include "tests/support/proxy_under_test.h"
#include "tests/support/stats.h"

using namespace finishline;
using namespace finishline::test;

namespace {

std::string token_in(const TempDir& dir) {
  std::string file = dir.write("token", "a-token-of-this-test\n");
  ::chmod(file.c_str(), 0600);
  return file;
}

/// A proxy with a token, two workers, two video servers and a music server.
struct Play {
  Outcome policy(std::vector<std::string> arguments) {
    arguments.insert(arguments.begin(), "policy");
    arguments.insert(arguments.end(), {"-c", proxy.config_file()});
    return run("finishline", arguments);
  }
  std::int64_t music_sent() { return stats_of(proxy).server("music-1").sent; }

  TempDir dir;
  std::string token = token_in(dir);
  SetUp set_up{.servers = {{.name = "video-1"}, {.name = "video-2"}, {.name = "music-1", .type = "music"}},
               .workers = 2,
               .proxy_keys = "admin_token_file = \"" + token + "\"\n"};
  ProxyUnderTest proxy{set_up};
};

bool has(const std::string& text, const std::string& words) { return text.find(words) != std::string::npos; }

}  // namespace

TEST_CASE("an operator changes the policy under load: the next requests follow, and no client notices") {
  Play play;
  ClientProgram client(play.proxy,
                       {"--requests", "1500", "--concurrency", "8", "--length", "1..3", "--mix", "video=1"});
  REQUIRE(wait_until([&] { return stats_of(play.proxy).answered > 50; }));
  CHECK(has(play.policy({"media"}).output, "media follows makespan\n"));

  // Video costs three times as much on the music server: round-robin gives it a third all the same.
  const Outcome changed = play.policy({"media", "round-robin"});
  CHECK(changed.exit == Exit{0, 0});
  CHECK(has(changed.output, "media follows round-robin from now on; the configuration file says makespan"));
  const std::int64_t before = play.music_sent();
  const std::int64_t answered = stats_of(play.proxy).answered;
  REQUIRE(wait_until([&] { return stats_of(play.proxy).answered > answered + 150; }));
  CHECK(play.music_sent() - before > 35);

  CHECK(has(play.proxy.get("/metrics").body,
            "finishline_pool_policy{pool=\"media\",policy=\"round-robin\",chosen=\"round-robin\"} 1"));
  CHECK(has(run("finishline", {"status", "-c", play.proxy.config_file()}).output, "round-robin"));
  CHECK(play.proxy.logged(" policy_changed pool=media policy=round-robin was=makespan ") == 1);
  client.check_perfect(1500);
  CHECK(unrest_at_the_end(play.proxy) == "");
}

TEST_CASE("a client that asks is told the policy that is in force") {
  Play play;
  REQUIRE(play.policy({"media", "regret"}).exit == Exit{0, 0});
  CHECK(wait_until([&] {
    return has(run("finishline-client", {"--connect", "127.0.0.1:" + std::to_string(play.proxy.port()),
                                         "--requests", "1", "--length", "1"})
                   .output,
               "policy regret");
  }));
}

TEST_CASE("the choice outlives the control process and any worker") {
  Play play;
  REQUIRE(play.policy({"media", "ip-hash"}).exit == Exit{0, 0});
  ::kill(play.proxy.worker_pids().at(0), SIGKILL);
  REQUIRE(play.proxy.wait_for_log(" worker_started worker=0 ", 2));
  REQUIRE(play.proxy.wait_for_log(" listening ", 3));
  CHECK(has(play.policy({"media"}).output, "media follows ip-hash; "));
  // All connections of one address get one server.
  for (int i = 0; i < 6; ++i) {
    TcpPeer client = play.proxy.connect();
    REQUIRE(client.send_frame({.type = 'V', .id = 1, .length = 1}));
    REQUIRE(client.read_frame());
  }
  const Stats stats = stats_of(play.proxy);
  CHECK(std::max(
            {stats.server("video-1").sent, stats.server("video-2").sent, stats.server("music-1").sent}) == 6);
}

TEST_CASE(
    "a reload keeps the choice while the file says what it said, and follows a file that says something "
    "new") {
  Play play;
  REQUIRE(play.policy({"media", "regret"}).exit == Exit{0, 0});
  play.proxy.process().signal(SIGHUP);
  REQUIRE(play.proxy.wait_for_log(" policy_kept pool=media policy=regret file=makespan"));
  CHECK(has(play.policy({"media"}).output, "media follows regret; the configuration file says makespan"));

  SetUp other = play.set_up;
  other.policy = "random";
  play.proxy.rewrite(other);
  play.proxy.process().signal(SIGHUP);
  REQUIRE(play.proxy.wait_for_log(
      " policy_changed pool=media policy=random was=regret reason=\"the file says so\""));
  CHECK(has(play.policy({"media"}).output, "media follows random\n"));
}

TEST_CASE("an unknown policy, an unknown pool and a missing token change nothing and say why") {
  Play play;
  const Outcome unknown = play.policy({"media", "fastest"});
  CHECK(unknown.exit == Exit{1, 0});
  CHECK(has(unknown.errors, "there is no policy 'fastest'; there are makespan, "));
  CHECK(has(play.policy({"nobody"}).errors, "there is no pool 'nobody'"));
  const Outcome tokenless = run("finishline", {"policy", "media", "regret", "--admin",
                                               "127.0.0.1:" + std::to_string(play.proxy.admin_port())});
  CHECK(tokenless.exit == Exit{2, 0});
  CHECK(has(tokenless.errors, "token"));
  CHECK(has(play.policy({"media"}).output, "media follows makespan\n"));
}

TEST_CASE("what was recorded under load is what clients asked, and the simulator replays it") {
  Play play;
  ClientProgram client(play.proxy,
                       {"--requests", "400", "--arrivals", "poisson", "--rate", "400", "--length", "1..5"});
  const Outcome recorded =
      run("finishline", {"record", "media", "--seconds", "0.6", "-c", play.proxy.config_file()});
  CHECK(recorded.exit == Exit{0, 0});
  client.check_perfect(400);
  const auto rows = std::ranges::count(recorded.output, '\n') - 1;
  CHECK(rows > 50);
  CHECK(recorded.errors == std::to_string(rows) + " requests of pool media\n");
  CHECK(has(recorded.output, ",music,"));
  const Outcome replayed =
      run("finishline", {"sim", "--trace", play.dir.write("trace.csv", recorded.output), "--seeds", "1"});
  CHECK(replayed.exit == Exit{0, 0});
  CHECK(has(replayed.output, "trace.csv, " + std::to_string(rows) + " requests"));
}

TEST_CASE("requests are recorded for those who bring the token alone") {
  Play play;
  CHECK(play.proxy.get("/pools/media/record").status == 401);
  const std::string admin = "127.0.0.1:" + std::to_string(play.proxy.admin_port());
  const Outcome tokenless = run("finishline", {"record", "media", "--admin", admin});
  CHECK(tokenless.exit == Exit{2, 0});
  CHECK(has(tokenless.errors, "needs the admin token"));
}

TEST_CASE("an adaptive pool finds a better policy than the one it began with and tells why") {
  Play play;
  REQUIRE(play.policy({"media", "random"}).exit == Exit{0, 0});
  REQUIRE(has(play.policy({"media", "adaptive"}).output,
              "media follows random, as adaptive has it, from now on"));
  ClientProgram client(play.proxy,
                       {"--requests", "1500", "--arrivals", "poisson", "--rate", "1000", "--length", "1..4"});
  CHECK(play.proxy.wait_for_log(" policy_changed pool=media policy=", 3));  // the last one is its own
  CHECK(has(play.proxy.log(), "was=random reason=\"replaying the last "));
  CHECK_FALSE(has(play.policy({"media"}).output, "follows random"));
  client.check_perfect(1500);
}
