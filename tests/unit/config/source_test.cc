#include "lb/config/source.h"

#include <doctest/doctest.h>

#include "tests/support/temp_dir.h"

using namespace finishline;
using namespace finishline::config;
using finishline::test::TempDir;

namespace {

constexpr const char* kText =
    "[proxy]\nadmin = \"\"\n[[listener]]\nname = \"media\"\nbind = \"localhost:0\"\npool = \"media\"\n"
    "[pool.media]\n[[server]]\nname = \"video-1\"\npool = \"media\"\ntype = \"video\"\n"
    "address = \"localhost:9001\"\n";

}  // namespace

TEST_CASE("a source read by another process comes to the same configuration without looking up a name") {
  const TempDir dir;
  const Reading reading = read_source(dir.write("a.toml", kText));
  REQUIRE(std::holds_alternative<Config>(reading.result));
  const auto copy = source_of(to_bytes(reading.source));
  REQUIRE(copy);
  CHECK(copy->text == kText);
  CHECK(copy->addresses.size() == 2);
  const auto again = parse(*copy);
  REQUIRE(std::holds_alternative<Config>(again));
  CHECK(std::get<Config>(again).servers == std::get<Config>(reading.result).servers);
  CHECK(std::get<Config>(again).listeners == std::get<Config>(reading.result).listeners);
}

TEST_CASE("a name that was not looked up is a mistake, not a question to a name server") {
  const auto result = parse(Source{.file = "f", .text = kText, .addresses = {}});
  REQUIRE(std::holds_alternative<std::vector<Problem>>(result));
  CHECK(std::get<std::vector<Problem>>(result).at(0).message == "'localhost:0' was not looked up");
}

TEST_CASE("bytes that are no source are known") {
  for (const char* const bytes : {"", "file", "file\n", "file\nname\n\n", "file\nname nowhere\n\n"})
    CHECK_FALSE(source_of(bytes));
}

TEST_CASE("a file that cannot be read is a problem of the reading") {
  const Reading reading = read_source("/nonexistent/file.toml");
  REQUIRE(std::holds_alternative<std::vector<Problem>>(reading.result));
  CHECK(std::get<std::vector<Problem>>(reading.result).size() == 1);
}
