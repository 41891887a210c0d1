#include "lb/ledger/decisions.h"

#include <doctest/doctest.h>

#include "lb/ledger/worker_status.h"

using namespace finishline;
using namespace finishline::ledger;

namespace {

Decision decision(std::uint32_t length) {
  Decision made{.received_at = Instant(7s),
                .decided_at = Instant(8s),
                .service = 5ms,
                .length = length,
                .server = 2,
                .pool = 300,
                .type = 63,
                .priority = 3,
                .why = Why::again};
  made.alternatives = {{{2, 5ms}, {0, 9ms}}};
  made.alternative_count = 2;
  return made;
}

}  // namespace

TEST_CASE("a decision is read as it was written, once, by whoever began to read before") {
  Ledger ledger = std::get<Ledger>(Ledger::create({2, 1}));
  note_worker(ledger, 1);
  DecisionWriter writer(ledger, 1);
  writer.write(decision(1));
  DecisionReader reader(ledger);
  writer.write(decision(5));
  std::vector<Decision> read;
  reader.read(read);
  reader.read(read);
  REQUIRE(read.size() == 1);
  const Decision &got = read[0], wanted = decision(5);
  CHECK(got.received_at == wanted.received_at);
  CHECK(got.decided_at == wanted.decided_at);
  CHECK(got.service == wanted.service);
  CHECK(got.length == 5);
  CHECK(got.server == 2);
  CHECK(got.pool == 300);
  CHECK(got.type == 63);
  CHECK(got.priority == 3);
  CHECK(got.why == Why::again);
  REQUIRE(got.alternative_count == 2);
  CHECK(got.alternatives[1].server == 0);
  CHECK(got.alternatives[1].until_done == 9ms);
}

TEST_CASE("what is not fetched in time is overwritten, and never half of it is read") {
  Ledger ledger = std::get<Ledger>(Ledger::create({1, 1}));
  note_worker(ledger, 0);
  DecisionWriter writer(ledger, 0);
  DecisionReader reader(ledger);
  for (std::uint32_t n = 0; n < 3 * kRingDecisions; ++n) writer.write(decision(n));
  std::vector<Decision> read;
  reader.read(read);
  CHECK(read.size() >= kRingDecisions - 1);
  CHECK(read.size() <= kRingDecisions);
  CHECK(read.back().length == 3 * kRingDecisions - 1);
}
