// Every policy with a stated rule against an oracle that follows the words of the rule: it tries each server
// in turn, lists what the rule compares in its order, sorts, and keeps all that share the best.
#include <doctest/doctest.h>
#include <rapidcheck.h>

#include <algorithm>
#include <map>
#include <numeric>
#include <ostream>
#include <set>
#include <string>

#include "tests/support/picks.h"

namespace finishline::sched {
namespace {

constexpr double kGamma = 0.5;

struct Server {
  bool up;
  bool able;
  std::int64_t finish;
  std::int64_t cost;  // per unit of length
  std::uint32_t in_flight;
  std::int64_t response_time;
};

std::ostream& operator<<(std::ostream& out, const Server& server) {
  return out << "{up " << server.up << " able " << server.able << " finish " << server.finish << " cost "
             << server.cost << " in flight " << server.in_flight << " response " << server.response_time
             << "}";
}

struct Case {
  std::vector<Server> servers;
  std::uint32_t length;
};

/// Small numbers, so that ties are common at every level; at full size from the first case on.
Case make_case() {
  const auto below = [](int n) { return rc::gen::resize(rc::kNominalSize, rc::gen::inRange(0, n)); };
  const auto server = rc::gen::apply(
      [](int up, int able, int finish, int cost, int in_flight, int response) {
        return Server{up != 0, able != 0, finish, 1 + cost, static_cast<std::uint32_t>(in_flight), response};
      },
      below(5), below(5), below(12), below(3), below(4), below(3));
  const auto count = static_cast<std::size_t>(*below(9));
  return {*rc::gen::container<std::vector<Server>>(count, server), static_cast<std::uint32_t>(*below(5))};
}

test::PoolColumns columns_of(const Case& c) {
  test::PoolColumns pool{std::vector<std::int64_t>(c.servers.size()), std::vector<double>(c.servers.size())};
  for (std::size_t i = 0; i < c.servers.size(); ++i) {
    const Server& server = c.servers[i];
    pool.finish[i] = server.up ? server.finish : kUnavailable;
    pool.nanos_per_unit[i] = server.able ? static_cast<double>(server.cost) : test::kCannot;
    pool.in_flight[i] = server.in_flight;
    pool.response_time[i] = server.response_time;
  }
  return pool;
}

using Merits = std::vector<double>;
using Rule = Merits (*)(const Case&, std::size_t chosen);

double service(const Case& c, std::size_t i) { return static_cast<double>(c.servers[i].cost * c.length); }
double completion(const Case& c, std::size_t i) {
  return static_cast<double>(c.servers[i].finish) + service(c, i);
}

/// The latest finish that is not more than twice as far off as the mean of those before it.
double latest_that_counts(const Case& c) {
  std::vector<double> finishes;
  for (const Server& server : c.servers)
    if (server.up) finishes.push_back(static_cast<double>(server.finish));
  std::ranges::sort(finishes);
  while (!finishes.empty()) {
    const double latest = finishes.back();
    finishes.pop_back();
    const double sum = std::accumulate(finishes.begin(), finishes.end(), 0.0);
    const double mean = finishes.empty() ? 0 : sum / static_cast<double>(finishes.size());
    if (latest <= 2 * mean) return latest;
    std::erase_if(finishes, [&](double finish) { return finish > 2 * mean; });
  }
  return 0;
}

Merits makespan_rule(const Case& c, std::size_t chosen) {
  return {std::max(latest_that_counts(c), completion(c, chosen)), static_cast<double>(c.servers[chosen].cost),
          static_cast<double>(c.servers[chosen].finish)};
}

Merits earliest_finish_rule(const Case& c, std::size_t chosen) {
  return {completion(c, chosen), service(c, chosen)};
}

Merits regret_rule(const Case& c, std::size_t chosen) {
  double cheapest = service(c, chosen);
  for (std::size_t i = 0; i < c.servers.size(); ++i) {
    if (c.servers[i].up && c.servers[i].able) cheapest = std::min(cheapest, service(c, i));
  }
  // Penalties are held to whole nanoseconds.
  return {completion(c, chosen) +
              static_cast<double>(static_cast<std::int64_t>(kGamma * (service(c, chosen) - cheapest))),
          service(c, chosen)};
}

Merits least_work_rule(const Case& c, std::size_t chosen) {
  return {static_cast<double>(c.servers[chosen].finish)};
}

Merits least_connections_rule(const Case& c, std::size_t chosen) {
  return {static_cast<double>(c.servers[chosen].in_flight)};
}

Merits affinity_rule(const Case& c, std::size_t chosen) {
  const Server& server = c.servers[chosen];
  return {static_cast<double>(server.finish * server.cost), static_cast<double>(server.cost)};
}

/// First those that nobody knows and nobody tries, then those that are known, then those being tried.
Merits least_response_time_rule(const Case& c, std::size_t chosen) {
  const Server& server = c.servers[chosen];
  const double open = server.in_flight;
  if (server.response_time > 0) return {1, static_cast<double>(server.response_time) * (open + 1)};
  return {open > 0 ? 2.0 : 0.0, open};
}

Merits random_rule(const Case&, std::size_t) { return {}; }

std::set<std::size_t> best_by(Rule rule, const Case& c) {
  std::map<Merits, std::set<std::size_t>> by_score;
  for (std::size_t i = 0; i < c.servers.size(); ++i) {
    if (c.servers[i].up && c.servers[i].able) by_score[rule(c, i)].insert(i);
  }
  return by_score.empty() ? std::set<std::size_t>{} : by_score.begin()->second;
}

std::set<std::size_t> picks_by(std::string_view policy, const Case& c) {
  const auto pool = columns_of(c);
  const auto made = find_policy(policy)->make({.gamma = kGamma});
  Random random(17);
  std::set<std::size_t> picks;
  for (int i = 0; i < 300; ++i) {
    if (const auto server = made->pick(pool.view(), {0, c.length, 0}, random)) picks.insert(*server);
  }
  return picks;
}

TEST_CASE("every policy picks exactly the servers that its rule calls best, all of them in the long run") {
  const std::map<std::string, Rule> rules{{"makespan", makespan_rule},
                                          {"earliest-finish", earliest_finish_rule},
                                          {"regret", regret_rule},
                                          {"least-work", least_work_rule},
                                          {"least-connections", least_connections_rule},
                                          {"affinity", affinity_rule},
                                          {"least-response-time", least_response_time_rule},
                                          {"random", random_rule}};
  for (const auto& [name, rule] : rules) {
    CHECK(rc::check(name + " against its rule", [&name = name, &rule = rule] {
      const Case c = make_case();
      const auto best = best_by(rule, c);
      RC_CLASSIFY(best.empty(), "none can");
      RC_CLASSIFY(best.size() > 1, "tie");
      RC_ASSERT(picks_by(name, c) == best);
    }));
  }
}

}  // namespace
}  // namespace finishline::sched
