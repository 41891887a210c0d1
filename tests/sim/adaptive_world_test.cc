// What `adaptive` promises, on mixed traffic: whatever comes, it ends at most 5 % later than the best policy
// for it and with a mean latency at most 10 % above the best one's, though it was never told which policies
// these are.
#include <doctest/doctest.h>

#include <limits>
#include <string>

#include "lb/sim/simulation.h"
#include "tests/unit/sim/scenarios.h"

namespace finishline::sim {
namespace {

constexpr std::uint64_t kSeeds = 6;

struct Story {
  const char* name;
  Scenario scenario;
};

model::LengthLaw lengths(const char* law) { return std::get<model::LengthLaw>(model::LengthLaw::parse(law)); }

/// The seed matrix with this many video and music servers, lengths 1 to 9.
Scenario world(std::size_t video, std::size_t music) {
  Scenario scenario = test::seed_batch(300);
  scenario.servers.clear();
  for (std::size_t i = 0; i < video + music; ++i)
    scenario.servers.push_back({static_cast<std::uint32_t>(i), "server-" + std::to_string(i),
                                static_cast<ServerType>(i < video ? 0 : 1), 1.0, 1});
  return scenario;
}

Scenario batch(Scenario scenario, std::uint64_t requests) {
  scenario.traffic.requests = requests;
  return scenario;
}

Scenario poisson(Scenario scenario, std::uint64_t requests, double load) {
  scenario.traffic.arrivals = model::Arrivals::poisson;
  scenario.traffic.requests = requests;
  scenario.traffic.rate = load * fractional_capacity(scenario);
  return scenario;
}

Scenario bursts(Scenario scenario, std::uint64_t requests, std::uint64_t each, double load) {
  scenario.traffic.rate = load * fractional_capacity(scenario);
  scenario.traffic.burst = each;
  scenario.traffic.requests = requests;
  return scenario;
}

Scenario undeclared(Scenario scenario) {
  scenario.declared = false;
  return scenario;
}

Scenario with_lengths(Scenario scenario, const char* law) {
  scenario.traffic.lengths = lengths(law);
  return scenario;
}

/// Server 0 works so many times longer than its configuration says.
Scenario with_slow_server(Scenario scenario, double times) {
  scenario.slowness.assign(scenario.servers.size(), 1.0);
  scenario.slowness[0] = times;
  return scenario;
}

Scenario with_slots(Scenario scenario, std::uint32_t slots) {
  for (ServerSpec& server : scenario.servers) server.slots = slots;
  return scenario;
}

Scenario with_speeds(Scenario scenario, std::initializer_list<double> speeds) {
  std::size_t i = 0;
  for (const double speed : speeds) scenario.servers[i++].speed = speed;
  return scenario;
}

/// One kind of traffic after the other.
Scenario one_after_the_other(const std::vector<Scenario>& phases, std::uint64_t seed) {
  Scenario all = phases.front();
  Nanos begin{};
  for (const Scenario& phase : phases) {
    for (SimRequest request : requests_of(phase, seed)) {
      request.at += begin;
      all.trace.push_back(request);
    }
    begin = all.trace.back().at;
  }
  return all;
}

std::vector<Story> stories() {
  return {
      {"a batch", batch(world(2, 1), 300)},
      {"a long batch", batch(world(3, 2), 3000)},
      {"a batch of unknown lengths", undeclared(batch(world(2, 1), 600))},
      {"a calm day", poisson(world(2, 1), 4000, 0.5)},
      {"a busy day", poisson(world(2, 1), 4000, 0.8)},
      {"a day at the limit", poisson(world(2, 1), 4000, 0.9)},
      {"more than can be done", poisson(world(2, 1), 3000, 1.2)},
      {"unknown lengths", undeclared(poisson(world(3, 3), 4000, 0.8))},
      {"unknown lengths of all sizes", undeclared(poisson(with_lengths(world(3, 3), "exp:5"), 4000, 0.8))},
      {"heavy tails", poisson(with_lengths(world(4, 4), "pareto:1.5:1"), 4000, 0.8)},
      {"a server slower than it says", poisson(with_slow_server(world(3, 2), 3), 4000, 0.7)},
      {"a slow server and unknown lengths", undeclared(poisson(with_slow_server(world(3, 3), 3), 4000, 0.7))},
      {"servers of different speeds", poisson(with_speeds(world(4, 2), {4, 1, 1, 0.5}), 4000, 0.8)},
      {"many slots", poisson(with_slots(world(2, 1), 4), 4000, 0.85)},
      {"a crowd of servers", poisson(world(16, 8), 6000, 0.85)},
      {"bursts", bursts(world(2, 1), 4000, 60, 0.6)},
      {"bursts of unknown lengths", undeclared(bursts(world(3, 2), 4000, 40, 0.6))},
  };
}

std::vector<Scenario> phases() {
  return {poisson(world(3, 2), 2500, 0.5), poisson(world(3, 2), 2500, 0.9),
          undeclared(poisson(world(3, 2), 2500, 0.7)), bursts(world(3, 2), 2500, 50, 0.6)};
}

/// Means over the seeds.
struct Outcome {
  double makespan = 0, latency = 0;
};

Outcome outcome_of(const Story& story, const sched::PolicyRow& policy, std::uint64_t seeds = kSeeds) {
  Outcome mean;
  for (std::uint64_t seed = 1; seed <= seeds; ++seed) {
    const Result result = play(story.scenario, requests_of(story.scenario, seed), policy, {}, seed);
    mean.makespan += to_seconds(result.makespan) / static_cast<double>(seeds);
    mean.latency += result.mean_latency() / static_cast<double>(seeds);
  }
  return mean;
}

/// Whoever is far behind the default in both respects will not turn out to be the best in one.
bool hopeless(const Story& story, const sched::PolicyRow& policy) {
  const Outcome its = outcome_of(story, policy, 1), usual = outcome_of(story, sched::policies().front(), 1);
  return its.makespan > 1.2 * usual.makespan && its.latency > 2 * usual.latency;
}

void check_promise(const Story& story) {
  constexpr double kNone = std::numeric_limits<double>::infinity();
  Outcome best{kNone, kNone};
  std::string fastest, calmest;
  for (const sched::PolicyRow& policy : sched::policies()) {
    if (hopeless(story, policy)) continue;
    const Outcome outcome = outcome_of(story, policy);
    if (outcome.makespan < best.makespan) best.makespan = outcome.makespan, fastest = policy.name;
    if (outcome.latency < best.latency) best.latency = outcome.latency, calmest = policy.name;
  }
  const Outcome adaptive = outcome_of(story, sched::adaptive());
  CAPTURE(fastest);
  CAPTURE(calmest);
  CHECK(adaptive.makespan <= 1.05 * best.makespan);
  CHECK(adaptive.latency <= 1.10 * best.latency);
}

TEST_CASE("adaptive is never far from the best policy for the traffic") {
  for (const Story& story : stories()) {
    CAPTURE(std::string(story.name));
    check_promise(story);
  }
}

TEST_CASE("adaptive follows traffic that changes") {
  for (std::uint64_t seed = 1; seed <= kSeeds; ++seed) {
    CAPTURE(seed);
    check_promise({"phases", one_after_the_other(phases(), seed)});
  }
}

}  // namespace
}  // namespace finishline::sim
