// The keys that keep clients within limits: what they may be, and what is said when they are not.
#include <doctest/doctest.h>

#include <string>
#include <variant>
#include <vector>

#include "lb/config/config.h"

namespace {

using namespace finishline::config;
using namespace std::chrono_literals;

/// A good file with further lines in its listener, and in [proxy] and [pool.media]. The first line of
/// `listener` is line 5.
std::variant<Config, std::vector<Problem>> parse_with(const std::string& listener,
                                                      const std::string& proxy = "",
                                                      const std::string& pool = "") {
  return parse(
      "[[listener]]\nname = \"media\"\nbind = \"127.0.0.1:9000\"\npool = \"media\"\n" + listener +
          "\n[[server]]\nname = \"v\"\npool = \"media\"\ntype = \"video\"\naddress = \"127.0.0.1:9001\"\n" +
          "[proxy]\n" + proxy + "\n[pool.media]\n" + pool,
      "f");
}

std::string faults_of(const std::string& listener, const std::string& proxy = "",
                      const std::string& pool = "") {
  const auto result = parse_with(listener, proxy, pool);
  std::string text;
  if (const auto* problems = std::get_if<std::vector<Problem>>(&result))
    for (const Problem& problem : *problems) text += to_string(problem, "f") + '\n';
  return text;
}

}  // namespace

TEST_CASE("networks are read in both families, with and without a prefix") {
  const auto result = parse_with("allow = [\"10.0.0.0/8\", \"::1\"]\ndeny = [\"10.1.2.3\"]");
  const auto& listener = std::get<Config>(result).listeners[0];
  REQUIRE(listener.allow.size() == 2);
  CHECK(listener.allow[0].to_string() == "10.0.0.0/8");
  CHECK(listener.allow[1].to_string() == "::1/128");
  CHECK(listener.deny[0].to_string() == "10.1.2.3/32");
}

TEST_CASE("each network that is none is told at its own place") {
  CHECK(faults_of("allow = [\"10.0.0.0/8\", \"everybody\", 7]") ==
        "f:5:24: listener[1].allow: 'everybody' is no network (as in \"10.0.0.0/8\" or \"::1\"); write for "
        "example "
        "\"10.0.0.0/8\"\n"
        "f:5:37: listener[1].allow: the integer 7 is no network; write for example \"10.0.0.0/8\"\n");
  CHECK(faults_of("deny = \"10.0.0.0/8\"") ==
        "f:5:8: listener[1].deny: expected a list of networks, found the text \"10.0.0.0/8\"; write for "
        "example "
        "[\"10.0.0.0/8\", \"::1\"]\n");
}

TEST_CASE("rates are read, and a number alone is no rate") {
  const auto result = parse_with("connection_rate = \"6000/m\"\nconnection_burst = 5");
  CHECK(std::get<Config>(result).listeners[0].connection_rate.interval() == 10ms);
  CHECK(faults_of("request_rate = 100") ==
        "f:5:16: listener[1].request_rate: expected a rate from \"0/s\" to \"1000000000/s\", found the "
        "integer 100; "
        "write for example \"0/s\" (units: /s, /m, /h)\n");
}

TEST_CASE("a burst without its rate is a mistake") {
  CHECK(
      faults_of("source_request_burst = 5") ==
      "f:5:24: listener[1].source_request_burst: has no meaning without source_request_rate; add for example "
      "source_request_rate = \"100/s\"\n");
}

TEST_CASE("each priority class has its worth, and none less than the one before") {
  const auto result = parse_with("", "", "priorities = [\"0s\", \"1ms\", \"1ms\", \"2s\"]");
  CHECK(std::get<Config>(result).pools[0].priorities == std::vector<finishline::Nanos>{0s, 1ms, 1ms, 2s});
  CHECK(std::get<Config>(parse_with("")).pools[0].priorities ==
        std::vector<finishline::Nanos>{0s, 50ms, 200ms, 1s});
  CHECK(faults_of("", "", "priorities = [\"0s\", \"1s\"]") ==
        "f:14:14: pool.media.priorities: 2 values for 4 classes; write for example [\"0s\", \"50ms\", "
        "\"200ms\", \"1s\"]\n");
  CHECK(
      faults_of("", "", "priorities = [\"0s\", \"2s\", \"1s\", \"3s\"]") ==
      "f:14:14: pool.media.priorities: values from 0s to 1h are expected, each no less than the one before; "
      "write for example [\"0s\", \"50ms\", \"200ms\", \"1s\"]\n");
  CHECK(faults_of("", "", "priorities = [\"0s\", 5, \"soon\", \"3s\"]") ==
        "f:14:21: pool.media.priorities: the integer 5 is no duration; write for example \"50ms\"\n"
        "f:14:24: pool.media.priorities: 'soon' is no duration; write for example \"50ms\"\n");
}

TEST_CASE("weights of clients are read by network, and what would mean nothing is a mistake") {
  const auto result = parse_with("client_weights = { \"10.0.0.0/8\" = 3, \"10.1.0.0/16\" = 1.5 }");
  const auto& weights = std::get<Config>(result).listeners[0].client_weights;
  const auto of = [&](const char* address) {
    return finishline::net::weight_in(
        weights, std::get<finishline::net::Address>(finishline::net::parse_address(address)));
  };
  CHECK(of("10.9.9.9:1") == 3);
  CHECK(of("10.1.9.9:1") == 1.5);
  CHECK(of("192.0.2.1:1") == 1);
  CHECK(faults_of("client_weights = { \"10.0.0.0/8\" = 0.5 }") ==
        "f:5:35: listener[1].client_weights.10.0.0.0/8: the number 0.5 is out of range; use a number from 1 "
        "to 1000\n");
  CHECK(
      faults_of("client_weights = { \"all\" = 2 }") ==
      "f:5:20: listener[1].client_weights.all: 'all' is no network (as in \"10.0.0.0/8\" or \"::1\"); write "
      "for example { \"10.0.0.0/8\" = 3 }\n");
  CHECK(faults_of("client_weights = 3") ==
        "f:5:18: listener[1].client_weights: expected a table of networks and numbers from 1 to 1000, found "
        "the integer 3; write for example { \"10.0.0.0/8\" = 3 }\n");
  CHECK(faults_of("client_weights = { \"::1\" = 2 }", "", "binding = \"early\"") ==
        "f:5:18: listener[1].client_weights: has no meaning where no request waits: pool 'media' binds "
        "early; remove it\n");
  CHECK(faults_of("client_weights = { \"::1\" = 2 }", "", "max_ahead = 0") ==
        "f:5:18: listener[1].client_weights: has no meaning with max_ahead = 0, where clients do not take "
        "turns; remove it\n");
}

TEST_CASE("max_waiting is a number, or auto") {
  const auto limit = [](const std::string& line) {
    return std::get<Config>(parse_with("", "", line)).pools[0].max_waiting;
  };
  CHECK_FALSE(limit(""));
  CHECK_FALSE(limit("max_waiting = \"auto\""));
  CHECK(limit("max_waiting = 7") == 7U);
  CHECK(faults_of("", "", "max_waiting = \"7\"") ==
        "f:14:15: pool.media.max_waiting: expected an integer from 0 to 1000000 or \"auto\", found the text "
        "\"7\"; remove the quotes\n");
  CHECK(
      faults_of("", "", "max_waiting = -1") ==
      "f:14:15: pool.media.max_waiting: the integer -1 is out of range; use an integer from 0 to 1000000 or "
      "\"auto\"\n");
}
