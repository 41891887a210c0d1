// The lower bound against schedules that exist: whatever a greedy scheduler reaches, the bound is not above
// it; and against a second way to solve the relaxation, for three server types, which is exact.
#include <doctest/doctest.h>
#include <rapidcheck.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <optional>
#include <vector>

#include "lb/model/fractional_load.h"
#include "lb/model/lower_bound.h"

using namespace finishline;
using namespace finishline::model;

namespace {

struct Case {
  CostModel cost{1ms};
  std::vector<ServerSpec> servers;
  std::vector<PlannedRequest> requests;
};

/// Up to 4 server types, 4 request types, 6 servers, 40 requests; every request type can be done somewhere.
Case any_case() {
  Case c;
  const auto request_types = *rc::gen::inRange(1, 5), server_types = *rc::gen::inRange(1, 5);
  for (int k = 0; k < request_types; ++k)
    c.cost.add_request_type(std::string(1, static_cast<char>('A' + k)), static_cast<char>('A' + k));
  for (int t = 0; t < server_types; ++t) {
    c.cost.add_server_type("type " + std::to_string(t));
    for (int k = 0; k < request_types; ++k) {
      const int factor = *rc::gen::inRange(0, 6);
      if (factor > 0 || t == 0)
        c.cost.set_factor(static_cast<ServerType>(t), static_cast<RequestType>(k), std::max(factor, 1));
    }
    const auto count = *rc::gen::inRange(t == 0 ? 1 : 0, 3);
    for (int s = 0; s < count; ++s)
      c.servers.push_back({0, "server", static_cast<ServerType>(t), *rc::gen::element(0.5, 1.0, 2.0),
                           *rc::gen::inRange(1U, 3U)});
  }
  const auto count = *rc::gen::inRange(0, 40);
  Nanos at{};
  for (int j = 0; j < count; ++j) {
    at += *rc::gen::inRange(0, 4) * 1ms;
    c.requests.push_back(
        {at, static_cast<RequestType>(*rc::gen::inRange(0, request_types)), *rc::gen::inRange(1U, 10U)});
  }
  return c;
}

/// List scheduling by earliest completion over all slots: a schedule that can really be carried out.
Nanos greedy_makespan(const Case& c) {
  struct Slot {
    const ServerSpec* server;
    Nanos free{};
  };
  std::vector<Slot> slots;
  for (const ServerSpec& server : c.servers) slots.insert(slots.end(), server.slots, Slot{&server, 0ns});
  Nanos makespan{};
  for (const PlannedRequest& request : c.requests) {
    Slot* best = nullptr;
    Nanos best_end = Nanos::max();
    for (Slot& slot : slots) {
      const double per_unit = c.cost.nanos_per_unit(slot.server->type, request.type, slot.server->speed);
      if (per_unit == std::numeric_limits<double>::infinity()) continue;
      const Nanos end = std::max(slot.free, request.at) + service_time(request.length, per_unit);
      if (end < best_end) {
        best_end = end;
        best = &slot;
      }
    }
    best->free = best_end;
    makespan = std::max(makespan, best_end);
  }
  return makespan;
}

/// Work at its cheapest, spread evenly over all capacity: a bound that is easy to believe.
double volume_by_capacity(const Case& c) {
  double volume = 0, capacity = 0;
  for (const ServerSpec& server : c.servers) capacity += server.speed * server.slots;
  for (const PlannedRequest& request : c.requests) {
    double cheapest = std::numeric_limits<double>::infinity();
    for (const ServerSpec& server : c.servers)
      cheapest = std::min(cheapest, c.cost.nanos_per_unit(server.type, request.type, 1.0));
    volume += cheapest * request.length;
  }
  return capacity > 0 ? volume / capacity : 0;
}

using Row = std::array<double, 3>;

double determinant(const Row& a, const Row& b, const Row& c) {
  return a[0] * (b[1] * c[2] - b[2] * c[1]) - a[1] * (b[0] * c[2] - b[2] * c[0]) +
         a[2] * (b[0] * c[1] - b[1] * c[0]);
}

/// The price vector with sum 1 that lies on both planes, by Cramer's rule; nothing when there is no single
/// one.
std::optional<Row> meeting_point(const Row& p, const Row& q) {
  const Row sum{1, 1, 1};
  const double d = determinant(p, q, sum);
  if (std::abs(d) < 1e-9) return std::nullopt;
  return Row{(p[1] * q[2] - p[2] * q[1]) / d, (p[2] * q[0] - p[0] * q[2]) / d,
             (p[0] * q[1] - p[1] * q[0]) / d};
}

/// The relaxation for three machine types: the dual is a concave function of the prices made of flat pieces,
/// so it is largest at a corner, and a corner is where two borders of pieces meet. Tries them all.
double best_corner(const std::vector<double>& time, const std::vector<double>& volume) {
  const std::size_t types = volume.size();
  std::vector<Row> borders{{1, 0, 0}, {0, 1, 0}, {0, 0, 1}};
  for (std::size_t k = 0; k < types; ++k) {
    const double a = time[k], b = time[types + k], c = time[2 * types + k];
    borders.insert(borders.end(), {Row{a, -b, 0}, Row{0, b, -c}, Row{a, 0, -c}});
  }
  double best = 0;
  for (std::size_t i = 0; i < borders.size(); ++i) {
    for (std::size_t j = 0; j < i; ++j) {
      const auto price = meeting_point(borders[i], borders[j]);
      if (!price || *std::min_element(price->begin(), price->end()) < -1e-12) continue;
      double value = 0;
      for (std::size_t k = 0; k < types; ++k)
        value += volume[k] * std::min({time[k] * (*price)[0], time[types + k] * (*price)[1],
                                       time[2 * types + k] * (*price)[2]});
      best = std::max(best, value);
    }
  }
  return best;
}

}  // namespace

