#include "client/live_graph.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <string>

using namespace finishline;
using namespace finishline::client;

TEST_CASE("before the first second there is no graph") { CHECK(LiveGraph().lines(80, true).empty()); }

TEST_CASE("the highest value fills its column, 0 leaves it empty, and the last is told in words") {
  LiveGraph graph;
  graph.add(0, 0ns);
  graph.add(700, 2ms);
  graph.add(350, 1ms);
  const auto lines = graph.lines(80, false);
  REQUIRE(lines.size() == 2);
  CHECK(lines[0] == "ok/s   #-  350.0  (most 700.0)");
  CHECK(lines[1] == "p99    #-  1.000 ms  (most 2.000 ms)");
  CHECK(graph.lines(80, true)[0] == "ok/s   █▄  350.0  (most 700.0)");
}

TEST_CASE("a graph that does not fit shows its last seconds") {
  LiveGraph graph;
  for (int i = 0; i < 1000; ++i) graph.add(i, 1ms);
  for (const std::size_t columns : {10U, 40U, 79U, 200U}) {
    for (const std::string& line : graph.lines(columns, false))
      CHECK(line.size() <= std::max<std::size_t>(columns, 45));
  }
  CHECK(graph.lines(79, false)[0].find("999.0") != std::string::npos);
}
