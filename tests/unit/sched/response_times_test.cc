#include "lb/sched/response_times.h"

#include <doctest/doctest.h>

#include <array>
#include <cstdint>
#include <deque>

#include "lb/sched/least_response_time.h"

namespace finishline::sched {
namespace {

Instant at(Nanos t) { return Instant(std::chrono::hours(1) + t); }
double seconds_of(ResponseTimes& times, std::size_t server, Nanos when) {
  return to_seconds(Nanos(times.column(at(when))[server]));
}

/// Two servers under the policy of least response times: a request every `gap`, each answered by server i
/// after answer[i].
struct Pair {
  std::array<Nanos, 2> answer;
  Nanos gap = 5ms;
  ResponseTimes times{2};
  LeastResponseTime policy{};
  Random random{1};
  Nanos now = 0s;
  std::array<std::uint32_t, 2> open{};
  struct Sent {
    Nanos back;
    std::size_t server;
    Nanos took;
  };
  std::deque<Sent> sent{};

  void hear() {
    std::erase_if(sent, [&](const Sent& it) {
      if (it.back > now) return false;
      --open[it.server];
      times.served(it.server, it.took, at(now));
      return true;
    });
  }
  /// How many requests each is given until then.
  std::array<int, 2> run_until(Nanos end) {
    std::array<int, 2> given{};
    const std::array<std::int64_t, 2> finish{};
    const std::array<double, 2> cost{1, 1};
    for (; now < end; now += gap) {
      hear();
      const PoolView view{.now = at(now),
                          .finish = finish,
                          .nanos_per_unit = cost,
                          .in_flight = open,
                          .backlog = {},
                          .weight = {},
                          .slots = {},
                          .response_time = times.column(at(now))};
      const std::size_t server = *policy.pick(view, {0, 1, 0}, random);
      ++given[server];
      ++open[server];
      sent.push_back({now + answer[server], server, answer[server]});
    }
    return given;
  }
};

TEST_CASE("one slow answer does not keep an equal server without work for long") {
  for (const Nanos slow : {Nanos(1s), Nanos(5s)}) {
    CAPTURE(to_seconds(slow));
    Pair pair{.answer = {10ms, 10ms}};
    pair.run_until(1s);
    pair.times.served(1, slow, at(pair.now));
    pair.run_until(11s);
    const auto given = pair.run_until(13s);
    CHECK(given[1] > (given[0] + given[1]) / 4);
  }
}

TEST_CASE("a server that is slow is tried again, and seldom") {
  Pair pair{.answer = {10ms, 2s}};
  pair.run_until(10s);
  const auto given = pair.run_until(110s);
  CHECK(given[1] > 0);
  CHECK(given[1] < 30);  // of 20,000
}

TEST_CASE("one decision in many sees the server that has been silent for longest as unknown") {
  ResponseTimes times(2);
  times.served(0, 100ms, at(0s));
  times.served(1, 100ms, at(1s));
  int unknown = 0;
  for (int i = 0; i < 10 * ResponseTimes::kProbeEvery; ++i) {
    const auto column = times.column(at(1s + ResponseTimes::kSilence));
    unknown += column[0] == 0;
    CHECK(column[1] != 0);
  }
  CHECK(unknown == 10);
}

TEST_CASE("a response time is not known before the first answer and exact after it") {
  ResponseTimes times(2);
  CHECK(times.column(at(0s))[0] == 0);
  times.served(0, 30ms, at(0s));
  CHECK(seconds_of(times, 0, 0s) == doctest::Approx(0.030));
  CHECK(times.column(at(0s))[1] == 0);
}

TEST_CASE("a slow answer counts at once, fast ones bring the estimate down only with time") {
  ResponseTimes times(1);
  times.served(0, 10ms, at(0s));
  times.served(0, 90ms, at(1ms));
  CHECK(seconds_of(times, 0, 1ms) == doctest::Approx(0.090));
  times.served(0, 10ms, at(2ms));
  CHECK(seconds_of(times, 0, 2ms) > 0.089);
  for (int second = 1; second <= 10; ++second) times.served(0, 10ms, at(std::chrono::seconds(second)));
  // one memory later: 10 + 80 / e
  CHECK(seconds_of(times, 0, 10s) == doctest::Approx(0.0394).epsilon(0.01));
}

TEST_CASE("what is not heard of fades, so that it is tried again") {
  ResponseTimes times(1);
  times.served(0, 100ms, at(0s));
  CHECK(seconds_of(times, 0, 30s) < 0.006);
}

TEST_CASE("a server that fails at once does not look fast, less so each time") {
  ResponseTimes times(1);
  times.served(0, 1ms, at(0s));
  times.failed(0, at(1ms));
  CHECK(seconds_of(times, 0, 1ms) >= 1.0);
  times.failed(0, at(2ms));
  CHECK(seconds_of(times, 0, 2ms) >= 1.9);
  for (int i = 0; i < 100; ++i) times.failed(0, at(3ms));
  CHECK(seconds_of(times, 0, 3ms) <= to_seconds(ResponseTimes::kMost));
}

}  // namespace
}  // namespace finishline::sched
