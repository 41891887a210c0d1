#include "lb/config/room.h"

#include <doctest/doctest.h>

#include <set>

using namespace finishline;
using namespace finishline::config;

namespace {

const std::string kHead =
    "[proxy]\nadmin = \"\"\n[[listener]]\nname = \"any\"\nbind = \"127.0.0.1:9000\"\nmode = \"stream\"\npool "
    "= \"any\"\n[pool.any]\n";

std::string server(const std::string& name, const std::string& keys = "resolve = \"all\"\n") {
  return "[[server]]\nname = \"" + name + "\"\npool = \"any\"\naddress = \"" + name + ":80\"\n" + keys;
}

std::vector<net::Address> hosts(const std::vector<std::string>& texts) {
  std::vector<net::Address> all;
  for (const std::string& text : texts) all.push_back(std::get<net::Address>(net::parse_host(text)));
  return all;
}

Source source_of(const std::string& servers, const std::map<std::string, std::vector<std::string>>& names) {
  Source source{.file = "f", .text = kHead + servers, .names = {}};
  for (const auto& [name, texts] : names) source.names[{Use::connect, name}] = hosts(texts);
  return source;
}

/// So much is spare beside those that have a place.
Room room(std::size_t spare, const std::set<std::string>& placed = {}) {
  return {.spare = spare, .has = [placed](const std::string& name) { return placed.contains(name); }};
}

std::string addresses_of(const Source& source, const std::string& name) {
  std::string all;
  for (const net::Address& host : std::get<std::vector<net::Address>>(source.names.at({Use::connect, name})))
    all += (all.empty() ? "" : " ") + host.host_text();
  return all;
}

}  // namespace

TEST_CASE("where all servers have room nothing is left out") {
  Source source = source_of(server("web"), {{"web", {"10.0.0.1", "10.0.0.2"}}});
  CHECK(fit(source, {}, room(2)).empty());
  CHECK(fit(source, {}, room(0, {"web@10.0.0.1", "web@10.0.0.2"})).empty());
  CHECK(addresses_of(source, "web") == "10.0.0.1 10.0.0.2");
}

TEST_CASE(
    "a name that grows beyond the room keeps what it has and takes what fits, in the order of the look-up") {
  Source source =
      source_of(server("web"), {{"web", {"10.0.0.1", "10.0.0.2", "10.0.0.3", "10.0.0.4", "10.0.0.5"}}});
  CHECK(fit(source, {}, room(2, {"web@10.0.0.1"})) == LeftOut{{"web", 2}});
  CHECK(addresses_of(source, "web") == "10.0.0.1 10.0.0.2 10.0.0.3");
}

TEST_CASE("no name takes the room of the first address of another, nor that of servers with one address") {
  Source source = source_of(server("big") + server("moved") + server("one", ""),
                            {{"big", {"10.0.0.1", "10.0.0.2", "10.0.0.3"}},
                             {"moved", {"10.0.1.1"}},
                             {"one", {"10.0.2.1", "10.0.2.2"}}});
  CHECK(fit(source, {}, room(3)) == LeftOut{{"big", 2}});
  CHECK(addresses_of(source, "big") == "10.0.0.1");
  CHECK(addresses_of(source, "moved") == "10.0.1.1");
  CHECK(addresses_of(source, "one") == "10.0.2.1 10.0.2.2");
}

TEST_CASE(
    "a name that moves as a whole where there is no room keeps one address until the others have left") {
  const Source before = source_of(server("web"), {{"web", {"10.0.0.1", "10.0.0.2"}}});
  Source source = source_of(server("web"), {{"web", {"10.0.0.3", "10.0.0.4"}}});
  CHECK(fit(source, before, room(0, {"web@10.0.0.1", "web@10.0.0.2"})) == LeftOut{{"web", 2}});
  CHECK(addresses_of(source, "web") == "10.0.0.1");
}

TEST_CASE("addresses that are no servers take no room") {
  Source source = source_of(server("web", "resolve = \"all\"\nsource = [\"10.9.9.9\"]\n"),
                            {{"web", {"fd00::1", "10.0.0.1"}}});
  CHECK(fit(source, {}, room(1)).empty());
}

TEST_CASE("a file that is wrong is left as it is") {
  Source source = source_of(server("web") + "[[server]]\n", {{"web", {"10.0.0.1", "10.0.0.2"}}});
  CHECK(fit(source, {}, room(1)).empty());
}
