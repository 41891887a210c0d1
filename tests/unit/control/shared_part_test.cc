#include "lb/control/shared_part.h"

#include <doctest/doctest.h>

#include <string>
#include <variant>

using namespace finishline;
using namespace finishline::control;

namespace {

config::Overlay overlay(const std::string& text) {
  return std::get<config::Overlay>(config::Overlay::parse(text));
}

constexpr const char* kChanges =
    "removed = [\"video-3\"]\n"
    "[added.video-9]\ntype = \"video\"\npool = \"media\"\naddress = \"127.0.0.1:9\"\n"
    "[server.video-1]\nweight = 2.0\n"
    "[pool.media]\nmax_backlog = \"2s\"\n"
    "[cost.video]\nmusic = 2.5\nnews = false\n";

}  // namespace

TEST_CASE("changes of servers and costs are parts, those of pools are this proxy's own") {
  const auto parts = shared_parts(overlay(kChanges));
  CHECK(parts.size() == 4);
  CHECK(parts.at("change server video-9") ==
        R"({"added":{"address":"127.0.0.1:9","pool":"media","type":"video"}})");
  CHECK(parts.at("change server video-1") == R"({"changed":{"weight":2.0}})");
  CHECK(parts.at("change server video-3") == R"({"removed":true})");
  CHECK(parts.at("change cost video") == R"({"music":2.5,"news":false})");
}

TEST_CASE("an overlay of the same parts has the same parts, and keeps what is its own") {
  config::Overlay other =
      overlay("removed = [\"x\"]\n[pool.media]\nmax_backlog = \"9s\"\n[server.y]\nspeed = 3\n");
  for (const auto& [name, text] : shared_parts(overlay(kChanges))) put_part(other, name, text);
  for (const char* const name : {"change server x", "change server y"}) put_part(other, name, kAsInFile);
  CHECK(shared_parts(other) == shared_parts(overlay(kChanges)));
  CHECK(other.text().find("max_backlog = \"9s\"") != std::string::npos);
  for (const auto& [name, text] : shared_parts(other)) put_part(other, name, kAsInFile);
  CHECK(other.text() == "[pool.media]\nmax_backlog = \"9s\"\n");
}

TEST_CASE("equal parts are equal texts, and what is none is known") {
  CHECK(same_part("change server a", R"({ "changed": {"weight": 2, "speed": 1.50} })") ==
        R"({"changed":{"speed":1.5,"weight":2}})");
  CHECK(same_part("change cost video", R"({"music":2.5,"news":false})"));
  CHECK(same_part("change server a", "{}") == "{}");
  for (const char* const text : {"", "1", "[]", R"({"removed":false})", R"({"added":{}})", R"({"else":{}})",
                                 R"({"added":{"pool":null}})"})
    CHECK_FALSE(same_part("change server a", text));
  CHECK_FALSE(same_part("change cost video", R"({"music":"2"})"));
  CHECK_FALSE(same_part("change pool media", "{}"));
  CHECK_FALSE(same_part("change server ", "{}"));
  CHECK_FALSE(same_part("server a", "{}"));
}

TEST_CASE("what does nothing where it is in force has a reason") {
  const auto document = std::get<config::Table>(
      config::parse_document("[pool.media]\n[[server]]\nname = \"a\"\npool = \"media\"\n"));
  CHECK(idle_reason(document, "change server b", R"({"added":{"pool":"other"}})") ==
        "there is no pool 'other'");
  CHECK(idle_reason(document, "change server b", R"({"changed":{"weight":2}})") == "there is no server 'b'");
  CHECK(idle_reason(document, "change server a", R"({"changed":{"weight":2}})") == "");
  CHECK(idle_reason(document, "change server b", R"({"removed":true})") == "");
  CHECK(idle_reason(document, "change cost c", R"({"music":2})") == "");
}
