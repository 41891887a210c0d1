#include "lb/sim/performance.h"

#include <doctest/doctest.h>

#include "tests/unit/sim/scenarios.h"

namespace finishline::sim {
namespace {

constexpr RequestType kVideo = 0, kMusic = 2;
constexpr std::size_t kVideo1 = 0, kVideo2 = 1, kMusic1 = 2;

Instant at(Nanos t) { return Instant(std::chrono::hours(1)) + t; }

/// The seed pool, and what it is said to have served.
struct Desk {
  void serve(Nanos received, RequestType type, std::uint32_t length, std::size_t server, Nanos begun) {
    const ServerSpec& spec = work.servers[server];
    const Nanos service = service_time(length, work.cost.nanos_per_unit(spec.type, type, spec.speed));
    work.samples.push_back({at(received), type, length, server, service, at(begun + service)});
  }
  Performance performance() const { return performance_of(work); }

  ServedWork work{.cost = CostModel::seed(1ms), .servers = test::seed_servers(CostModel::seed(1ms))};
};

}  // namespace

TEST_CASE("of a pool that served nothing there is nothing to say") {
  Desk desk;
  const Performance none = desk.performance();
  CHECK_FALSE(none.window.has_value());
  CHECK_FALSE(none.busy.has_value());
  CHECK_FALSE(none.idle_share.has_value());
  CHECK(none.busy_periods == 0);
}

TEST_CASE("what was done before the span does not count") {
  Desk desk;
  desk.serve(0ms, kVideo, 4, kVideo1, 0ms);
  desk.work.from = at(4ms);
  CHECK_FALSE(desk.performance().window.has_value());
}

TEST_CASE("two videos at once, one per video server, are as good as can be") {
  Desk desk;
  desk.work.servers.resize(2);
  desk.serve(0ms, kVideo, 4, kVideo1, 0ms);
  desk.serve(0ms, kVideo, 4, kVideo2, 0ms);
  CHECK(*desk.performance().window == doctest::Approx(1.0));
  CHECK(*desk.performance().busy == doctest::Approx(1.0));
  CHECK(*desk.performance().idle_share == doctest::Approx(0.0));
}

TEST_CASE("two videos behind each other take twice as long as they had to, and the other server idles") {
  Desk desk;
  desk.work.servers.resize(2);
  desk.serve(0ms, kVideo, 4, kVideo1, 0ms);
  desk.serve(0ms, kVideo, 4, kVideo1, 4ms);
  const Performance it = desk.performance();
  CHECK(it.makespan == 8ms);
  CHECK(it.bound == 4ms);
  CHECK(*it.window == doctest::Approx(2.0));
  CHECK(*it.idle_share == doctest::Approx(0.25));  // 4 of 2 x 8 ms
}

TEST_CASE("a server that cannot do what waits is not idle") {
  Desk desk;
  CostModel cost(1ms);
  const ServerType video = cost.add_server_type("video"), music = cost.add_server_type("music");
  cost.set_factor(video, cost.add_request_type("video", 'V'), 1);
  cost.set_factor(music, cost.add_request_type("music", 'M'), 1);
  desk.work = {.cost = cost, .servers = {{0, "video-1", video, 1, 1}, {1, "music-1", music, 1, 1}}};
  desk.serve(0ms, 0, 4, 0, 0ms);
  desk.serve(0ms, 0, 4, 0, 4ms);
  CHECK(*desk.performance().idle_share == 0.0);
  CHECK(*desk.performance().window == doctest::Approx(1.0));
}

TEST_CASE("a pause makes two busy periods, and hides nothing from their ratio") {
  Desk desk;
  desk.work.servers.resize(2);
  for (const Nanos begin : {0ms, 1000ms}) {
    desk.serve(begin, kVideo, 4, kVideo1, begin);
    desk.serve(begin, kVideo, 4, kVideo1, begin + 4ms);
  }
  const Performance it = desk.performance();
  CHECK(it.busy_periods == 2);
  CHECK(it.busy_time == 16ms);
  CHECK(*it.window == doctest::Approx(1.008 / 1.004));
  CHECK(*it.busy == doctest::Approx(2.0));
}

TEST_CASE("a backlog at the begin of the span counts as what was left of it") {
  Desk desk;
  desk.work.servers.resize(1);
  desk.serve(0ms, kVideo, 6, kVideo1, 0ms);
  desk.serve(0ms, kVideo, 4, kVideo1, 6ms);
  desk.work.from = at(3ms);
  const Performance it = desk.performance();
  CHECK(it.makespan == 7ms);
  CHECK(it.bound == 7ms);
}

TEST_CASE("a way to the server and back is neither waiting nor idling, nor bad for busy periods") {
  Desk desk;
  desk.work.servers.resize(2);
  desk.serve(0ms, kVideo, 4, kVideo1, 1ms);  // a millisecond on the way
  desk.serve(7ms, kVideo, 4, kVideo1, 8ms);
  CHECK(*desk.performance().busy == doctest::Approx(1.0));
  CHECK(*desk.performance().window > 1.05);
  CHECK(*desk.performance().idle_share == 0.0);
}

TEST_CASE("requests that say nothing of their length are measured by the time that they took") {
  Desk desk;
  desk.work.servers.resize(2);
  for (int i = 0; i < 20; ++i) desk.serve(0ms, kVideo, 4, i % 2 == 0 ? kVideo1 : kVideo2, 4ms * (i / 2));
  for (Sample& sample : desk.work.samples) sample.length = 1;
  CHECK(*desk.performance().window == doctest::Approx(1.0));
}

TEST_CASE("music that a video server did could have been done in half of the time") {
  Desk desk;
  desk.serve(0ms, kMusic, 4, kVideo1, 0ms);
  CHECK(*desk.performance().window == doctest::Approx(2.0));
  desk.serve(8ms, kMusic, 4, kMusic1, 8ms);
  CHECK(*desk.performance().busy < 2);
}

}  // namespace finishline::sim
