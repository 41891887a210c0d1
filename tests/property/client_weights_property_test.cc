// Shares by weight: clients that always have more waiting than max_ahead get of the servers' time what they
// weigh, whatever they ask for and whichever workers they are connected to; and nobody starves.
#include <doctest/doctest.h>
#include <rapidcheck.h>

#include <algorithm>
#include <cmath>
#include <vector>

#include "lb/sched/random.h"
#include "lb/sched/waiting_queue.h"

namespace finishline::sched {
namespace {

std::uint32_t below(std::uint32_t most) { return *rc::gen::inRange<std::uint32_t>(0, most); }

struct Client {
  double weight = 1;
  std::uint32_t length = 1;  // of its requests, half to one and a half times that
  std::uint8_t types = 1;    // so many it always has waiting
  std::uint32_t worker = 0;
  double served = 0;
};

/// Servers that all do everything alike, and workers of which each has a queue; who has the least key of all
/// is served. A unit of length is 1000 ns.
class FullHouse {
 public:
  FullHouse(std::uint32_t workers, std::uint32_t servers, std::uint32_t max_ahead,
            std::vector<Client> its_clients)
      : clients(std::move(its_clients)), free_(servers), random_(7) {
    for (std::uint32_t worker = 0; worker < workers; ++worker) queues_.emplace_back(3, worker, max_ahead);
    for (std::uint32_t i = 0; i < clients.size(); ++i)
      for (std::uint32_t n = 0; n < 60; ++n) ask(i, static_cast<std::uint8_t>(n % clients[i].types));
  }

  /// So many requests more. Whoever is served asks for the same again.
  void serve(std::uint32_t requests, bool count) {
    for (; requests > 0; --requests) serve_one(count);
  }
  /// One request of somebody whose weight is 1 comes now; how many are served before it.
  std::uint32_t served_before_a_stranger() {
    clients.push_back({});
    ask(static_cast<std::uint32_t>(clients.size() - 1), 0);
    const std::uint32_t handle = next_ - 1;
    std::uint32_t served = 0;
    for (; queues_[0].waits(handle) && served < 100'000; ++served) serve_one(false);
    return served;
  }

  std::vector<Client> clients;

 private:
  void ask(std::uint32_t who, std::uint8_t type) {
    Client& client = clients[who];
    const std::uint32_t length = std::max(client.length * (50 + random_.below(101)) / 100, 1U);
    const std::int64_t now = std::max(now_, *std::ranges::min_element(free_));
    queues_[client.worker].push(next_, {.key = now,
                                        .length = length,
                                        .type = type,
                                        .client = who,
                                        .since = now,
                                        .work = 1000.0 * length / client.weight});
    asked_by_.push_back(who);
    ++next_;
  }

  void serve_one(bool count) {
    const auto server = std::ranges::min_element(free_);
    now_ = std::max(now_, *server);
    WaitingQueue* from = nullptr;
    std::uint8_t type = 0;
    for (WaitingQueue& queue : queues_) {
      queue.set_time(now_);
      queue.set_mean_work(static_cast<std::int64_t>(mean_));
      for (const WaitLane& lane : queue.lanes())
        if (lane.count > 0 && (from == nullptr || lane.head_key < from->lanes()[type].head_key))
          from = &queue, type = lane.type;
    }
    const std::uint32_t handle = from->head(type);
    const double service = 1000.0 * from->waiter(handle).length;
    from->remove(handle);
    *server = now_ + static_cast<std::int64_t>(service);
    mean_ += (service - mean_) / 200;
    const std::uint32_t who = asked_by_[handle];
    if (count) clients[who].served += service;
    ask(who, type);
  }

  std::vector<WaitingQueue> queues_;
  std::vector<std::int64_t> free_;
  std::vector<std::uint32_t> asked_by_;
  Random random_;
  std::int64_t now_ = 0;
  std::uint32_t next_ = 0;
  double mean_ = 5000;
};

std::vector<Client> some_clients(std::uint32_t workers, bool long_ones = true) {
  std::vector<Client> clients(2 + below(4));
  for (Client& client : clients)
    client = {.weight = 1.0 + below(20) / 2.0,
              .length = 2 + below(long_ones ? 12 : 1),
              .types = static_cast<std::uint8_t>(1 + below(3)),
              .worker = below(workers)};
  return clients;
}

TEST_CASE("who always waits gets of the servers' time what he weighs, whatever he asks for, at any worker") {
  CHECK(rc::check("shares by weight", [] {
    const std::uint32_t workers = 1 + below(3);
    FullHouse house(workers, 1 + below(3), 3 + below(4), some_clients(workers));
    house.serve(3'000, false);
    house.serve(20'000, true);
    double served = 0, weights = 0;
    for (const Client& client : house.clients) served += client.served, weights += client.weight;
    for (const Client& client : house.clients)
      RC_ASSERT(std::abs(client.served / served - client.weight / weights) < 0.1 * client.weight / weights);
  }));
}

TEST_CASE("who asks for one thing is served, however much others weigh and have waiting") {
  CHECK(rc::check("nobody starves for weights", [] {
    const std::uint32_t max_ahead = 1 + below(5);
    FullHouse house(1, 1 + below(3), max_ahead, some_clients(1, false));
    house.serve(3'000, false);
    double weights = 0;
    for (const Client& client : house.clients) weights += client.weight * client.types;
    RC_ASSERT(house.served_before_a_stranger() <= 3 * max_ahead * weights + 10);
  }));
}

}  // namespace
}  // namespace finishline::sched
