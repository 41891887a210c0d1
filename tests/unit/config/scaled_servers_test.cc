#include "lb/config/scaled_servers.h"

#include <doctest/doctest.h>

namespace finishline::config {
namespace {

Config good(const std::string& pool) {
  auto parsed =
      parse("[[listener]]\nname = \"media\"\nbind = \"127.0.0.1:9000\"\npool = \"media\"\n" + pool, "f");
  if (const auto* problems = std::get_if<std::vector<Problem>>(&parsed))
    for (const Problem& problem : *problems) MESSAGE(to_string(problem, "f"));
  REQUIRE(std::holds_alternative<Config>(parsed));
  return std::get<Config>(std::move(parsed));
}

std::string first_problem(const std::string& pool) {
  auto parsed =
      parse("[[listener]]\nname = \"media\"\nbind = \"127.0.0.1:9000\"\npool = \"media\"\n" + pool, "f");
  const auto* problems = std::get_if<std::vector<Problem>>(&parsed);
  return problems == nullptr ? "" : to_string(problems->front(), "f");
}

const std::string kVideo = "[pool.media.scale.video]\ncommand = \"server {type} {port}\"\n";

}  // namespace

TEST_CASE("each server that may be started is a server of the configuration, without a port of its own") {
  const Config config = good(kVideo + "max = 3\nslots = 2\n");
  REQUIRE(config.servers.size() == 3);
  CHECK(config.servers[0].name == "media-video-1");
  CHECK(config.servers[2].name == "media-video-3");
  CHECK(config.servers[2].pool == "media");
  CHECK(config.servers[2].slots == 2);
  CHECK(config.servers[2].scaled);
  CHECK(config.servers[2].address.to_string() == "127.0.0.1:0");
  CHECK(config.servers[2].type_index == *config.cost.server_type_named("video"));
  CHECK(config.pools[0].scale.servers[0].max == 3);
}

TEST_CASE("they stand behind those that the file has") {
  const Config config =
      good("[[server]]\nname = \"one\"\npool = \"media\"\ntype = \"music\"\naddress = \"127.0.0.1:9001\"\n" +
           kVideo + "max = 1\n");
  REQUIRE(config.servers.size() == 2);
  CHECK(config.servers[0].name == "one");
  CHECK(!config.servers[0].scaled);
}

TEST_CASE("the section that a place is of is found by its name") {
  const auto parsed =
      parse_document(kVideo + "max = 12\n[pool.media-video.scale.music]\nmax = 3\n[pool.plain]\n");
  const auto& document = std::get<Table>(parsed);
  CHECK(section_of_place(document, "media-video-1") == "pool.media.scale.video");
  CHECK(section_of_place(document, "media-video-12") == "pool.media.scale.video");
  CHECK(section_of_place(document, "media-video-music-3") == "pool.media-video.scale.music");
  for (const char* const other :
       {"media-video-13", "media-video-0", "media-video-", "media-video-1x", "plain", "media-music-1", ""})
    CHECK(section_of_place(document, other) == "");
  CHECK(scaled_types(document, "media") == std::vector<std::string>{"video"});
  CHECK(scaled_types(document, "plain").empty());
  CHECK(scaled_types(document, "nobody").empty());
}

TEST_CASE("what keeps servers from being started is told where it stands") {
  CHECK(first_problem("[pool.media.scale.vidoe]\ncommand = \"x {port}\"\nmax = 1\n") ==
        "f:5:1: pool.media.scale.vidoe: unknown server type 'vidoe'; did you mean 'video'?");
  CHECK(first_problem("[pool.media.scale.video]\ncommand = \"server\"\nmax = 1\n")
            .starts_with("f:6:11: pool.media.scale.video.command: it says neither {address} nor {port}"));
  CHECK(first_problem(kVideo + "max = 1\nmin = 2\n")
            .starts_with("f:8:7: pool.media.scale.video.min: min = 2 is more than max = 1"));
  CHECK(first_problem(kVideo + "max = 3\nports = \"9000..9001\"\n")
            .starts_with("f:8:9: pool.media.scale.video.ports: the 2 ports are too few for max = 3"));
  CHECK(first_problem("[pool.media.scale.video]\ncommand = \"a 'b {port}\"\nmax = 1\n")
            .find("a quote is not closed") != std::string::npos);
  CHECK(first_problem("[pool.media.scale]\nbye = 1\n" + kVideo + "max = 1\n")
            .starts_with("f:6:1: pool.media.scale.bye: unknown key; did you mean 'by'?"));
  CHECK(first_problem(kVideo + "max = 1\nmaxx = 1\n")
            .starts_with("f:8:1: pool.media.scale.video.maxx: unknown key; did you mean 'max'?"));
  CHECK(first_problem("[pool.media.scale.video]\nmax = 1\n").find("nothing is said that could start") !=
        std::string::npos);
}

TEST_CASE("a command is words, and quotes keep spaces in one") {
  const auto words = words_of("run  --name 'a b' \"c\"d");
  REQUIRE(std::holds_alternative<std::vector<std::string>>(words));
  CHECK(std::get<std::vector<std::string>>(words) == std::vector<std::string>{"run", "--name", "a b", "cd"});
  CHECK(std::holds_alternative<std::string>(words_of("  ")));
}

TEST_CASE("a range of ports has two ends, the first below the last") {
  CHECK(ports_in("20000..20009") == std::pair<std::uint16_t, std::uint16_t>{20000, 20009});
  for (const char* text : {"", "20000", "2..1", "0..5", "1..70000", "a..b", "1..2x"}) {
    CAPTURE(text);
    CHECK(!ports_in(text));
  }
}

TEST_CASE("the threshold is that of what is weighed, unless the file has another one") {
  CHECK(scale_options({.by = sched::ScaleBy::work}).up_over == doctest::Approx(0.7));
  CHECK(scale_options({.by = sched::ScaleBy::load}).up_over == doctest::Approx(0.8));
  CHECK(scale_options({.by = sched::ScaleBy::connections}).up_over == doctest::Approx(0.5));
  CHECK(scale_options({.by = sched::ScaleBy::load, .up_over = 60}).up_over == doctest::Approx(0.6));
}

}  // namespace finishline::config
