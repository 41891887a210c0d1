#include "proto/server_vitals.h"

#include <doctest/doctest.h>

#include <string>

using namespace finishline::proto;

TEST_CASE("what a server says of itself is read as it was written") {
  const ServerVitals vitals{
      .cpu_percent = 12.5, .memory_bytes = 34'567'890, .slots = 4, .backlog_us = 1'500'000};
  CHECK(to_json(vitals) == R"({"cpu_percent":12.5,"memory_bytes":34567890,"slots":4,"backlog_us":1500000})");
  CHECK(parse_vitals(to_json(vitals)) == vitals);
}

TEST_CASE("who understands cancel says so, and nothing but the word true says it") {
  const ServerVitals vitals{.cancel = true};
  CHECK(parse_vitals(to_json(vitals)) == vitals);
  CHECK(parse_vitals(kVitalsOfProxy)->cancel);
  for (const char* body : {"{}", R"({"cancel": false})", R"({"cancel": 1})", R"({"cancel": "true"})"})
    CHECK_FALSE(parse_vitals(body)->cancel);
}

TEST_CASE("names that are missing are 0, and names that nobody knows are ignored") {
  const auto read = parse_vitals(R"({"memory_bytes": 7, "colour": ["red", {"deep": null}]})");
  REQUIRE(read);
  CHECK(*read == ServerVitals{.cpu_percent = 0, .memory_bytes = 7, .slots = 0, .backlog_us = 0});
}

TEST_CASE("a body that makes no sense says nothing") {
  for (const char* body : {"", "{", "[]", "7", R"({"cpu_percent": -1})", R"({"cpu_percent": "12"})",
                           R"({"memory_bytes": 1e300})", R"({"slots": null})", "\xff\xfe"})
    CHECK_FALSE(parse_vitals(body));
  CHECK_FALSE(parse_vitals(R"({"x": ")" + std::string(kMaxVitalsBytes, 'x') + "\"}"));
}
