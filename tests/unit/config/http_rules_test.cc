// What keys of HTTP ask of each other.
#include "lb/config/http_rules.h"

#include <doctest/doctest.h>

#include <string>

using namespace finishline;
using namespace finishline::config;

namespace {

/// The first mistake in a listener with these lines, "" when there is none.
std::string mistake(const std::string& listener, Config* read = nullptr, const std::string& server = "") {
  const auto parsed = parse("[[listener]]\nname = \"l\"\nbind = \"127.0.0.1:1\"\npool = \"p\"\n" + listener +
                                "\n[pool.p]\n[[server]]\nname = \"s\"\npool = \"p\"\naddress = "
                                "\"127.0.0.1:2\"\ntype = \"video\"\n" +
                                server,
                            "f");
  if (const auto* problems = std::get_if<std::vector<Problem>>(&parsed))
    return problems->front().key + ": " + problems->front().message + "; " + problems->front().remedy;
  if (read != nullptr) *read = std::get<Config>(parsed);
  return "";
}

}  // namespace

TEST_CASE("a listener of HTTP says where lengths stand, and what is retryable") {
  Config config;
  REQUIRE(mistake("mode = \"http\"\nlength_from = \"body\"\nbytes_per_unit = \"1KiB\"\nretryable = false",
                  &config) == "");
  const Listener& listener = config.listeners[0];
  CHECK(listener.mode == Mode::http);
  CHECK(listener.length_from == "body");
  CHECK(listener.bytes_per_unit == 1024);
  CHECK_FALSE(listener.retryable);
  for (const char* good : {"query", "path", "header:X-Length"})
    CHECK(mistake(std::string("mode = \"http\"\nlength_from = \"") + good + '"') == "");
}

TEST_CASE("keys of HTTP that would do nothing are mistakes, and so is a place that is none") {
  CHECK(mistake("length_from = \"path\"") ==
        "listener[1].length_from: is of listeners with mode = \"http\" alone; remove it, or set mode = "
        "\"http\"");
  CHECK(mistake("mode = \"mini\"\nretryable = false").starts_with("listener[1].retryable: is of"));
  CHECK(mistake("mode = \"stream\"\nbytes_per_unit = \"1KiB\"").find("bytes_per_unit: is of") !=
        std::string::npos);
  CHECK(mistake("mode = \"http\"\nbytes_per_unit = \"1KiB\"") ==
        "listener[1].bytes_per_unit: has no meaning where the size of the body is not the length; remove it, "
        "or "
        "set length_from = \"body\"");
  CHECK(mistake("mode = \"http\"\nlength_from = \"cookie\"") ==
        "listener[1].length_from: 'cookie' is no place for a length; write \"query\", \"path\", \"body\" or "
        "for "
        "example \"header:X-Length\"");
  CHECK(mistake("mode = \"http\"\ndescribe = false").starts_with("listener[1].describe: has no meaning"));
}

TEST_CASE("a server of HTTP says where requests are posted, and has as many connections as slots") {
  Config config;
  REQUIRE(mistake("", &config, "protocol = \"http\"\npath = \"/work/{type}?n={length}\"\nslots = 8\n") == "");
  CHECK(config.servers[0].protocol == Mode::http);
  CHECK(config.servers[0].path == "/work/{type}?n={length}");
  CHECK(mistake("", nullptr, "path = \"/x\"\n").starts_with("server[1].path: is of servers with protocol"));
  CHECK(mistake("", nullptr, "protocol = \"http\"\npath = \"x y\"\n")
            .starts_with("server[1].path: expected a path"));
  CHECK(mistake("", nullptr, "protocol = \"http\"\nlinks = 2\n")
            .starts_with("server[1].links: has no meaning"));
}
