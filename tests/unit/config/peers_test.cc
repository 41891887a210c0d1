// [peers]: what it takes to share with other proxies, and what is refused.
#include <doctest/doctest.h>

#include <string>
#include <vector>

#include "lb/config/config.h"
#include "lb/config/peer_rules.h"

using namespace finishline;
using namespace finishline::config;

namespace {

std::string with(const std::string& peers) {
  return "[[listener]]\nname = \"a\"\nbind = \"127.0.0.1:9000\"\npool = \"p\"\n[pool.p]\n"
         "[[server]]\nname = \"s\"\npool = \"p\"\ntype = \"video\"\naddress = \"127.0.0.1:9001\"\n[peers]\n" +
         peers;
}

/// The problems, in words; "" when there are none.
std::string faults(const std::string& peers) {
  const auto read = parse(with(peers), "f");
  std::string all;
  if (const auto* problems = std::get_if<std::vector<Problem>>(&read))
    for (const Problem& problem : *problems) all += to_string(problem, "f") + "\n";
  return all;
}

bool has(const std::string& text, const std::string& words) { return text.find(words) != std::string::npos; }

}  // namespace

TEST_CASE("a name and a redis are all it takes") {
  const auto read =
      parse(with("name = \"one\"\nredis = \"redis://127.0.0.1:6379/3, redis://[::1]:6380/3\"\n"), "f");
  const auto* config = std::get_if<Config>(&read);
  REQUIRE(config != nullptr);
  CHECK(config->peers.on());
  REQUIRE(config->peers.engines.size() == 2);
  CHECK(config->peers.engines[1].address.to_string() == "[::1]:6380");
  CHECK(config->peers.database == 3);
}

TEST_CASE("over TLS the certificate has the name of the host, or the one that is given") {
  const auto read = parse(with("name = \"one\"\nredis = \"rediss://127.0.0.1:6379\"\n"), "f");
  const auto* config = std::get_if<Config>(&read);
  REQUIRE(config != nullptr);
  CHECK(config->peers.tls);
  CHECK(config->peers.engines[0].host == "127.0.0.1");
  const std::string plain = "name = \"one\"\nredis = \"redis://127.0.0.1:6379\"\n";
  CHECK(has(faults(plain + "tls_name = \"x\"\n"), "peers.tls_name: has no meaning without rediss://"));
  const std::string over_tls = "name = \"one\"\nredis = \"rediss://127.0.0.1:6379\"\n";
  CHECK(has(faults(over_tls + "tls_pins = [\"x\"]\n"), "64 hexadecimal digits"));
  CHECK(has(faults(over_tls + "tls_key = \"/k\"\n"), "has no meaning without tls_certificate"));
}

TEST_CASE("who shares with nobody has no need of the rest") {
  CHECK(faults("") == "");
  CHECK(has(faults("redis = \"redis://127.0.0.1:6379\"\n"), "peers.redis: has no meaning without name"));
  CHECK(has(faults("password_file = \"/x\"\n"), "peers.password_file: has no meaning without name"));
  CHECK(has(faults("tls_ca = \"/x\"\n"), "peers.tls_ca: has no meaning without rediss:// in redis"));
}

TEST_CASE("what cannot be used is told with its remedy") {
  const auto of_url = [](const std::string& url) {
    return faults("name = \"one\"\nredis = \"" + url + "\"\n");
  };
  CHECK(has(faults("name = \"one\"\n"), "redis is missing"));
  CHECK(has(of_url("127.0.0.1:6379"), "does not begin with redis://"));
  CHECK(has(of_url("rediss://127.0.0.1:6379, redis://127.0.0.1:6380"), "either all speak TLS, or none"));
  CHECK(has(of_url("redis://me:secret@127.0.0.1:6379"), "the file of the password in `password_file`"));
  CHECK(has(of_url("redis://127.0.0.1:6379/x"), "is no number of a database"));
  CHECK(has(of_url("redis://127.0.0.1:0"), "port 0"));
  CHECK(has(of_url("redis://127.0.0.1:6379,"), "an address is missing"));
  CHECK(has(of_url("redis://127.0.0.1"), "peers.redis"));
  CHECK(has(faults("name = \"o ne\"\n"), "peers.name"));
  const std::string good = "name = \"one\"\nredis = \"redis://127.0.0.1:6379\"\n";
  CHECK(has(faults(good + "user = \"me\"\n"), "peers.user: has no meaning without password_file"));
  CHECK(has(faults(good + "sync_interval = \"50ms\"\nsilence = \"100ms\"\n"),
            "less than three times sync_interval"));
  CHECK(faults(good + "sync_interval = \"50ms\"\nsilence = \"150ms\"\n") == "");
}

