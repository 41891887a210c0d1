#include "lb/sim/traits.h"

#include <doctest/doctest.h>

#include "tests/unit/sim/scenarios.h"

namespace finishline::sim {
namespace {

Instant at(Nanos t) { return Instant(std::chrono::hours(1) + t); }

struct Desk {
  void serve(RequestType type, std::uint32_t length, std::size_t server, Nanos service, int times = 10) {
    for (int i = 0; i < times; ++i)
      samples.push_back({at(10ms * samples.size()), type, length, server, service});
  }
  Traits traits() const { return traits_of(samples, cost, servers); }

  CostModel cost = CostModel::seed(1ms);
  std::vector<ServerSpec> servers = test::seed_servers(cost);
  std::vector<Sample> samples;
};

TEST_CASE("types are compared by what their requests take, servers by what a unit of work takes there") {
  Desk desk;
  desk.serve(0, 4, 0, 4ms);  // as expected
  desk.serve(0, 4, 1, 8ms);  // twice as slow as it says
  desk.serve(2, 3, 2, 3ms);  // music, as expected
  const Traits traits = desk.traits();
  CHECK(traits.type_spread == doctest::Approx(2.0));
  CHECK(traits.server_spread == doctest::Approx(2.0));
  CHECK(traits.slowness[0] == doctest::Approx(1.0));
  CHECK(traits.slowness[1] == doctest::Approx(2.0));
  CHECK(traits.declared);
}

TEST_CASE("a server of double speed differs twofold though it works as configured") {
  Desk desk;
  desk.servers[1].speed = 2;
  desk.serve(0, 4, 0, 4ms);
  desk.serve(0, 4, 1, 2ms);
  CHECK(desk.traits().slowness[1] == doctest::Approx(1.0));
  CHECK(desk.traits().server_spread == doctest::Approx(2.0));
}

TEST_CASE("lengths that are all the same declare nothing") {
  Desk desk;
  desk.serve(0, 1, 0, 4ms);
  desk.serve(0, 1, 1, 7ms);
  CHECK_FALSE(desk.traits().declared);
}

TEST_CASE("load is work done to time there was") {
  Desk desk;
  desk.serve(0, 6, 0, 6ms, 100);  // a request each 10 ms, three servers
  CHECK(desk.traits().load == doctest::Approx(0.2).epsilon(0.02));
  CHECK(to_string(desk.traits()) ==
        "types differ 1.0-fold, lengths are not declared, servers differ 1.0-fold, load 0.20");
}

TEST_CASE("few requests say nothing of a server") {
  Desk desk;
  desk.serve(0, 4, 0, 40ms, 3);
  CHECK(desk.traits().slowness[0] == 1.0);
}

}  // namespace
}  // namespace finishline::sim
