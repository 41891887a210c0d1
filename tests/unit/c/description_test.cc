#include "proto/c/description.h"

#include <doctest/doctest.h>

#include <string>

using namespace finishline::clib;

namespace {

const std::string kDescription =
    R"({"unit_ns": 1000000, "types": [{"name": "video", "code": "V"}, {"name": "picture", "code": "P"}],
        "server_types": ["video"], "cost": [[1, null]], "servers": [{"number": 0, "name": "music", "code": "X"}]})";

}  // namespace

TEST_CASE("c: a type is found by its name") {
  CHECK(type_in(kDescription, "video") == 'V');
  CHECK(type_in(kDescription, "picture") == 'P');
  CHECK(type_in(kDescription, "music") == 0);
  CHECK(type_in(kDescription, "") == 0);
}

TEST_CASE("c: members that nobody knows are stepped over, whatever is in them") {
  CHECK(type_in(R"({"a": {"types": [{"name": "x", "code": "A"}]}, "b": "]}\"{", "c": [[], {}, -1.5e3, true],
                   "types": [7, {"code": "B", "more": [{}], "name": "x"}]})",
                "x") == 'B');
}

TEST_CASE("c: what is no description names no type, wherever it is cut") {
  for (std::size_t length = 0; length < kDescription.size(); ++length)
    CHECK(type_in(std::string_view(kDescription).substr(0, length), "music") == 0);
  CHECK(type_in("[1, 2]", "x") == 0);
  CHECK(type_in(R"({"types": [{"name": "x", "code": "too long"}]})", "x") == 0);
  CHECK(type_in(std::string(100'000, '['), "x") == 0);
  CHECK(type_in("{\"types\": " + std::string(100'000, '['), "x") == 0);
}

TEST_CASE("c: who says true of cancel understands it, and nobody else") {
  CHECK(says_cancel(R"({"cancel": true})"));
  CHECK(says_cancel(R"({"slots": 4, "deep": {"cancel": false}, "cancel":true, "x": [1]})"));
  for (const char* vitals :
       {"", "{}", "[]", "true", R"({"cancel": false})", R"({"cancel": 1})", R"({"cancel": "true"})",
        R"({"deep": {"cancel": true}})", R"({"cancel": tree})"}) {
    CAPTURE(vitals);
    CHECK_FALSE(says_cancel(vitals));
  }
}
