// The dispatcher in a world where everything fails (tests/sim/world.h), seed after seed.
//
//   FINISHLINE_SIM_SEEDS=5000   so many seeds instead of the usual few
//   FINISHLINE_SIM_SEED=17      this one alone
#include <doctest/doctest.h>

#include <cstdlib>
#include <string>

#include "tests/sim/world.h"

using namespace finishline;
using namespace finishline::test;

namespace {

constexpr std::uint64_t kUsualSeeds = 300;

std::uint64_t number_from(const char* variable, std::uint64_t otherwise) {
  const char* text = std::getenv(variable);
  return text == nullptr ? otherwise : std::strtoull(text, nullptr, 10);
}

/// Sums over all seeds: a storm that did not happen proves nothing.
struct Happened {
  std::uint64_t deaths = 0, orphans = 0, forgotten = 0, inventions = 0, retries = 0, goaways = 0, drips = 0;
  std::array<std::uint64_t, proto::kStatusCount> answered{};

  void add(const World& world) {
    deaths += world.deaths();
    orphans += world.orphans();
    forgotten += world.forgotten();
    inventions += world.inventions();
    goaways += world.goaways();
    drips += world.drips();
    retries += static_cast<std::uint64_t>(world.retries());
    for (std::size_t status = 0; status < answered.size(); ++status) {
      answered[status] += world.answered(static_cast<proto::Status>(status));
    }
  }
};

std::string complaint_with(Sabotage sabotage) {
  Storm plan = calm(1);
  plan.sabotage = sabotage;
  return World(plan).run();
}

}  // namespace

TEST_CASE("in a calm world every request is served") {
  World world(calm(1));
  CHECK(world.run() == "");
  CHECK(world.answered(proto::Status::ok) + world.answered(proto::Status::server_error) +
            world.answered(proto::Status::no_server) + world.answered(proto::Status::deadline_exceeded) +
            world.answered(proto::Status::cancelled) ==
        400);
}

TEST_CASE("a seed repeats a storm exactly, and another seed makes another") {
  World first(storm(3)), again(storm(3)), other(storm(4));
  CHECK(first.run() == again.run());
  other.run();
  CHECK(first.digest() == again.digest());
  CHECK(first.digest() != other.digest());
}

TEST_CASE("whatever is lost, late, invented or dies: one answer each, the right one, and exact books") {
  const std::uint64_t only = number_from("FINISHLINE_SIM_SEED", 0);
  const std::uint64_t first = only != 0 ? only : 1;
  const std::uint64_t seeds = only != 0 ? 1 : number_from("FINISHLINE_SIM_SEEDS", kUsualSeeds);
  Happened happened;
  for (std::uint64_t seed = first; seed < first + seeds; ++seed) {
    World world(storm(seed));
    const std::string complaint = world.run();
    CHECK_MESSAGE(complaint.empty(), complaint, "; repeat with FINISHLINE_SIM_SEED=", seed);
    happened.add(world);
  }
  if (seeds < kUsualSeeds) return;
  CHECK(happened.deaths > 0);
  CHECK(happened.forgotten > 0);
  CHECK(happened.orphans > 0);
  CHECK(happened.inventions > 0);
  CHECK(happened.retries > 0);
  CHECK(happened.goaways > 0);
  CHECK(happened.drips > 0);
  using proto::Status;
  for (const Status status :
       {Status::ok, Status::too_large, Status::no_server, Status::server_lost, Status::deadline_exceeded,
        Status::server_error, Status::overloaded, Status::cancelled}) {
    CAPTURE(proto::name_of(status));
    CHECK(happened.answered[static_cast<std::size_t>(status)] > 0);
  }
}

TEST_CASE(
    "late: no server idles for 5 ms while a request waits that it could do, whoever dies or is not called") {
  const std::uint64_t only = number_from("FINISHLINE_SIM_SEED", 0);
  const std::uint64_t first = only != 0 ? only : 1;
  const std::uint64_t seeds = only != 0 ? 1 : number_from("FINISHLINE_SIM_SEEDS", kUsualSeeds);
  for (std::uint64_t seed = first; seed < first + seeds; ++seed) {
    CAPTURE(seed);
    Storm storm = calm(seed);
    storm.workers = 3;
    storm.servers = {{.type = 0}, {.type = 0}, {.type = 0, .slots = 2}};
    storm.between_requests = 700us;
    storm.between_worker_deaths = seed % 2 == 0 ? 40ms : 0ns;
    storm.until_reaped = seed % 4 == 0 ? 20ms : 900ms;
    storm.between_state_changes = seed % 7 == 1 ? 30ms : 0ns;
    storm.late = storm.idleness_counts = true;
    storm.order = static_cast<sched::WaitOrder>(seed % 3);
    World world(storm);
    CHECK(world.run() == "");
    CHECK(world.answered(proto::Status::ok) + world.forgotten() >
          (storm.between_state_changes > 0ns ? 20 : 150));
  }
}

TEST_CASE("the world sees a worker that forgets, doubles, swaps or leaks") {
  CHECK(complaint_with(Sabotage::none) == "");
  CHECK(complaint_with(Sabotage::forget_an_answer).starts_with("the gauge of open requests"));
  CHECK(complaint_with(Sabotage::answer_twice).starts_with("a request was answered twice"));
  CHECK(complaint_with(Sabotage::swap_two_replies)
            .starts_with("a request was answered with the reply to another"));
  CHECK(complaint_with(Sabotage::leak_a_booking).starts_with("the books hold"));
}
