#include "lb/config/overruled.h"

#include <doctest/doctest.h>

#include "tests/support/config_file.h"

using namespace finishline;
using namespace finishline::config;

namespace {

Table table_of(const std::string& text) {
  auto parsed = parse_document(text);
  REQUIRE(std::holds_alternative<Table>(parsed));
  return std::get<Table>(parsed);
}

Overlay overlay_of(const std::string& text) {
  auto parsed = Overlay::parse(text);
  REQUIRE(std::holds_alternative<Overlay>(parsed));
  return std::get<Overlay>(parsed);
}

std::string rest_of(const std::string& overlay, const std::string& file) {
  return without_what_is_so(overlay_of(overlay), table_of(file)).text();
}

std::string told(const std::string& overlay, const std::string& file) {
  std::string all;
  for (const Overruled& it : overruled_in(table_of(file), overlay_of(overlay)))
    all += it.part + '/' + it.key + ' ';
  return all;
}

const std::string kFile =
    "[pool.m]\nmax_backlog = \"2s\"\nscale = {video = {max = 4, min = 1}}\n"
    "[[server]]\nname = \"a\"\nweight = 2\n[cost.video]\nvideo = 1.0\n[alert.x]\nabove = 3\n";

}  // namespace

TEST_CASE("a change that the file says by now is none any more") {
  CHECK(rest_of("[server.a]\nweight = 2.0\n", kFile).empty());
  CHECK(rest_of("[pool.m]\nmax_backlog = \"2s\"\nscale = {video = {max = 4}}\n", kFile).empty());
  CHECK(rest_of("[cost.video]\nvideo = 1\nmusic = false\n[alert.x]\nabove = 3\n", kFile).empty());
  CHECK(rest_of("removed = [\"gone\"]\n[added.a]\nweight = 9\n", kFile).empty());
}

TEST_CASE("what the file says otherwise, or not at all, stays a change") {
  for (const std::string text :
       {"[server.a]\nweight = 3\n", "[server.a]\nslots = 2\n", "[server.b]\nweight = 2\n",
        "removed = [\"a\"]\n", "[added.b]\npool = \"m\"\n", "[pool.m]\nmax_backlog = \"3s\"\n",
        "[cost.video]\nvideo = false\n", "[cost.video]\nmusic = 2.0\n", "[server.a]\nweight = \"2\"\n"}) {
    CAPTURE(text);
    CHECK(rest_of(text, kFile) == overlay_of(text).text());
  }
  const std::string scale = rest_of("[pool.m]\nscale = {video = {max = 5, min = 1}}\n", kFile);
  CHECK(scale.find("max = 5") != std::string::npos);
  CHECK(scale.find("min") == std::string::npos);
}

TEST_CASE("what the file says in vain is told by part and key") {
  CHECK(told("removed = [\"a\", \"gone\"]\n", kFile) == "server a/ ");
  CHECK(told("[server.a]\nweight = 3\nslots = 2\n[pool.m]\nscale = {video = {max = 5, min = 1}}\n", kFile) ==
        "server a/weight pool m/scale.video.max ");
  CHECK(told("[server.a]\nweight = 2\n[server.b]\nweight = 2\n", kFile).empty());
}
