#include "lb/model/lower_bound.h"

#include <doctest/doctest.h>

#include <limits>

#include "lb/model/fractional_load.h"

using namespace finishline;
using namespace finishline::model;

namespace {

constexpr double kCannot = std::numeric_limits<double>::infinity();
constexpr RequestType kVideo = 0, kPicture = 1, kMusic = 2;

ServerSpec video_server(double speed = 1, std::uint32_t slots = 1) { return {0, "video", 0, speed, slots}; }
ServerSpec music_server() { return {0, "music", 1, 1, 1}; }

/// Two video servers and one music server, as in the demo.
const std::vector<ServerSpec> kPool{video_server(), video_server(), music_server()};

Nanos bound(const std::vector<ServerSpec>& servers, const std::vector<PlannedRequest>& requests) {
  return lower_bound(CostModel::seed(1ms), servers, requests);
}

}  // namespace

TEST_CASE("one machine needs the sum of its work") {
  FractionalLoad load({2, 3}, 2);
  CHECK(load.solve(std::vector<double>{5, 7}) == doctest::Approx(31));
}

TEST_CASE("work that may be cut is split so that unrelated machines finish together") {
  // Type 0 costs 1 or 3, type 1 costs 2 or 1: ten of type 0 on both machines finish at 7.5.
  FractionalLoad load({1, 2, 3, 1}, 2);
  CHECK(load.solve(std::vector<double>{10, 0}) == doctest::Approx(7.5));
  CHECK(load.solve(std::vector<double>{10, 10}) == doctest::Approx(10));
  // 10 of type 0, 2 of type 1: machine 1 has 2 for its own and takes x of type 0: 10 - x = 2 + 3x.
  CHECK(load.solve(std::vector<double>{10, 2}) == doctest::Approx(8));
}

TEST_CASE("volumes may be solved in any order from one table") {
  FractionalLoad many({1, 2, 3, 1}, 2);
  for (const std::vector<double>& volume : {std::vector<double>{10, 2}, {0, 9}, {0, 0}, {1, 1000}, {10, 2}}) {
    FractionalLoad fresh({1, 2, 3, 1}, 2);
    CHECK(many.solve(volume) == doctest::Approx(fresh.solve(volume)));
  }
}

TEST_CASE("a machine that cannot do a type gets none of it, and what nobody can do is left out") {
  FractionalLoad load({1, kCannot, kCannot, 1, 2, kCannot}, 3);  // two machines, three types
  CHECK(load.solve(std::vector<double>{10, 0, 0}) == doctest::Approx(5));
  CHECK(load.solve(std::vector<double>{10, 2, 1000}) == doctest::Approx(7));
  FractionalLoad apart({1, kCannot, kCannot, kCannot, 4, kCannot}, 3);
  CHECK(apart.solve(std::vector<double>{10, 2, 1000}) == doctest::Approx(10));
  CHECK(apart.solve(std::vector<double>{0, 5, 0}) == doctest::Approx(20));
}

TEST_CASE("a single request takes its time on the fastest server") {
  CHECK(bound(kPool, {{0ms, kVideo, 9}}) == 9ms);
  CHECK(bound({music_server()}, {{0ms, kVideo, 9}}) == 27ms);
  CHECK(bound({video_server(), video_server(2)}, {{0ms, kVideo, 9}}) == 4500us);
}

TEST_CASE("a batch is spread over the whole pool") {
  // 30 units of video: two video servers and a third of the music server's speed.
  const std::vector<PlannedRequest> requests(30, {0ms, kVideo, 1});
  CHECK(to_seconds(bound(kPool, requests)) == doctest::Approx(0.030 / (2 + 1.0 / 3)));
}

TEST_CASE("types that keep to their own servers are bound by the fuller side") {
  std::vector<PlannedRequest> requests(20, {0ms, kVideo, 1});
  requests.insert(requests.end(), 10, {0ms, kMusic, 1});
  CHECK(bound(kPool, requests) == 10ms);
}

TEST_CASE("late work cannot start before its release") {
  // 10 ms of work at 0, 10 ms at 100 ms, one server: the second batch decides.
  CHECK(bound({video_server()}, {{0ms, kVideo, 10}, {100ms, kPicture, 4}, {100ms, kPicture, 6}}) == 110ms);
  // With 200 ms of work at 0 the volume of all decides.
  CHECK(bound({video_server()}, {{0ms, kVideo, 200}, {100ms, kPicture, 10}}) == 210ms);
}

TEST_CASE("slots multiply capacity but do not make a request shorter") {
  const std::vector<PlannedRequest> two(2, {0ms, kVideo, 8});
  CHECK(bound({video_server(1, 4)}, two) == 8ms);
  const std::vector<PlannedRequest> eight(8, {0ms, kVideo, 8});
  CHECK(bound({video_server(1, 4)}, eight) == 16ms);
}

TEST_CASE("requests that no server can do are counted and left out") {
  CostModel cost = CostModel::seed(1ms);
  const RequestType unknown = cost.add_request_type("X", 'X');
  LowerBound bound(cost, kPool);
  bound.add(0ns, kVideo, 3);
  bound.add(0ns, unknown, 1000);
  CHECK(bound.impossible() == 1);
  CHECK(bound.value() == 3ms);
}

TEST_CASE("no requests and no servers give 0") {
  CHECK(bound(kPool, {}) == 0ns);
  CHECK(bound({}, {{0ms, kVideo, 9}}) == 0ns);
}

TEST_CASE("many release times: the bound is that of the last ones, within the grain of the thresholds") {
  // One server, one unit of 1 ms released every 2 ms: the last request ends 1 ms after its release.
  LowerBound sparse(CostModel::seed(1ms), std::vector{video_server()});
  for (int i = 0; i < 10000; ++i) sparse.add(i * 2ms, kVideo, 1);
  CHECK(sparse.value() == 9999 * 2ms + 1ms);
  // Released twice as fast as it can be done: all the work from the start decides.
  LowerBound dense(CostModel::seed(1ms), std::vector{video_server()});
  for (int i = 0; i < 10000; ++i) dense.add(i * 500us, kVideo, 1);
  CHECK(dense.value() == 10s);
}

TEST_CASE("a type with no work of its own does not loosen the bound") {
  const std::vector<PlannedRequest> requests(10, {0ms, kMusic, 3});
  // Music: 30 units; music server 1, two video servers at 2: 30 / (1 + 1/2 + 1/2) = 15 ms.
  CHECK(bound(kPool, requests) == 15ms);
}
