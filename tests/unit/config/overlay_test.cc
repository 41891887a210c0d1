#include "lb/config/overlay.h"

#include <doctest/doctest.h>

#include "lb/config/change.h"
#include "lb/config/document_text.h"
#include "lb/config/source.h"
#include "tests/support/config_file.h"

using namespace finishline;
using namespace finishline::config;

namespace {

const std::string kSecond =
    "[[server]]\nname = \"video-2\"\npool = \"media\"\ntype = \"video\"\naddress = \"127.0.0.1:9002\"\n";

Config with(const std::string& text, const std::string& overlay) {
  auto result = parse(text, "f.toml", {}, overlay);
  if (const auto* problems = std::get_if<std::vector<Problem>>(&result))
    for (const Problem& problem : *problems) MESSAGE(to_string(problem, "f"));
  REQUIRE(std::holds_alternative<Config>(result));
  return std::get<Config>(std::move(result));
}

std::string names_of(const Config& config) {
  std::string names;
  for (const Server& server : config.servers) names += server.name + ' ';
  return names;
}

bool same(const Config& a, const Config& b) {
  const Change change = change_between(a, b);
  return change.scope == Scope::nothing && change.refusals.empty() && a.max_length == b.max_length;
}

Table video_9() {
  return {{"pool", {}, {"media", {}}}, {"type", {}, {"video", {}}}, {"address", {}, {"127.0.0.1:9009", {}}}};
}

double factor_of(const Config& config, const std::string& server, const std::string& request) {
  const auto type = *config.cost.server_type_named(server);
  for (std::size_t i = 0; i < config.cost.request_types().size(); ++i)
    if (config.cost.request_types()[i].name == request)
      return config.cost.factor(type, static_cast<RequestType>(i)).value_or(0);
  return -1;
}

}  // namespace

TEST_CASE("an overlay without changes is no text, and the file stands as it is") {
  CHECK(Overlay().text().empty());
  CHECK(same(with(kBase, ""), good(kBase)));
}

TEST_CASE("keys of an overlay stand over those of the file, and go when they are taken out again") {
  Overlay overlay;
  overlay.set("server", "video-1", "weight", Node{2.5, {}});
  overlay.set("listener", "media", "max_connections", Node{std::int64_t{7}, {}});
  overlay.set("pool", "media", "max_backlog", Node{"3s", {}});
  overlay.set("alert", "server_down", "enabled", Node{false, {}});
  const Config changed = with(kBase, overlay.text());
  CHECK(changed.servers[0].weight == 2.5);
  CHECK(changed.listeners[0].max_connections == 7);
  CHECK(changed.pools[0].max_backlog == 3s);
  CHECK(changed.alert_rules != good(kBase).alert_rules);
  overlay.set("server", "video-1", "weight", std::nullopt);
  overlay.set("listener", "media", "max_connections", std::nullopt);
  overlay.set("pool", "media", "max_backlog", std::nullopt);
  overlay.set("alert", "server_down", "enabled", std::nullopt);
  CHECK(overlay.empty());
}

TEST_CASE("of what a pool is scaled by, keys stand each for themselves") {
  const std::string scaled =
      kBase + "[pool.media.scale]\nup_over = 60\n[pool.media.scale.video]\ncommand = \"s {port}\"\nmax = 3\n";
  Overlay overlay;
  overlay.set("pool", "media", "scale", Node{Table{{"settle", {}, {"9s", {}}}}, {}});
  const Table video{{"max", {}, {std::int64_t{2}, {}}}};
  overlay.set("pool", "media", "scale", Node{Table{{"video", {}, {video, {}}}}, {}});
  const Config changed = with(scaled, overlay.text());
  CHECK(changed.pools[0].scale.up_over == 60);
  CHECK(changed.pools[0].scale.settle == 9s);
  CHECK(changed.pools[0].scale.servers[0].command == "s {port}");
  CHECK(names_of(changed) == "video-1 media-video-1 media-video-2 ");
  overlay.set("pool", "media", "scale", std::nullopt);
  CHECK(overlay.empty());
}

