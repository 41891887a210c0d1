// Learned costs in the dispatcher: what is noted of replies, and what is decided by.
#include <doctest/doctest.h>

#include "lb/ledger/learned_costs.h"
#include "tests/support/dispatch_desk.h"

using namespace finishline;
using namespace finishline::worker;
using namespace finishline::test;

namespace {

RequestPool::Options options(bool notes, bool learns, bool late = false) {
  return {.name = "media",
          .policy = "makespan",
          .late = late,
          .mark = 1ms,
          .notes_costs = notes,
          .learns_costs = learns};
}

/// The first server turns out to need three times as long as declared for video.
void teach(DispatchDesk& desk) {
  REQUIRE(ledger::ensure_pool(desk.ledger, "media") == 0U);
  ledger::write_learned_cost(desk.ledger, 0, 0, {.declared = 1e6, .learned = 3e6, .samples = 100});
  ledger::announce_costs(desk.ledger, 0);
}

std::size_t to_first_of(DispatchDesk& desk, int requests) {
  for (int n = 0; n < requests; ++n) desk.ask(static_cast<std::uint64_t>(n), {.length = 10});
  return desk.links[0].sent.size();
}

}  // namespace

TEST_CASE("costs: a good reply that says how long it took is noted, of no other") {
  DispatchDesk desk({{"video-1"}}, options(true, false));
  desk.ask(1, {.length = 10});
  desk.now += 20ms;
  desk.reply_to(0, 0, {.service = 20ms});
  CHECK(ledger::cost_evidence(desk.ledger, 0, 0).n == 1);
  CHECK(ledger::cost_evidence(desk.ledger, 0, 0).sum == doctest::Approx(1));
  desk.ask(2, {.length = 10});
  desk.now += 20ms;
  desk.reply_to(0, 1);  // does not say
  desk.ask(3, {.length = 10});
  desk.now += 5ms;
  desk.reply_to(0, 2, {.service = 20ms});  // cannot be true
  desk.ask(4, {.length = 10});
  desk.now += 20ms;
  desk.reply_to(0, 3, {.status = proto::Status::server_error, .service = 20ms});
  desk.ask(5, {.length = 0});
  desk.now += 1ms;
  desk.reply_to(0, 4, {.service = 1ms});  // no work was declared
  CHECK(ledger::cost_evidence(desk.ledger, 0, 0).n == 1);
}

TEST_CASE("costs: a pool that does not learn notes nothing") {
  DispatchDesk desk({{"video-1"}}, options(false, false));
  desk.ask(1, {.length = 10});
  desk.now += 20ms;
  desk.reply_to(0, 0, {.service = 20ms});
  CHECK(ledger::cost_evidence(desk.ledger, 0, 0).n == 0);
}

TEST_CASE("costs: what was learned decides where the pool says so, and changes nothing where it watches") {
  DispatchDesk watching({{"video-1"}, {"video-2"}}, options(true, false));
  teach(watching);
  CHECK(to_first_of(watching, 40) == 20);
  DispatchDesk learning({{"video-1"}, {"video-2"}}, options(true, true));
  teach(learning);
  CHECK(to_first_of(learning, 40) == 10);
}

TEST_CASE("costs: late binding goes by what was learned, from the next request on") {
  DispatchDesk desk({{"video-1"}, {"video-2"}}, options(true, true, true));
  teach(desk);
  to_first_of(desk, 3);
  CHECK(desk.dispatcher.waiting() == 2);  // the first server is no more among the cheapest
  CHECK(desk.links[0].sent.empty());
}