TEST_CASE("the lower bound is never above a schedule that can be carried out") {
  CHECK(rc::check("bound <= greedy makespan", [] {
    const Case c = any_case();
    RC_ASSERT(lower_bound(c.cost, c.servers, c.requests) <= greedy_makespan(c));
  }));
}

TEST_CASE("the lower bound is never below the volume by the capacity, nor below any single request") {
  CHECK(rc::check("bound >= simple bounds", [] {
    const Case c = any_case();
    const auto bound = static_cast<double>(lower_bound(c.cost, c.servers, c.requests).count());
    RC_ASSERT(bound + 2 >= volume_by_capacity(c));
    for (const PlannedRequest& request : c.requests) {
      double fastest = std::numeric_limits<double>::infinity();
      for (const ServerSpec& server : c.servers)
        fastest = std::min(fastest, c.cost.nanos_per_unit(server.type, request.type, server.speed));
      RC_ASSERT(bound + 2 >= static_cast<double>(request.at.count()) + fastest * request.length);
    }
  }));
}

TEST_CASE("the lower bound does not fall when requests are added") {
  CHECK(rc::check("more work, no smaller bound", [] {
    Case c = any_case();
    RC_PRE(!c.requests.empty());
    const Nanos all = lower_bound(c.cost, c.servers, c.requests);
    c.requests.pop_back();
    RC_ASSERT(lower_bound(c.cost, c.servers, c.requests) <= all + 1ns);
  }));
}

TEST_CASE("for three server types the relaxation is solved exactly") {
  CHECK(rc::check("simplex == best corner of the dual", [] {
    const auto types = static_cast<std::size_t>(*rc::gen::inRange(1, 6));
    const auto numbers = [](std::size_t count, int least, int most) {
      const auto drawn = *rc::gen::container<std::vector<int>>(count, rc::gen::inRange(least, most));
      return std::vector<double>(drawn.begin(), drawn.end());
    };
    const auto time = numbers(3 * types, 1, 50);
    FractionalLoad load(time, types);
    for (int i = 0; i < 3; ++i) {
      const auto volume = numbers(types, 0, 1000);
      const double exact = best_corner(time, volume), solved = load.solve(volume);
      RC_ASSERT(solved <= exact * (1 + 1e-9));
      RC_ASSERT(solved >= exact * (1 - 1e-9));
    }
  }));
}
