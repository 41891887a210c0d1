// What a seed means: who takes part in a simulated world and what happens to it. Plain values.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "lb/sched/matching.h"
#include "lb/sched/policies.h"
#include "lb/sched/random.h"
#include "proto/cost_model.h"

namespace finishline::test {

struct StormServer {
  ServerType type = 0;
  bool mini = false;
  std::uint32_t slots = 1;
  std::uint32_t links = 1;  // per worker
  // Its manners, in percent of its replies.
  std::uint32_t refuses = 0;   // unbegun, with any of the statuses for that
  std::uint32_t silent = 0;    // no reply comes, ever; what comes later does
  std::uint32_t doubles = 0;   // the same reply comes twice
  std::uint32_t lies = 0;      // about its backlog: the largest number there is
  std::uint32_t drips = 0;     // the reply comes in parts, and all that are behind it wait for it
  std::uint32_t makes_up = 0;  // that the deadline has passed, or that it has lost its own server
};

/// A broken worker that the world plays on purpose, to show that its checks see it.
enum class Sabotage : std::uint8_t { none, forget_an_answer, answer_twice, swap_two_replies, leak_a_booking };

struct Storm {
  std::uint64_t seed = 0;
  std::uint32_t workers = 1;
  std::vector<StormServer> servers;
  std::string policy;
  Nanos timeout{};      // of the pool; 0: none
  Nanos max_backlog{};  // the same
  bool wait_when_full = false;
  std::optional<std::uint32_t> max_waiting{};
  bool late = false;  // requests are bound late, if the policy allows it
  sched::WaitOrder order{};
  bool idleness_counts = false;  // no server with links may idle for long while anything waits
  std::uint32_t requests = 0;
  Nanos between_requests{};  // all of these are means; 0: never
  Nanos between_link_losses{};
  Nanos between_server_crashes{};
  Nanos between_state_changes{};
  Nanos between_goaways{};
  Nanos between_memory_changes{};
  Nanos between_worker_deaths{};
  Nanos until_reaped = 900ms;  // at most, until what a dead worker had booked is taken back
  Nanos between_inventions{};  // replies that nobody asked for
  Sabotage sabotage = Sabotage::none;
};

/// A calm world that answers everything, for a start.
inline Storm calm(std::uint64_t seed) {
  return {.seed = seed,
          .workers = 2,
          .servers = {{.type = 0}, {.type = 0}, {.type = 1}},
          .policy = "makespan",
          .requests = 400,
          .between_requests = 2ms};
}

inline StormServer any_server(sched::Random& random) {
  const auto manner = [&random](std::uint32_t most) {
    return random.below(3) == 0 ? random.below(most + 1) : 0;
  };
  return {.type = static_cast<ServerType>(random.below(2)),
          .mini = random.below(4) == 0,
          .slots = 1 + random.below(3),
          .links = 1 + random.below(2),
          .refuses = manner(100),
          .silent = manner(5),
          .doubles = manner(20),
          .lies = manner(30),
          .drips = manner(40),
          .makes_up = manner(10)};
}

/// Everything drawn from the seed.
inline Storm storm(std::uint64_t seed) {
  sched::Random random(seed);
  const auto once_in = [&random](Nanos least, Nanos most) {
    const auto span = static_cast<double>((most - least).count());
    return random.below(4) == 0 ? 0ns : least + Nanos(static_cast<Nanos::rep>(span * random.unit()));
  };
  Storm storm;
  storm.seed = seed;
  storm.workers = 1 + random.below(3);
  for (std::uint32_t n = 2 + random.below(4); n > 0; --n) storm.servers.push_back(any_server(random));
  storm.policy = sched::policies()[random.below(static_cast<std::uint32_t>(sched::policies().size()))].name;
  storm.timeout = random.below(2) == 0 ? 0ns : 150ms;
  storm.requests = 300 + random.below(700);
  storm.between_requests = 200us + Nanos(random.below(3'000'000));
  storm.between_link_losses = once_in(5ms, 200ms);
  storm.between_server_crashes = once_in(50ms, 500ms);
  storm.between_state_changes = once_in(20ms, 300ms);
  storm.between_worker_deaths = once_in(20ms, 500ms);
  storm.between_inventions = once_in(1ms, 20ms);
  storm.between_goaways = once_in(20ms, 300ms);
  storm.between_memory_changes = once_in(5ms, 100ms);
  storm.max_backlog = once_in(1ms, 60ms);
  storm.wait_when_full = random.below(2) == 0;
  storm.max_waiting = 20;
  storm.late = random.below(3) > 0;
  storm.order = static_cast<sched::WaitOrder>(random.below(3));
  if (storm.late && random.below(2) == 0) storm.policy = "makespan";
  return storm;
}

}  // namespace finishline::test
