// Late binding against the true optimum of small batches, found by trying every assignment of requests to
// servers. That no single batch takes more than 1.02 times its optimum is true neither of this rule nor,
// unless P = NP, of any that decides in polynomial time (nothing below 3/2; Lenstra, Shmoys, Tardos,
// Mathematical Programming 46, 1990). What holds is the worst case in units of one request, and a mean that
// falls with the number of requests: 300 of them are in tests/unit/sim/late_simulation_test.cc.
//
// The servers are busy until 1 ms, when all requests of the batch have come.
#include <doctest/doctest.h>

#include <algorithm>
#include <array>
#include <vector>

#include "lb/sched/random.h"
#include "lb/sim/late_simulation.h"
#include "tests/unit/sim/scenarios.h"

namespace finishline::sim {
namespace {

using sched::WaitOrder;
using Batch = std::vector<SimRequest>;

class Optimum {
 public:
  explicit Optimum(const Scenario& scenario) : scenario_(scenario), busy_(scenario.servers.size()) {}

  Nanos of(const Batch& batch) {
    best_ = Nanos::max();
    descend(batch, 0, 0ns);
    return best_;
  }

 private:
  /// `latest` is the finish so far; what is no better than the best is not gone into.
  void descend(const Batch& batch, std::size_t next, Nanos latest) {
    if (latest >= best_) return;
    if (next == batch.size()) {
      best_ = latest;
      return;
    }
    for (std::size_t server = 0; server < busy_.size(); ++server) {
      const Nanos service = service_at(server, batch[next]);
      busy_[server] += service;
      descend(batch, next + 1, std::max(latest, busy_[server]));
      busy_[server] -= service;
    }
  }
  Nanos service_at(std::size_t server, const SimRequest& request) const {
    return service_time(request.length,
                        scenario_.cost.nanos_per_unit(scenario_.servers[server].type, request.type, 1.0));
  }

  const Scenario& scenario_;
  std::vector<Nanos> busy_;
  Nanos best_{};
};

/// Every multiset of `size` requests of three types and two lengths, once.
void add_batches(std::size_t size, std::uint32_t least, Batch& batch, std::vector<Batch>& batches) {
  constexpr std::array<std::uint32_t, 2> kLengths{2, 5};
  if (batch.size() == size) return batches.push_back(batch);
  for (std::uint32_t kind = least; kind < 3 * kLengths.size(); ++kind) {
    batch.push_back({{500us, static_cast<RequestType>(kind % 3), kLengths[kind / 3]}});
    add_batches(size, kind, batch, batches);
    batch.pop_back();
  }
}

std::vector<Batch> all_batches_of_six() {
  std::vector<Batch> batches;
  Batch batch;
  add_batches(6, 0, batch, batches);
  return batches;
}

/// Types alike, lengths 1 to 9.
std::vector<Batch> some_batches(std::size_t count, std::size_t size) {
  sched::Random chance(1);
  std::vector<Batch> batches(count);
  for (Batch& batch : batches) {
    for (std::size_t i = 0; i < size; ++i)
      batch.push_back({{500us, static_cast<RequestType>(chance.below(3)), 1 + chance.below(9)}});
  }
  return batches;
}

struct Ratios {
  double mean = 0;    // of makespan to optimum
  double excess = 0;  // the most by which a batch was late, in services of its longest request
};

Ratios ratios_of(const std::vector<Batch>& batches, WaitOrder order) {
  const Scenario scenario = test::seed_batch(0);
  const LateBindingParams binding{.rule = {.order = order}, .mark = 0ns};
  Ratios ratios;
  for (const Batch& batch : batches) {
    Batch requests{{{0ms, 0, 1}}, {{0ms, 0, 1}}, {{0ms, 2, 1}}};
    requests.insert(requests.end(), batch.begin(), batch.end());
    const double optimum = to_seconds(Optimum(scenario).of(batch));
    const double took = to_seconds(play_late(scenario, requests, binding, 1).makespan - 1ms);
    CHECK(took >= optimum - 1e-9);
    const auto longest = std::ranges::max(batch, {}, &SimRequest::length).length;
    ratios.mean += took / optimum / static_cast<double>(batches.size());
    ratios.excess = std::max(ratios.excess, (took - optimum) / (longest * 1e-3));
  }
  return ratios;
}

TEST_CASE("longest first, a batch is late by one of its longest requests at most, and by 5 % on average") {
  const std::vector<Batch> all = all_batches_of_six();
  CHECK(all.size() == 462);
  for (const auto& batches : {all, some_batches(200, 9), some_batches(200, 12)}) {
    const Ratios ratios = ratios_of(batches, WaitOrder::longest);
    CHECK(ratios.excess <= 1.0 + 1e-9);
    CHECK(ratios.mean <= 1.05);
  }
}

TEST_CASE("in the other orders a small batch is late by less than two of its longest requests") {
  for (const WaitOrder order : {WaitOrder::balanced, WaitOrder::shortest}) {
    for (const auto& batches : {all_batches_of_six(), some_batches(200, 9), some_batches(200, 12)}) {
      const Ratios ratios = ratios_of(batches, order);
      CHECK(ratios.excess < 2.0);
      CHECK(ratios.mean <= 1.15);
    }
  }
}

}  // namespace
}  // namespace finishline::sim
