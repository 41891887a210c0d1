#include "lb/config/source.h"

#include <doctest/doctest.h>

#include "tests/support/temp_dir.h"

using namespace finishline;
using namespace finishline::config;
using finishline::test::TempDir;

namespace {

const std::string kText =
    "[proxy]\nadmin = \"\"\n[[listener]]\nname = \"media\"\nbind = \"here:0\"\npool = \"media\"\n"
    "[pool.media]\n[[server]]\nname = \"video-1\"\npool = \"media\"\ntype = \"video\"\n"
    "address = \"web:9001\"\n";

std::vector<net::Address> hosts(const std::vector<const char*>& texts) {
  std::vector<net::Address> all;
  for (const char* text : texts) all.push_back(std::get<net::Address>(net::parse_host(text)));
  return all;
}

const Name kHere{Use::bind, "here"};
const Name kWeb{Use::connect, "web"};

NameTable both(const Addresses& here, const Addresses& web) { return {{kHere, here}, {kWeb, web}}; }

Source source_with(const std::string& text, const NameTable& names) {
  return {.file = "f", .text = text, .names = names};
}

Config good(const Source& source) {
  auto parsed = parse(source);
  if (auto* problems = std::get_if<std::vector<Problem>>(&parsed))
    for (const Problem& problem : *problems) MESSAGE(to_string(problem, "f"));
  REQUIRE(std::holds_alternative<Config>(parsed));
  return std::get<Config>(std::move(parsed));
}

std::string first_fault(const Source& source) {
  const auto parsed = parse(source);
  const auto* problems = std::get_if<std::vector<Problem>>(&parsed);
  return problems == nullptr ? "" : to_string(problems->front(), "f");
}

std::string servers_of(const Config& config) {
  std::string all;
  for (const Server& server : config.servers)
    all += server.name + ' ' + server.address.to_string() + ' ' + server.check_address.to_string() + ';';
  return all;
}

}  // namespace

TEST_CASE("a source read by another process comes to the same configuration without looking up a name") {
  const TempDir dir;
  const NameTable names = both(hosts({"127.0.0.1", "::1"}), hosts({"fe80::1%lo", "10.0.0.1"}));
  const Reading reading = read_source(dir.write("a.toml", kText), [&](const std::set<Name>& wanted) {
    CHECK(wanted == std::set<Name>{kHere, kWeb});
    return names;
  });
  REQUIRE(reading.judged.problems.empty());
  const auto copy = source_of(to_bytes(reading.source));
  REQUIRE(copy);
  CHECK(copy->text == kText);
  CHECK(copy->names == names);
  const Config again = good(*copy);
  CHECK(again.servers == reading.judged.config.servers);
  CHECK(again.servers[0].address.to_string() == "[fe80::1%lo]:9001");
  CHECK(again.listeners == reading.judged.config.listeners);
}

TEST_CASE("a name of the proxy's own that cannot be resolved is a mistake with its place") {
  const std::string fault =
      first_fault(source_with(kText, both("cannot resolve 'here': gone", hosts({"10.0.0.1"}))));
  CHECK(fault == "f:5:8: listener[1].bind: cannot resolve 'here': gone; write an address, or mend the name");
}

TEST_CASE("a server whose name cannot be resolved is one without an address, and says why") {
  const Source source = source_with(kText, both(hosts({"127.0.0.1"}), "cannot resolve 'web': gone"));
  const auto copy = source_of(to_bytes(source));
  REQUIRE(copy);
  const Config config = good(*copy);
  CHECK_FALSE(config.servers[0].address);
  CHECK(config.servers[0].unresolved == "cannot resolve 'web': gone");
}

TEST_CASE("the same of the name that its check has") {
  const std::string text = kText + "check_address = \"side:80\"\n";
  NameTable names = both(hosts({"127.0.0.1"}), hosts({"10.0.0.1"}));
  names[{Use::connect, "side"}] = "cannot resolve 'side': gone";
  const Config config = good(source_with(text, names));
  CHECK(config.servers[0].address.to_string() == "10.0.0.1:9001");
  CHECK_FALSE(config.servers[0].check_address);
  CHECK(config.servers[0].unresolved == "cannot resolve 'side': gone");
}