TEST_CASE("servers that are added and removed leave the scaled ones where they are") {
  const std::string scaled = kBase + kSecond + "[pool.media.scale.video]\ncommand = \"s {port}\"\nmax = 2\n";
  Overlay overlay;
  overlay.add_server("video-9", video_9());
  overlay.remove_server("video-2", /*in_file=*/true);
  CHECK(names_of(with(scaled, overlay.text())) == "video-1 video-9 media-video-1 media-video-2 ");
  overlay.add_server("media-video-1", video_9());
  const auto twice = parse(scaled, "f", {}, overlay.text());
  REQUIRE(std::holds_alternative<std::vector<Problem>>(twice));
  CHECK(to_string(std::get<std::vector<Problem>>(twice).front(), "f").find("media-video-1") !=
        std::string::npos);
}

TEST_CASE("a server is added, changed where it was added, and removed without a trace") {
  Overlay overlay;
  overlay.add_server("video-9", video_9());
  overlay.set("server", "video-9", "slots", Node{std::int64_t{4}, {}});
  const Config changed = with(kBase, overlay.text());
  CHECK(names_of(changed) == "video-1 video-9 ");
  CHECK(changed.servers[1].slots == 4);
  overlay.remove_server("video-9", /*in_file=*/false);
  CHECK(overlay.empty());
}

TEST_CASE("a server of the file is removed, and may come back another one") {
  Overlay overlay;
  overlay.set("server", "video-2", "weight", Node{2.0, {}});
  overlay.remove_server("video-2", /*in_file=*/true);
  CHECK(names_of(with(kBase + kSecond, overlay.text())) == "video-1 ");
  overlay.add_server("video-2", video_9());
  const Config back = with(kBase + kSecond, overlay.text());
  CHECK(names_of(back) == "video-1 video-2 ");
  CHECK(back.servers[1].bind == "127.0.0.1:9009");
  CHECK(back.servers[1].weight == 1);
}

TEST_CASE("what the file does not have any more is not changed, and what it has by now is not added") {
  Overlay overlay;
  overlay.set("server", "video-7", "weight", Node{2.0, {}});
  overlay.set("pool", "gone", "gamma", Node{1.0, {}});
  overlay.remove_server("video-8", /*in_file=*/true);
  overlay.add_server("video-1", video_9());
  Table stray = video_9();
  stray[0].node = {"gone", {}};
  overlay.add_server("video-9", stray);
  CHECK(same(with(kBase, overlay.text()), good(kBase)));
}

TEST_CASE("a factor over the seed matrix leaves the others, and false takes one away") {
  Overlay overlay;
  overlay.set("cost", "video", "music", Node{2.5, {}});
  overlay.set("cost", "music", "video", Node{false, {}});
  const Config changed = with(kBase, overlay.text());
  CHECK(factor_of(changed, "video", "music") == 2.5);
  CHECK(factor_of(changed, "video", "video") == 1);
  CHECK(factor_of(changed, "music", "video") == 0);
  CHECK(factor_of(changed, "music", "music") == 1);
}

TEST_CASE("a mistake in an overlay is told without a place in the file") {
  Overlay overlay;
  overlay.set("server", "video-1", "type", Node{"vidio", {}});
  const auto result = parse(kBase, "f.toml", {}, overlay.text());
  const auto* problems = std::get_if<std::vector<Problem>>(&result);
  REQUIRE(problems != nullptr);
  CHECK(to_string(problems->front(), "f") ==
        "f: server[1].type: unknown server type 'vidio'; did you mean 'video'?");
}

TEST_CASE("an overlay goes along with its source, and an earlier program reads the file alone") {
  const Source source{
      .file = "f", .text = kBase + "# the end", .names = {}, .overlay = "[server.video-1]\nweight = 2.0\n"};
  const std::string bytes = to_bytes(source);
  const auto read = source_of(bytes);
  REQUIRE(read);
  CHECK(read->text == source.text);
  CHECK(read->overlay == source.overlay);
  CHECK(same(good(bytes.substr(bytes.find("\n\n") + 2)), good(kBase)));
}

TEST_CASE("text that is no overlay of ours is refused, with where it stands") {
  for (const char* const text : {"colour = 1\n", "removed = 7\n", "removed = [1]\n", "[colour.x]\ny = 1\n",
                                 "added = 1\n", "[server]\nweight = 2\n", "removed = [\"a"}) {
    CAPTURE(text);
    const auto parsed = Overlay::parse(text);
    REQUIRE(std::holds_alternative<Problem>(parsed));
    CHECK(std::get<Problem>(parsed).line == 1);
  }
}
