// Walks the table: what holds for every policy, whatever its rule.
#include "lb/sched/policies.h"

#include <doctest/doctest.h>

#include <set>
#include <string>

#include "tests/support/picks.h"

namespace finishline::sched {
namespace {

using test::kCannot;

test::PoolColumns random_pool(Random& random) {
  const std::size_t size = random.below(9);
  test::PoolColumns pool{std::vector<std::int64_t>(size), std::vector<double>(size)};
  for (std::size_t i = 0; i < size; ++i) {
    pool.finish[i] = random.below(4) == 0 ? kUnavailable : random.below(5);
    pool.nanos_per_unit[i] = random.below(4) == 0 ? kCannot : 1 + random.below(3);
    pool.in_flight[i] = random.below(3);
    pool.backlog[i] = random.below(3);
  }
  return pool;
}

bool any_can(const PoolView& view) {
  for (std::size_t server = 0; server < view.size(); ++server) {
    if (view.can(server)) return true;
  }
  return false;
}

TEST_CASE("the table names each policy once, with a rule and a mode, the default first") {
  std::set<std::string_view> names;
  std::set<int> numbers{0};  // stands for none
  for (const PolicyRow& row : policies()) {
    CHECK(names.insert(row.name).second);
    CHECK(numbers.insert(row.number).second);
    CHECK(find_policy(row.number) == &row);
    CHECK_FALSE(row.rule.empty());
    CHECK_FALSE(row.cost.empty());
    CHECK_FALSE(row.use.empty());
    CHECK((row.frames || row.streams));
    CHECK(find_policy(row.name) == &row);
  }
  CHECK(policies().front().name == "makespan");
}

TEST_CASE("an unknown name is no policy") { CHECK(find_policy("fastest") == nullptr); }

TEST_CASE("candidates are a list of rules, adaptive is not one of them") {
  using Rows = std::vector<const PolicyRow*>;
  CHECK(std::get<Rows>(parse_candidates(" regret,makespan ")) ==
        Rows{find_policy("regret"), find_policy("makespan")});
  CHECK(std::get<Rows>(parse_candidates(kCandidates)).size() > 3);
  CHECK(std::get<std::string>(parse_candidates("regret, adaptive")) == "adaptive");
  CHECK(std::get<std::string>(parse_candidates("regret,,makespan")) == "");
  CHECK(std::get<std::string>(parse_candidates("")) == "");
  CHECK(first_rule("regret", kCandidates).name == "regret");
  CHECK(first_rule("adaptive", "random, regret").name == "random");
}

TEST_CASE("a pool can be given any rule or adaptive") {
  CHECK(find_choice("adaptive") == &adaptive());
  CHECK(find_choice("regret") == find_policy("regret"));
  CHECK(find_policy("adaptive") == nullptr);
  CHECK(name_of_choice(adaptive().number) == "adaptive");
  CHECK(name_of_choice(1) == "makespan");
  CHECK(name_of_choice(0) == "");
}

TEST_CASE(
    "a policy's number stays what it was in earlier versions: the ledger may be older than the program") {
  const std::pair<int, const char*> given[] = {{1, "makespan"},
                                               {2, "earliest-finish"},
                                               {3, "regret"},
                                               {4, "least-work"},
                                               {5, "least-connections"},
                                               {6, "round-robin"},
                                               {7, "random"},
                                               {8, "affinity"},
                                               {9, "least-response-time"},
                                               {10, "weighted-round-robin"},
                                               {11, "power-of-two"},
                                               {12, "ip-hash"},
                                               {13, "consistent-hash"}};
  for (const auto& [number, name] : given)
    CHECK(find_policy(static_cast<std::uint8_t>(number))->name == std::string_view(name));
}

TEST_CASE("every policy picks a server that can, and nothing only when none can") {
  for (const PolicyRow& row : policies()) {
    CAPTURE(std::string(row.name));
    Random random(42);
    const auto policy = row.make({});
    for (int round = 0; round < 2000; ++round) {
      const auto pool = random_pool(random);
      const PoolView view = pool.view();
      const auto server = policy->pick(view, {0, 1 + random.below(9), random.next()}, random);
      REQUIRE(server.has_value() == any_can(view));
      if (!server) continue;
      REQUIRE(*server < view.size());
      REQUIRE(view.can(*server));
      policy->picked(*server);
    }
  }
}

TEST_CASE("every policy makes the same picks again from the same seed") {
  for (const PolicyRow& row : policies()) {
    CAPTURE(std::string(row.name));
    const auto one = row.make({}), two = row.make({});
    Random pools(1), chance_one(2), chance_two(2);
    for (int round = 0; round < 500; ++round) {
      const auto pool = random_pool(pools);
      const auto server = one->pick(pool.view(), {0, 3, 0}, chance_one);
      REQUIRE(two->pick(pool.view(), {0, 3, 0}, chance_two) == server);
      if (server) one->picked(*server), two->picked(*server);
    }
  }
}

TEST_CASE("every policy reads only the columns that it asks for") {
  for (const PolicyRow& row : policies()) {
    CAPTURE(std::string(row.name));
    Random random(1);
    const auto policy = row.make({});
    const test::PoolColumns pool{{1, 2, 3}, {1, 2, 3}};
    PoolView view = pool.view();
    if (!(policy->inputs() & kInFlight)) view.in_flight = {};
    if (!(policy->inputs() & kBacklog)) view.backlog = {};
    if (!(policy->inputs() & kWeight)) view.weight = {};
    if (!(policy->inputs() & kSlots)) view.slots = {};
    if (!(policy->inputs() & kIdentity)) view.identity = {};
    if (!(policy->inputs() & kResponseTime)) view.response_time = {};
    CHECK(policy->pick(view, {0, 1, 0}, random).has_value());
  }
}

}  // namespace
}  // namespace finishline::sched
