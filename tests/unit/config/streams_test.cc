// Pools of streams: what they need, what they do without, what they cannot share.
#include <doctest/doctest.h>

#include <string>
#include <variant>
#include <vector>

#include "lb/config/config.h"
#include "lb/config/descriptors.h"
#include "lb/config/memory.h"

namespace {

using namespace finishline::config;

/// Streams alone: 12 lines.
const std::string kBase = R"([pool.redis]

[[listener]]
name = "redis"
bind = "127.0.0.1:6400"
mode = "stream"
pool = "redis"

[[server]]
name = "redis-1"
pool = "redis"
address = "127.0.0.1:6379"
)";

std::string faults_of(const std::string& text) {
  const auto result = parse(text, "f.toml");
  std::string lines;
  if (const auto* problems = std::get_if<std::vector<Problem>>(&result)) {
    for (const Problem& problem : *problems) lines += to_string(problem, "f") + '\n';
  }
  return lines;
}

}  // namespace

TEST_CASE("servers of streams need no type, and their pool takes turns by weight when nothing is said") {
  const auto result = parse(kBase, "f.toml");
  REQUIRE(std::holds_alternative<Config>(result));
  const Config& config = std::get<Config>(result);
  CHECK(config.pools[0].streams);
  CHECK(config.pools[0].policy == "weighted-round-robin");
  CHECK(config.has_streams());
  CHECK(config.serves_streams(config.servers[0]));
}

TEST_CASE("each stream needs a second descriptor, and no server a link") {
  const auto result = parse(kBase, "f.toml");
  const DescriptorNeed need = descriptor_need(std::get<Config>(result));
  CHECK(need.sum() == 10000 + 10000 + 2 + 32 + 64 + 129);
  CHECK(
      to_string(need).starts_with("10000 client connections (the default of proxy.max_connections) + as many "
                                  "to servers of streams + 0 links"));
}

TEST_CASE("pipes take descriptors and hold bytes, unless all is copied") {
  Config config = std::get<Config>(parse(kBase, "f.toml"));
  CHECK(to_string(descriptor_need(config)).find(" + 32 ends of pipes + ") != std::string::npos);
  CHECK(to_string(memory_need(config), config).find("512 MiB held, up to 16 MiB of it in pipes, = ") !=
        std::string::npos);
  config.pools[0].bulk = Bulk::copy;
  CHECK(descriptor_need(config).pipes == 0);
  CHECK(to_string(memory_need(config), config).find("pipes") == std::string::npos);
}

TEST_CASE("a policy that weighs requests cannot choose for streams") {
  std::string text = kBase;
  text.replace(0, 12, "[pool.redis]\npolicy = \"regret\"");
  CHECK(
      faults_of(text).starts_with("f:2:10: pool.redis.policy: policy 'regret' cannot choose for streams, "
                                  "which declare neither type nor "
                                  "length; policies: least-work, least-connections, "));
}

TEST_CASE("a pool takes streams or requests, not both") {
  const std::string text = kBase +
                           "[[listener]]\nname = \"other\"\nbind = \"127.0.0.1:6401\"\npool = \"redis\"\n"
                           "mode = \"frame\"\n";
  CHECK(faults_of(text) ==
        "f:17:8: listener[2].mode: pool 'redis' cannot take streams and requests at once: listener 'redis' "
        "is in "
        "mode stream; give each of the two a pool of its own\n");
}

TEST_CASE("keys that speak of requests are refused where there are none") {
  const std::string fault = "has no meaning for streams, whose bytes are not read; remove it\n";
  CHECK(faults_of(kBase + "speed = 2\nslots = 4\n") ==
        "f:13:9: server[1].speed: " + fault + "f:14:9: server[1].slots: " + fault);
  CHECK(faults_of("[[listener]]\nmax_body = 5\n" + kBase.substr(kBase.find("name")) + "[pool.redis]\n") ==
        "f:2:12: listener[1].max_body: " + fault);
}

TEST_CASE("a listener of streams has a handshake where a PROXY header has to come first") {
  const std::string keys = "[[listener]]\nhandshake_timeout = \"5s\"\n";
  const std::string rest = kBase.substr(kBase.find("name")) + "[pool.redis]\n";
  CHECK(faults_of(keys + rest) != "");
  CHECK(faults_of(keys + "proxy_from = [\"127.0.0.0/8\"]\n" + rest) == "");
}

