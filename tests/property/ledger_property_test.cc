// Random interleavings of several workers' calls against a model that keeps every booking in a list.
#include <doctest/doctest.h>
#include <rapidcheck.h>

#include <chrono>
#include <string>
#include <vector>

#include "lb/ledger/ledger.h"

using namespace finishline;
using namespace finishline::ledger;

namespace {

constexpr std::uint32_t kWorkers = 3;
constexpr std::uint32_t kServers = 2;

enum class Act {
  reserve,
  reserve_on_old_word,
  settle,
  settle_with_backlog,
  release,
  overdue,
  audit,
  reclaim,
  wait
};

struct Step {
  Act act;
  WorkerId worker;
  ServerId server;
  Nanos amount;       // of service, backlog or waiting
  std::size_t which;  // of the worker's open requests
};

Step any_step() {
  const auto act = *rc::gen::weightedElement<Act>({{6, Act::reserve},
                                                   {2, Act::reserve_on_old_word},
                                                   {4, Act::settle},
                                                   {1, Act::settle_with_backlog},
                                                   {1, Act::release},
                                                   {1, Act::overdue},
                                                   {1, Act::audit},
                                                   {1, Act::reclaim},
                                                   {3, Act::wait}});
  return {act, *rc::gen::inRange(0U, kWorkers), *rc::gen::inRange(0U, kServers),
          Nanos(*rc::gen::inRange(0, 20'000'000)), *rc::gen::inRange<std::size_t>(0, 8)};
}

struct World {
  explicit World(std::uint32_t slots_each) : slots(slots_each) {
    for (ServerId s = 0; s < kServers; ++s) ledger.ensure_server("server-" + std::to_string(s), slots_each);
    for (WorkerId w = 0; w < kWorkers; ++w) pens.emplace_back(ledger, w);
  }

  void play(const Step& step) {
    auto& mine = open[step.worker];
    WorkerBooks& pen = pens[step.worker];
    const bool any = !mine.empty();
    const std::size_t pick = any ? step.which % mine.size() : 0;
    switch (step.act) {
      case Act::reserve:
        mine.push_back(pen.reserve(step.server, step.amount, now));
        break;
      case Act::reserve_on_old_word: {
        const std::int64_t old = ledger.finish_word(step.server);
        mine.push_back(pen.reserve(step.server, 1ms, now));
        RC_ASSERT(!pen.try_reserve(step.server, old, step.amount, now));
        break;
      }
      case Act::settle:
        if (any) end(mine, pick, [&](auto& r) { pen.settle(r, step.amount, 0ns, now); });
        break;
      case Act::settle_with_backlog:
        if (any) end(mine, pick, [&](auto& r) { pen.settle(r, r.service, step.amount, now); });
        break;
      case Act::release:
        if (any) end(mine, pick, [&](auto& r) { pen.release(r, now); });
        break;
      case Act::overdue:
        if (any) pen.overdue(mine[pick].server, mine[pick].due, now);
        break;
      case Act::audit:
        ledger.audit(now);
        break;
      case Act::reclaim:
        ledger.reclaim(step.worker, now);
        mine.clear();
        break;
      case Act::wait:
        now += step.amount;
        break;
    }
  }

  template <class End>
  void end(std::vector<Reservation>& mine, std::size_t which, End how) {
    const Reservation it = mine[which];
    mine.erase(mine.begin() + static_cast<std::ptrdiff_t>(which));
    how(it);
  }

  ServerBooks expected(ServerId server) const {
    ServerBooks sum;
    for (const auto& mine : open)
      for (const Reservation& r : mine)
        if (r.server == server) sum.owed += r.service, ++sum.in_flight;
    return sum;
  }

  void check() const {
    for (ServerId server = 0; server < kServers; ++server) {
      const ServerBooks is = ledger.books(server), should = expected(server);
      RC_ASSERT(is.in_flight == should.in_flight);
      RC_ASSERT(is.owed == should.owed);
      const std::int64_t word = ledger.finish_word(server);
      if (should.in_flight > 0) RC_ASSERT(word != kIdle);
      RC_ASSERT(ledger.finish_at(server, word, now) >= now.time_since_epoch().count());
    }
  }

  /// A second later nobody is believed beyond the books.
  void check_audited() {
    now += Ledger::kTrust;
    ledger.audit(now);
    for (ServerId server = 0; server < kServers; ++server) {
      const ServerBooks sum = ledger.books(server);
      if (sum.in_flight == 0) RC_ASSERT(ledger.finish_word(server) == kIdle);
      RC_ASSERT(ledger.finish_word(server) <= (now + sum.owed / slots).time_since_epoch().count());
    }
  }

  void settle_all() {
    for (WorkerId w = 0; w < kWorkers; ++w)
      while (!open[w].empty()) end(open[w], 0, [&](auto& r) { pens[w].settle(r, r.service, 0ns, now); });
  }

  std::uint32_t slots;
  Ledger ledger = std::get<Ledger>(Ledger::create({kWorkers, kServers}));
  std::vector<WorkerBooks> pens;
  std::vector<Reservation> open[kWorkers];
  Instant now{std::chrono::hours(1)};
};

void play_all(const std::vector<Step>& steps, std::uint32_t slots) {
  World world(slots);
  for (const Step& step : steps) {
    world.play(step);
    world.check();
  }
  world.check_audited();
  world.settle_all();
  world.check();
  world.check_audited();
}

}  // namespace

TEST_CASE("after any calls of several workers the books hold exactly what is open") {
  CHECK(rc::check("one slot",
                  [] { play_all(*rc::gen::container<std::vector<Step>>(rc::gen::exec(any_step)), 1); }));
  CHECK(rc::check("several slots", [] {
    const auto slots = *rc::gen::inRange(2U, 9U);
    play_all(*rc::gen::container<std::vector<Step>>(rc::gen::exec(any_step)), slots);
  }));
}

TEST_CASE("when all is settled and nothing more was reported every server is idle at once") {
  CHECK(rc::check("idle", [] {
    World world(*rc::gen::inRange(1U, 4U));
    for (Step step : *rc::gen::container<std::vector<Step>>(rc::gen::exec(any_step))) {
      if (step.act == Act::settle_with_backlog) step.act = Act::settle;
      world.play(step);
    }
    world.settle_all();
    for (ServerId server = 0; server < kServers; ++server)
      RC_ASSERT(world.ledger.finish_word(server) == kIdle);
  }));
}

TEST_CASE("the finish time of one slot is the sum of what is booked, while all goes as booked") {
  CHECK(rc::check("chain", [](const std::vector<std::uint16_t>& services) {
    World world(1);
    Instant expected = world.now;
    for (std::size_t i = 0; i < services.size(); ++i) {
      const Nanos service{std::int64_t{services[i]} + 1};
      expected += service;
      RC_ASSERT(world.pens[i % kWorkers].reserve(0, service, world.now).due == expected);
      RC_ASSERT(world.ledger.finish_word(0) == expected.time_since_epoch().count());
    }
  }));
}
