#include "proto/nearest.h"

#include <doctest/doctest.h>

#include <array>
#include <string>

using finishline::edit_distance;
using finishline::nearest;

TEST_CASE("edit distance counts insertions, deletions, replacements and swaps of neighbours") {
  CHECK(edit_distance("", "") == 0);
  CHECK(edit_distance("", "abc") == 3);
  CHECK(edit_distance("address", "adress") == 1);
  CHECK(edit_distance("pool", "pol") == 1);
  CHECK(edit_distance("listener", "lisetner") == 1);
  CHECK(edit_distance("kitten", "sitting") == 3);
  CHECK(edit_distance("ca", "abc") == 3);  // a swapped pair is not edited again
}

TEST_CASE("the nearest word is the closest one, the first among equals") {
  constexpr std::array<std::string_view, 4> words = {"pool", "type", "slots", "spots"};
  CHECK(nearest("pol", words) == "pool");
  CHECK(nearest("sots", words) == "slots");
  CHECK(nearest("spot", words) == "spots");
}

TEST_CASE("a word that is far from all has no nearest one") {
  constexpr std::array<std::string_view, 2> words = {"pool", "type"};
  CHECK(nearest("weight", words) == "");
  CHECK(nearest("", words) == "");
  CHECK(nearest(std::string(100000, 'p'), words) == "");
  CHECK(nearest("pool", {}) == "");
}
