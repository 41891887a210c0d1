#include "lb/peers/order_attic.h"

#include <doctest/doctest.h>

using namespace finishline;
using finishline::peers::OrderAttic;

TEST_CASE("a proxy needs the orders by which it is other than its file, and removals, which no file shows") {
  const std::map<std::string, std::string> here{
      {"server a", "ready"}, {"server b", "ready"}, {"pool p", "makespan"}, {"pool q", "makespan"}};
  const auto needs = [&](const std::string& field, const std::string& text) {
    return OrderAttic::needed({{field, text}}, here) == field + '\n';
  };
  CHECK(needs("server a", "3 x drain"));
  CHECK_FALSE(needs("server b", "3 x ready"));
  CHECK_FALSE(needs("server ghost", "3 x drain"));
  CHECK(needs("pool p", "3 x regret"));
  CHECK_FALSE(needs("pool q", "3 x makespan"));
  CHECK_FALSE(needs("pool ghost", "3 x regret"));
  CHECK(needs("change server a", R"(3 x {"changed":{"weight":2.0}})"));
  CHECK_FALSE(needs("change server a", "3 x {}"));
  CHECK_FALSE(needs("change server ghost", R"(3 x {"changed":{"weight":2.0}})"));
  CHECK(needs("change server ghost", R"(3 x {"removed":true})"));
  CHECK(needs("change cost video", R"(3 x {"music":2.5})"));
  CHECK_FALSE(needs("floor", "3"));
}
