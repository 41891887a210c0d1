#include "proto/slot_map.h"

#include <doctest/doctest.h>

#include <memory>
#include <set>
#include <vector>

using namespace finishline;

TEST_CASE("a value is found by its key until it is taken") {
  SlotMap<int> map;
  const SlotKey one = map.add(1), two = map.add(2);
  CHECK(*map.find(one) == 1);
  CHECK(map.take(one) == 1);
  CHECK(map.find(one) == nullptr);
  CHECK(*map.find(two) == 2);
  CHECK(map.size() == 1);
}

TEST_CASE("a slot that is used again has another key") {
  SlotMap<int> map;
  std::set<std::uint64_t> seen;
  for (int i = 0; i < 1000; ++i) {
    const SlotKey key = map.add(i);
    CHECK(seen.insert(key.packed()).second);
    CHECK(*map.find(SlotKey::unpacked(key.packed())) == i);
    map.take(key);
    CHECK(map.find(key) == nullptr);
  }
}

TEST_CASE("keys that were never given find nothing, in slots that are used and in those that are free") {
  SlotMap<int> map;
  CHECK(map.find({}) == nullptr);
  const SlotKey key = map.add(1);
  for (const bool used : {true, false}) {
    if (!used) map.take(key);
    CAPTURE(used);
    CHECK(map.find({}) == nullptr);
    CHECK(map.find({key.slot + 1, key.generation}) == nullptr);
    CHECK(map.find({key.slot, key.generation + 1}) == nullptr);
    CHECK(map.find({key.slot, key.generation + 2}) == nullptr);
    CHECK(map.find({key.slot, key.generation - 1}) == nullptr);
  }
}

TEST_CASE("the place of who goes is taken by who comes next, and is known as its own") {
  SlotMap<int> map;
  const SlotKey first = map.add(1);
  map.add(2);
  map.take(first);
  CHECK(map.at(first.slot) == nullptr);
  const SlotKey third = map.add(3);
  CHECK(third.slot == first.slot);
  CHECK(*map.at(first.slot) == 3);
}

TEST_CASE("each is called with its key, and may go") {
  SlotMap<std::unique_ptr<int>> map;
  for (int i = 0; i < 5; ++i) map.add(std::make_unique<int>(i));
  std::vector<int> seen;
  map.each([&](SlotKey key, const std::unique_ptr<int>& value) {
    seen.push_back(*value);
    if (*value % 2 == 0) map.take(key);
  });
  CHECK(seen == std::vector<int>{0, 1, 2, 3, 4});
  CHECK(map.size() == 2);
}
