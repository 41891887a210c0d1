#include "client/open_requests.h"

#include <doctest/doctest.h>

#include <set>

using namespace finishline::client;

namespace {

Request numbered(std::uint64_t number) {
  Request request;
  request.number = number;
  return request;
}

}  // namespace

TEST_CASE("a request is found by its id until it is removed") {
  OpenRequests open;
  const auto first = open.add(numbered(1)), second = open.add(numbered(2));
  REQUIRE(open.find(first) != nullptr);
  CHECK(open.find(first)->number == 1);
  CHECK(open.find(second)->number == 2);
  open.remove(first);
  CHECK(open.find(first) == nullptr);
  CHECK(open.find(second)->number == 2);
  CHECK(open.size() == 1);
}

TEST_CASE("a slot that is used again has another id, so a second reply finds nothing") {
  OpenRequests open;
  std::set<std::uint64_t> seen;
  for (std::uint64_t i = 0; i < 1000; ++i) {
    const auto id = open.add(numbered(i));
    CHECK(seen.insert(id).second);
    open.remove(id);
    CHECK(open.find(id) == nullptr);
  }
}

TEST_CASE("ids that were never given find nothing") {
  OpenRequests open;
  CHECK(open.find(0) == nullptr);
  const auto id = open.add(numbered(1));
  CHECK(open.find(id + 1) == nullptr);
  CHECK(open.find(id + (std::uint64_t{1} << 32)) == nullptr);
  CHECK(open.find(id - (std::uint64_t{1} << 32)) == nullptr);
  CHECK(open.find(~std::uint64_t{0}) == nullptr);
}

TEST_CASE("all open requests are taken at once, in the order of their numbers") {
  OpenRequests open;
  const auto gone = open.add(numbered(1));
  const auto kept = open.add(numbered(5));
  open.remove(gone);
  open.add(numbered(9));
  open.add(numbered(3));
  const auto all = open.take_all();
  REQUIRE(all.size() == 3);
  CHECK(all[0].number == 3);
  CHECK(all[1].number == 5);
  CHECK(all[2].number == 9);
  CHECK(open.size() == 0);
  CHECK(open.find(kept) == nullptr);
}
