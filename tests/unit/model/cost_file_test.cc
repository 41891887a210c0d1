#include "lb/model/cost_file.h"

#include <doctest/doctest.h>

using namespace finishline;
using namespace finishline::model;

namespace {

constexpr std::string_view kExample = R"([proxy]
workers = 2
[work]
unit = "2ms"
types = { video = "V", music = "M" }
[cost.video]
video = 1
music = 2.5
[cost.music]
music = 1
[[server]]
name = "video-1"
type = "video"
speed = 2
slots = 3
)";

std::string problem_in(std::string_view text) {
  auto parsed = parse_cost_file(text, "costs.toml");
  const auto* problem = std::get_if<std::string>(&parsed);
  return problem == nullptr ? "" : *problem;
}
std::string replaced(std::string_view what, std::string_view with) {
  std::string text(kExample);
  return text.replace(text.find(what), what.size(), with);
}

}  // namespace

TEST_CASE("the proxy's configuration tells costs and servers, and its other tables do not matter") {
  const auto file = std::get<CostFile>(parse_cost_file(kExample, "costs.toml"));
  const auto video = *file.cost.server_type_named("video"), music = *file.cost.server_type_named("music");
  const auto song = *file.cost.request_type_of('M'), film = *file.cost.request_type_of('V');
  CHECK(file.cost.unit() == 2ms);
  CHECK(file.cost.factor(video, song) == 2.5);
  CHECK(file.cost.factor(music, song) == 1.0);
  CHECK_FALSE(file.cost.factor(music, film).has_value());
  REQUIRE(file.servers.size() == 1);
  CHECK(file.servers[0].speed == 2.0);
  CHECK(file.servers[0].slots == 3);
}

TEST_CASE("types keep the order of the file") {
  const auto file = std::get<CostFile>(parse_cost_file(kExample, "costs.toml"));
  CHECK(file.cost.request_types()[0].name == "video");
  CHECK(file.cost.server_types()[0] == "video");
}

TEST_CASE("mistakes are told with file and line") {
  CHECK(problem_in("x = [").substr(0, 13) == "costs.toml:1:");
  CHECK(problem_in(replaced("music = 2.5", "radio = 2.5")) ==
        "costs.toml:8: 'radio' is not among [work] types");
  CHECK(problem_in(replaced("music = 2.5", "music = 0")) == "costs.toml:8: a factor is a number above 0");
  CHECK(problem_in(replaced("\"M\" }", "\"V\" }")) == "costs.toml:5: the code 'V' stands twice");
  CHECK_FALSE(problem_in(replaced("\"2ms\"", "\"soon\"")).empty());
  CHECK_FALSE(problem_in(replaced("type = \"video\"", "type = \"radio\"")).empty());
  CHECK_FALSE(problem_in(replaced("slots = 3", "slots = 0")).empty());
  CHECK_FALSE(problem_in("[work]\ntypes = 3\n").empty());
}

TEST_CASE("what the file does not say is what the proxy takes then, and servers of streams have no costs") {
  for (const std::string_view text :
       {"", "[work]\nunit = \"1ms\"\n", "[[server]]\nname = \"redis-1\"\npool = \"redis\"\n"}) {
    CAPTURE(text);
    const auto file = std::get<CostFile>(parse_cost_file(text, "costs.toml"));
    CHECK(file.cost == CostModel::seed(1ms));
    CHECK(file.servers.empty());
  }
  const auto two =
      std::get<CostFile>(parse_cost_file("[work]\ntypes = { music = \"M\", other = \"O\" }\n", "costs.toml"));
  const auto music = *two.cost.server_type_named("music");
  CHECK(two.cost.factor(music, 0) == 1.0);
  CHECK_FALSE(two.cost.factor(music, 1));
}

TEST_CASE("a file that is not there is told") {
  CHECK(std::get<std::string>(read_cost_file("/nonexistent/costs.toml")) ==
        "cannot read '/nonexistent/costs.toml': No such file or directory");
}
