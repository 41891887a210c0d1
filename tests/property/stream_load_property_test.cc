// Whatever is opened, weighed, closed and lost with its worker: a server's load is the sum of what is open.
#include <doctest/doctest.h>
#include <rapidcheck.h>

#include <vector>

#include "lb/ledger/ledger.h"

using namespace finishline;
using namespace finishline::ledger;

namespace {

constexpr std::uint32_t kWorkers = 3;
constexpr std::uint32_t kServers = 2;

enum class Act { open, open_on_old_word, weigh, close, die, audit };

struct Step {
  Act act;
  WorkerId worker;
  ServerId server;
  Nanos load;
  std::size_t which;
};

Step any_step() {
  const auto act = *rc::gen::weightedElement<Act>({{6, Act::open},
                                                   {2, Act::open_on_old_word},
                                                   {2, Act::weigh},
                                                   {4, Act::close},
                                                   {1, Act::die},
                                                   {1, Act::audit}});
  return {act, *rc::gen::inRange(0U, kWorkers), *rc::gen::inRange(0U, kServers),
          Nanos(*rc::gen::inRange(0, 2'000'000'000)), *rc::gen::inRange<std::size_t>(0, 8)};
}

struct World {
  World() {
    for (ServerId s = 0; s < kServers; ++s) {
      ledger.ensure_server("server-" + std::to_string(s), 1);
      ledger.set_kind(s, ServerKind::streams);
    }
    for (WorkerId w = 0; w < kWorkers; ++w) pens.emplace_back(ledger, w);
  }

  void play(const Step& step) {
    auto& mine = open[step.worker];
    WorkerBooks& pen = pens[step.worker];
    const std::size_t pick = mine.empty() ? 0 : step.which % mine.size();
    switch (step.act) {
      case Act::open: {
        const auto made = pen.try_open(step.server, ledger.finish_word(step.server), step.load);
        RC_ASSERT(made.has_value());
        mine.push_back(*made);
        break;
      }
      case Act::open_on_old_word: {
        const std::int64_t old = ledger.finish_word(step.server);
        mine.push_back(*pen.try_open(step.server, old, step.load));
        RC_ASSERT(!pen.try_open(step.server, old, step.load));
        break;
      }
      case Act::weigh:
        if (!mine.empty()) pen.weigh(mine[pick], step.load);
        break;
      case Act::close:
        if (mine.empty()) break;
        pen.close(mine[pick]);
        mine.erase(mine.begin() + static_cast<std::ptrdiff_t>(pick));
        break;
      case Act::die:
        ledger.reclaim(step.worker, now);
        mine.clear();
        break;
      case Act::audit:
        ledger.audit(now += 2s);
        break;
    }
  }

  void check() const {
    for (ServerId server = 0; server < kServers; ++server) {
      ServerBooks sum;
      for (const auto& mine : open)
        for (const Reservation& it : mine)
          if (it.server == server) sum.owed += it.service, ++sum.in_flight;
      RC_ASSERT(ledger.books(server).in_flight == sum.in_flight);
      RC_ASSERT(ledger.books(server).owed == sum.owed);
    }
  }

  Ledger ledger = std::get<Ledger>(Ledger::create({kWorkers, kServers}));
  std::vector<WorkerBooks> pens;
  std::vector<Reservation> open[kWorkers];
  Instant now{std::chrono::hours(1)};
};

}  // namespace

TEST_CASE("after any opens, closes and deaths of workers a server's load is that of its open streams") {
  CHECK(rc::check("loads", [] {
    World world;
    for (const Step& step : *rc::gen::container<std::vector<Step>>(rc::gen::exec(any_step))) {
      world.play(step);
      world.check();
    }
  }));
}
