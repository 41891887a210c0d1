// Who is let in by when the work would be done, what is foreseen of that, and how decisions are told.
#include <doctest/doctest.h>

#include <numeric>

#include "lb/ledger/decisions.h"
#include "lb/ledger/promises.h"
#include "lb/ledger/worker_status.h"
#include "proto/reply_body.h"
#include "tests/support/dispatch_desk.h"

using namespace finishline;
using namespace finishline::worker;
using namespace finishline::test;

namespace {

const ServerPlan kVideo1{"video-1"}, kMusic{"music-1", "music"};

RequestPool::Options by_deadline() {
  return {.name = "media", .policy = "makespan", .late = true, .mark = 1ms, .admits_by_deadline = true};
}

std::int64_t promises(const DispatchDesk& desk) {
  const auto errors = ledger::promise_errors(desk.ledger, 0);
  return std::accumulate(errors.late.counts.begin(), errors.late.counts.end(), std::int64_t{0}) +
         std::accumulate(errors.early.counts.begin(), errors.early.counts.end(), std::int64_t{0});
}

}  // namespace

TEST_CASE("admit: what is expected to be too late is refused at once, and told when it could be done") {
  DispatchDesk desk({kVideo1}, by_deadline());
  desk.ask(1, {.length = 20});
  desk.ask(2, {.length = 20});
  desk.ask(3, {.length = 5, .deadline_ms = 30});
  REQUIRE(desk.answered() == "overloaded");
  const auto& refusal = desk.clients.given[0];
  CHECK(proto::earliest_in(refusal.body) == 45000U);
  CHECK(refusal.answer.service_us == 15000);  // later by so much, the same deadline could be met
  desk.ask(4, {.length = 5, .deadline_ms = 50});
  CHECK(desk.dispatcher.waiting() == 2);
  for (std::size_t n = 0; n < 3; ++n) {
    desk.now += 20ms;
    desk.reply_to(0, n, {.service = 20ms});
  }
  CHECK(desk.clients.given.size() >= 3);
  desk.check_quiet();
}

TEST_CASE("admit: who has no deadline is taken, and always where the pool does not mind") {
  DispatchDesk desk({kVideo1}, by_deadline());
  for (std::uint64_t tag = 1; tag < 10; ++tag) desk.ask(tag, {.length = 20});
  CHECK(desk.answered() == "");
  RequestPool::Options always = by_deadline();
  always.admits_by_deadline = false;
  DispatchDesk other({kVideo1}, always);
  other.ask(1, {.length = 20});
  other.ask(2, {.length = 5, .deadline_ms = 22});
  CHECK(other.answered() == "");
}

TEST_CASE("admit: in a pool that binds early it counts what servers have before them") {
  RequestPool::Options early = by_deadline();
  early.late = false;
  DispatchDesk desk({kVideo1}, early);
  desk.ask(1, {.length = 20});
  desk.ask(2, {.length = 5, .deadline_ms = 22});
  CHECK(desk.answered() == "overloaded");
}

TEST_CASE("promise: how far off it was is counted when the reply comes") {
  DispatchDesk desk({kVideo1}, by_deadline());
  desk.ask(1, {.length = 20});
  CHECK(promises(desk) == 0);
  desk.now += 22ms;
  desk.reply_to(0, 0, {.service = 22ms});
  CHECK(promises(desk) == 1);
  CHECK(ledger::promise_errors(desk.ledger, 0).late.sum == 2ms);
  CHECK(desk.dispatcher.prospect_error(0) == 3ms);
}

TEST_CASE("prospect: it is foreseen without a trace, by type and length") {
  DispatchDesk desk({kVideo1, kMusic}, by_deadline());
  desk.ask(1, {.length = 20});
  const auto found = desk.dispatcher.prospect(0, {.type = 0, .code = 'V', .length = 5}, desk.now);
  REQUIRE(found);
  CHECK(found->until_done == 15ms);  // by the music server, which is slow with it
  CHECK(found->server == 1);
  CHECK(desk.dispatcher.prospect(0, {.type = 2, .code = 'M', .length = 5}, desk.now)->until_done == 5ms);
  CHECK(desk.total(ledger::WorkerCell::requests_open) == 1);
  desk.lose(0);
  desk.lose(1);
  CHECK_FALSE(desk.dispatcher.prospect(0, {.type = 0, .code = 'V', .length = 5}, desk.now));
}

TEST_CASE("explain: decisions are told while somebody asks, with who else could have done it and when") {
  RequestPool::Options options = by_deadline();
  options.learns_costs = true;  // has a row
  DispatchDesk desk({kVideo1, kMusic}, options);
  ledger::note_worker(desk.ledger, 0);
  ledger::DecisionWriter writer(desk.ledger, 0);
  ledger::DecisionReader reader(desk.ledger);
  std::vector<ledger::Decision> read;
  desk.dispatcher.explain_to(writer);
  desk.ask(1, {.length = 5});
  reader.read(read);
  CHECK(read.empty());
  ledger::want_recording(desk.ledger, 0, ledger::Reader::explainer, true);
  CHECK_FALSE(ledger::PoolOrders(desk.ledger, 0).recording());
  desk.ask(2, {.length = 3, .priority = 1});
  desk.ask(3, {.code = 'M', .length = 1});
  desk.now += 5ms;
  desk.reply_to(0, 0, {.service = 5ms});
  reader.read(read);
  REQUIRE(read.size() == 2);
  CHECK(read[0].why == ledger::Why::at_once);
  CHECK(read[0].server == 1);
  const ledger::Decision& waited = read[1];
  CHECK(waited.why != ledger::Why::at_once);
  CHECK(waited.priority == 1);
  CHECK(waited.decided_at - waited.received_at == 5ms);
  CHECK(waited.service == 3ms);
  REQUIRE(waited.alternative_count == 2);
  CHECK(waited.alternatives[0].server == 0);
  CHECK(waited.alternatives[0].until_done == 3ms);
  CHECK(waited.alternatives[1].until_done >= 9ms);
}