TEST_CASE("a server of another zone is farther by the pool's factor, and only where both zones are said") {
  Config config;
  config.pools.emplace_back().name = "p";
  config.pools[0].zone_cost = {1.5, 5ms};
  Server east, anywhere;
  east.pool = anywhere.pool = "p";
  east.zone = "east";
  CHECK_FALSE(config.distance(east).far());
  config.proxy.zone = "west";
  CHECK(config.distance(east) == sched::Distance{1.5, 5ms});
  CHECK_FALSE(config.distance(anywhere).far());
  config.proxy.zone = "east";
  CHECK_FALSE(config.distance(east).far());
}

TEST_CASE("how far other zones are is a factor or a time, and what is neither is told with its remedy") {
  const auto read_with = [](const std::string& value, const std::string& mode = "frame") {
    std::string text = with("");
    text.replace(text.find("[pool.p]\n"), 9,
                 "mode = \"" + mode + "\"\n[pool.p]\nzone_cost = " + value + "\n");
    if (mode == "stream") text.replace(text.find("type = \"video\"\n"), 15, "");
    return parse(text, "f");
  };
  const auto distance_of = [&](const std::string& value) {
    const auto read = read_with(value);
    REQUIRE(std::holds_alternative<Config>(read));
    return std::get<Config>(read).pools[0].zone_cost;
  };
  CHECK(distance_of("1.5") == sched::Distance{1.5, 0s});
  CHECK(distance_of("3") == sched::Distance{3, 0s});
  CHECK(distance_of("\"5ms\"") == sched::Distance{1, 5ms});
  CHECK(distance_of("\"0s\"") == sched::Distance{});
  const auto fault_of = [&](const std::string& value, const std::string& mode = "frame") {
    const auto read = read_with(value, mode);
    const auto* problems = std::get_if<std::vector<Problem>>(&read);
    return problems == nullptr ? "" : to_string(problems->front(), "f");
  };
  const std::string expected =
      "f:7:13: pool.p.zone_cost: expected a number from 1 to 1000 or a duration from "
      "\"0s\" to \"1h\", found ";
  const std::string remedy = "; write for example 1, or a duration as \"5ms\"\n";
  CHECK(fault_of("\"5\"") + "\n" == expected + "the text \"5\"" + remedy);
  CHECK(has(fault_of("\"far\""), "a duration from"));
  CHECK(has(fault_of("true"), "a duration from"));
  CHECK(has(fault_of("\"2h\""),
            "is out of range; use a number from 1 to 1000 or a duration from \"0s\" to \"1h\""));
  CHECK(has(fault_of("0.5"), "is out of range"));
  CHECK(fault_of("1.5", "stream") == "");
  CHECK(has(fault_of("\"5ms\"", "stream"), "pool.p.zone_cost: is a time, and what streams are weighed by"));
}

TEST_CASE("a seat needs other proxies and late binding, and says what to do without") {
  const auto faults_of = [](const std::string& pool, const std::string& peers) {
    std::string text = with(peers);
    text.replace(text.find("[pool.p]\n"), 9, "[pool.p]\nsharing = \"seat\"\n" + pool);
    const auto read = parse(text, "f");
    std::string all;
    if (const auto* problems = std::get_if<std::vector<Problem>>(&read))
      for (const Problem& problem : *problems) all += to_string(problem, "f") + "\n";
    return all;
  };
  const std::string peers = "name = \"one\"\nredis = \"redis://127.0.0.1:6379\"\n";
  CHECK(faults_of("", peers) == "");
  CHECK(faults_of("", "") ==
        "f:6:11: pool.p.sharing: \"seat\" is for several proxies, and this one knows of no other; give it a "
        "name and redis in [peers], or set sharing = \"rows\"\n");
  CHECK(
      has(faults_of("policy = \"random\"\n", peers), "pool.p.sharing: \"seat\" goes with late binding only"));
}

TEST_CASE("of a name that is none nothing else is told") {
  const std::string told = faults("name = \"proxy 1\"\nredis = \"redis://127.0.0.1:6379\"\n");
  CHECK(has(told, "peers.name"));
  CHECK_FALSE(has(told, "peers.redis"));
}
