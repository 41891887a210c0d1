#include "lb/cli/peers_command.h"

#include <doctest/doctest.h>

using namespace finishline::cli;

TEST_CASE("who shares with nobody is told how to, and who has lost redis by what requests go") {
  CHECK(peers_table(R"({"engine":{"state":"off","reason":""},"sharing":"alone","nodes":[]})")
            .starts_with("this proxy shares with nobody"));
  const auto lost = peers_table(
      R"({"engine":{"state":"lost","reason":"no","for_ms":2000.0,"lag_ms":0.3},"sharing":"lost","sharers":2,"nodes":[]})");
  CHECK(lost.find("redis is lost for 2.000 s: no\n") != std::string::npos);
  CHECK(lost.find("by this proxy's own books") != std::string::npos);
}

TEST_CASE("a row per proxy, and what is no such page is none") {
  const auto table = peers_table(
      R"({"engine":{"state":"connected","reason":"","for_ms":1000.0,"lag_ms":0.3},"sharing":"rows","sharers":2,)"
      R"("nodes":[{"name":"b","state":"here","age_ms":1.5,"in_flight":3,"owed_ms":14.0,"waiting":2,"gaps":1,"silences":0}]})");
  CHECK(table.find("requests go by the books of 2 proxies") != std::string::npos);
  CHECK(table.find("\nb                     here ") != std::string::npos);
  CHECK(peers_table("hello") == "");
  CHECK(peers_table("{}") == "");
}

TEST_CASE("who decides in a pool is named, and that nobody does") {
  const auto table = peers_table(
      R"({"engine":{"state":"connected","reason":"","for_ms":1000.0,"lag_ms":0.3},"sharing":"rows","sharers":2,)"
      R"("nodes":[],"seats":[{"pool":"a","holder":"b","own":false,"for_ms":2000.0,"moves":1},)"
      R"({"pool":"c","holder":"me","own":true,"for_ms":1.0,"moves":1},)"
      R"({"pool":"d","holder":null,"own":false,"for_ms":null,"moves":0}]})");
  CHECK(table.find("pool a: b has decided for all of them for 2.000 s\n") != std::string::npos);
  CHECK(table.find("pool c: this proxy has decided") != std::string::npos);
  CHECK(table.find("pool d: nobody is in the seat") != std::string::npos);
}