TEST_CASE("resolve all: each address is a server of its own, named by it, and checked there") {
  const std::string text = kText + "resolve = \"all\"\ncheck_address = \"web:80\"\n";
  const auto with = [&](const std::vector<const char*>& web) {
    return servers_of(good(source_with(text, both(hosts({"127.0.0.1"}), hosts(web)))));
  };
  CHECK(with({"10.0.0.1", "fd00::1"}) ==
        "video-1@10.0.0.1 10.0.0.1:9001 10.0.0.1:80;video-1@fd00::1 [fd00::1]:9001 [fd00::1]:80;");
  CHECK(with({"fd00::1"}) == "video-1@fd00::1 [fd00::1]:9001 [fd00::1]:80;");  // who stays keeps its name
  const Config none = good(source_with(text, both(hosts({"127.0.0.1"}), "gone")));
  CHECK(servers_of(none) == "video-1  ;");
}

TEST_CASE("resolve all: of a server with sources only what they can reach") {
  const std::string text = kText + "resolve = \"all\"\nsource = [\"10.0.0.9\"]\n";
  const Config config = good(source_with(text, both(hosts({"127.0.0.1"}), hosts({"fd00::1", "10.0.0.1"}))));
  CHECK(servers_of(config) == "video-1@10.0.0.1 10.0.0.1:9001 10.0.0.1:9001;");
  const Config none = good(source_with(text, both(hosts({"127.0.0.1"}), hosts({"fd00::1"}))));
  CHECK(none.servers[0].unresolved == "'web' has no address of the family of its source");
}

TEST_CASE("resolve all: more addresses than there is room for servers are a mistake at the server") {
  const std::string text = "[proxy]\nadmin = \"\"\nmax_servers = 2\n" +
                           kText.substr(kText.find("[[listener]]")) + "resolve = \"all\"\n";
  const std::string fault =
      first_fault(source_with(text, both(hosts({"127.0.0.1"}), hosts({"10.0.0.1", "10.0.0.2", "10.0.0.3"}))));
  CHECK(
      fault.find(
          "server[1].address: with its 3 addresses there are 3 servers, more than proxy.max_servers = 2; ") !=
      std::string::npos);
}

TEST_CASE(
    "what is known of names is kept: binds in any case, servers' where a look-up fails, and the order of "
    "those that stay") {
  const Source before =
      source_with(kText, both(hosts({"127.0.0.1"}), hosts({"10.0.0.1", "10.0.0.2", "10.0.0.3"})));
  const auto kept = [&](const Addresses& here, const Addresses& web) {
    Source fresh = source_with(kText, both(here, web));
    keep_known(fresh, before);
    return fresh.names;
  };
  CHECK(kept(hosts({"127.0.0.9"}), "gone") == before.names);
  CHECK(kept("gone", hosts({"10.0.0.4", "10.0.0.3", "10.0.0.1"})) ==
        both(hosts({"127.0.0.1"}), hosts({"10.0.0.1", "10.0.0.3", "10.0.0.4"})));
  Source first = source_with(kText, both("gone", "gone"));
  keep_known(first, source_with(kText, both("gone", "away")));
  CHECK(first.names == both("gone", "gone"));
}

TEST_CASE("names are the same when their addresses are, whatever the reasons for having none") {
  const Addresses one = hosts({"10.0.0.1"});
  CHECK(same_addresses(both(one, "gone"), both(one, "no answer in time")));
  CHECK_FALSE(same_addresses(both(one, "gone"), both(one, one)));
  CHECK_FALSE(same_addresses(both(one, one), both(one, hosts({"10.0.0.2"}))));
  CHECK_FALSE(same_addresses(both(one, one), {{kHere, one}}));
}

TEST_CASE("a name that was not looked up is a mistake, not a question to a name server") {
  CHECK(first_fault(source_with(kText, {})).find("'here' was not looked up") != std::string::npos);
}

TEST_CASE("bytes that are no source are known") {
  for (const char* const bytes : {"", "file", "file\n", "file\nname\n\n", "file\nconnect name nowhere\n\n",
                                  "file\nconnect name \n\n", "file\nbake name 10.0.0.1\n\n"})
    CHECK_FALSE(source_of(bytes));
}

TEST_CASE("a file that cannot be read is a problem of the reading") {
  const Reading reading = read_source("/nonexistent/file.toml", [](const auto&) { return NameTable(); });
  CHECK(reading.judged.problems.size() == 1);
}