TEST_CASE("servers of streams cannot be pinged") {
  std::string text = kBase;
  text.replace(0, 12, "[pool.redis]\ncheck = \"ping\"");
  CHECK(faults_of(text) ==
        "f:2:9: pool.redis.check: servers of streams cannot be pinged; set check = \"auto\", "
        "\"connect\" or what they speak: \"http\", \"redis\", \"postgres\"\n");
}

TEST_CASE("what streams cost is not learned") {
  std::string text = kBase;
  text.replace(0, 12, "[pool.redis]\nlearn = \"watch\"");
  CHECK(faults_of(text) ==
        "f:2:9: pool.redis.learn: has no meaning for streams, whose bytes are not read; remove it\n");
}

TEST_CASE("only servers of streams can be told whose connection it is") {
  CHECK(faults_of(kBase + "send_proxy = \"v2\"\n") == "");
  std::string text = kBase + "type = \"video\"\nsend_proxy = \"v1\"\n";
  text.replace(text.find("\"stream\""), 8, "\"frame\"");
  CHECK(faults_of(text).find("f:14:14: server[1].send_proxy: has no meaning for a server of requests, whose "
                             "connections all clients share; remove it\n") != std::string::npos);
}

TEST_CASE("the addresses that a server is connected to from are read, of both families") {
  const auto one = parse(kBase + "source = [\"10.0.0.5\", \"10.0.0.6\"]\n", "f.toml");
  const auto& sources = std::get<Config>(one).servers[0].sources;
  REQUIRE(sources.size() == 2);
  CHECK(sources[0].to_string() == "10.0.0.5:0");
  CHECK(sources[1].to_string() == "10.0.0.6:0");
  std::string text = kBase + "source = [\"fd00::5\"]\n";
  text.replace(text.find("127.0.0.1:6379"), 14, "[fd00::1]:6379");
  CHECK(std::get<Config>(parse(text, "f.toml")).servers[0].sources[0].to_string() == "[fd00::5]:0");
}

TEST_CASE("each source that is none is told at its own place") {
  CHECK(faults_of(kBase + "source = [\"10.0.0.5\", \"10.0.0.5:80\", 7]\n") ==
        "f:13:23: server[1].source: '10.0.0.5:80' is no IP address; write for example \"10.0.0.5\"\n"
        "f:13:38: server[1].source: the integer 7 is no IP address; write for example \"10.0.0.5\"\n");
  CHECK(faults_of(kBase + "source = \"10.0.0.5\"\n") ==
        "f:13:10: server[1].source: expected a list of IP addresses, found the text \"10.0.0.5\"; write for "
        "example "
        "[\"10.0.0.5\", \"::1\"]\n");
  CHECK(faults_of(kBase + "source = [\"::1\"]\n") ==
        "f:13:10: server[1].source: there is no way from ::1 to 127.0.0.1:6379; both are to be IPv4, or both "
        "IPv6\n");
}

TEST_CASE("a server of requests still needs its type") {
  std::string text = kBase;
  text.replace(text.find("\"stream\""), 8, "\"frame\"");
  CHECK(faults_of(text) ==
        "f:9:1: server[1].type: missing; add type = a name in quotes: its row of the cost matrix; servers of "
        "streams, and they alone, have none\n");
}

TEST_CASE("who names neither types nor a mode is told of streams") {
  std::string text = kBase;
  text.replace(text.find("mode = \"stream\"\n"), 16, "");
  CHECK(faults_of(text) ==
        "f:8:1: server[1].type: missing; add type = a name in quotes: its row of the cost matrix; servers of "
        "streams, and they alone, have none; or, where clients do not speak frames, mode = \"stream\" in "
        "listener 'redis'\n");
}

TEST_CASE("a backup stands in for another server of its pool") {
  CHECK(faults_of(kBase + "backup = true\n")
            .find("f:13:10: server[1].backup: pool 'redis' has no other servers than "
                  "backups; leave it out where the server works all the time") != std::string::npos);
  CHECK(faults_of(kBase + "[[server]]\nname = \"redis-2\"\npool = \"redis\"\naddress = \"127.0.0.1:6380\"\n"
                          "backup = true\n") == "");
}
