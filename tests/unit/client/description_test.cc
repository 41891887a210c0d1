#include "client/description.h"

#include <doctest/doctest.h>

using namespace finishline;
using namespace finishline::client;

namespace {

// The example of PROTOCOL.md, with a slot and a speed of its own.
constexpr std::string_view kExample = R"({
  "unit_ns": 1000000, "max_length": 1000000, "max_body": 65536, "pool": "media", "policy": "makespan",
  "types": [{"name": "video", "code": "V"}, {"name": "picture", "code": "P"}, {"name": "music", "code": "M"}],
  "server_types": ["video", "music"],
  "cost": [[1, 1, 2], [3, null, 1]],
  "servers": [{"number": 4, "name": "video-1", "type": "video", "speed": 1.5, "slots": 2},
              {"number": 2, "name": "music-1", "type": "music", "speed": 1, "slots": 1, "colour": "blue"}]})";

std::string replaced(std::string_view what, std::string_view with) {
  std::string text(kExample);
  return text.replace(text.find(what), what.size(), with);
}
std::string problem_in(std::string_view json) {
  auto parsed = parse_description(json);
  const auto* problem = std::get_if<std::string>(&parsed);
  return problem == nullptr ? "" : *problem;
}

}  // namespace

TEST_CASE("a description gives costs, servers and limits") {
  const auto description = std::get<Description>(parse_description(kExample));
  CHECK(description.cost.unit() == 1ms);
  CHECK(description.cost.request_type_of('M') == RequestType{2});
  CHECK(description.cost.factor(1, 0) == 3.0);
  CHECK_FALSE(description.cost.factor(1, 1).has_value());
  REQUIRE(description.servers.size() == 2);
  CHECK(description.servers[0].number == 4);
  CHECK(description.servers[0].speed == 1.5);
  CHECK(description.servers[0].slots == 2);
  CHECK(description.servers[1].type == ServerType{1});
  CHECK(description.pool == "media");
  CHECK(description.policy == "makespan");
  CHECK(description.max_length == 1000000);
  CHECK(description.max_body == 65536);
}

TEST_CASE("limits that are not told are the protocol's") {
  const auto description =
      std::get<Description>(parse_description(replaced(R"("max_length": 1000000, "max_body": 65536,)", "")));
  CHECK(description.max_length == 4294967295U);
  CHECK(description.max_body == proto::kDefaultMaxBody);
}

TEST_CASE("a description that cannot be is refused, not believed") {
  CHECK(problem_in("") == "the description is no JSON object");
  CHECK(problem_in("[]") == "the description is no JSON object");
  CHECK(problem_in("{}") == "'unit_ns' is no number above 0");
  CHECK(problem_in(kExample.substr(0, 200)) == "the description is no JSON object");
  CHECK_FALSE(problem_in(replaced("1000000,", "-1,")).empty());
  CHECK_FALSE(problem_in(replaced(R"("code": "P")", R"("code": "V")")).empty());
  CHECK_FALSE(problem_in(replaced(R"("code": "P")", R"("code": "PP")")).empty());
  CHECK_FALSE(problem_in(replaced(R"(["video", "music"])", R"(["video", "video"])")).empty());
  CHECK_FALSE(problem_in(replaced("[[1, 1, 2], [3, null, 1]]", "[[1, 1, 2]]")).empty());
  CHECK_FALSE(problem_in(replaced("[1, 1, 2]", "[1, 1]")).empty());
  CHECK_FALSE(problem_in(replaced("[1, 1, 2]", "[1, 0, 2]")).empty());
  CHECK_FALSE(problem_in(replaced(R"("type": "music")", R"("type": "radio")")).empty());
}
