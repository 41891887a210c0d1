#include "lb/cli/quick_config.h"

#include <doctest/doctest.h>

#include "lb/config/config.h"

using namespace finishline;
using namespace finishline::cli;

namespace {

config::Config parsed(const QuickConfig& quick) {
  REQUIRE(quick.problem == "");
  const auto result = config::parse(quick.text, "quick.toml");
  if (const auto* problems = std::get_if<std::vector<config::Problem>>(&result))
    FAIL(config::to_string(problems->front(), "quick.toml"), "\n", quick.text);
  return std::get<config::Config>(result);
}

}  // namespace

TEST_CASE("servers of the known types are configured by two flags") {
  const auto config = parsed(
      quick_config("127.0.0.1:9000", {"video=127.0.0.1:9001", "music=127.0.0.1:9002", "music=[::1]:9003"}));
  REQUIRE(config.servers.size() == 3);
  CHECK(config.servers[0].name == "video-1");
  CHECK(config.servers[2].name == "music-2");
  CHECK(config.pools[0].name == "media");  // as on the pages of the manual
  CHECK(config.cost.request_types().size() == 3);
}

TEST_CASE("types of one's own get letters and costs to begin with") {
  const auto config =
      parsed(quick_config("127.0.0.1:9000", {"read=127.0.0.1:9001", "rewrite=127.0.0.1:9002"}));
  CHECK(config.cost.request_types().size() == 2);
  CHECK(config.cost.request_type_of('R').has_value());
  CHECK(config.cost.request_type_of('E').has_value());
}

TEST_CASE("addresses without a type are servers of streams") {
  const auto config = parsed(quick_config("127.0.0.1:8080", {"127.0.0.1:80", "127.0.0.1:81"}));
  REQUIRE(config.pools.size() == 1);
  CHECK(config.pools[0].streams);
  CHECK(config.servers[1].name == "server-2");
}

TEST_CASE("what cannot be meant is refused with the remedy") {
  const auto problem = [](const std::vector<std::string>& to) {
    return quick_config("127.0.0.1:9000", to).problem;
  };
  CHECK(problem({}).find("names no server") != std::string::npos);
  CHECK(problem({"video=127.0.0.1:1", "127.0.0.1:2"}).find("give all a type, or none") != std::string::npos);
  CHECK(problem({"Vi deo=127.0.0.1:1"}).find("lower-case") != std::string::npos);
  CHECK(problem({"video=127.0.0.1:1\"\n[proxy]"}).find("HOST:PORT") != std::string::npos);
  CHECK(problem({"a=127.0.0.1:1", "aa=127.0.0.1:2"}).find("name it otherwise") != std::string::npos);
}
