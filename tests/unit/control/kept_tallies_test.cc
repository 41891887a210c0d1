// Counters of control, over the end of a control process.
#include "lb/control/kept_tallies.h"

#include <doctest/doctest.h>

#include "lb/net/loop.h"

using namespace finishline;
using namespace finishline::control;

TEST_CASE("refusals and messages go on from where the process before has stopped") {
  ledger::Ledger ledger = std::get<ledger::Ledger>(ledger::Ledger::create({1, 1}));
  for (int lives = 1; lives <= 3; ++lives) {
    net::Loop loop;
    http::RefusalCounts refusals;
    Notifier notifier(loop);
    keep_tallies(ledger, refusals, notifier);
    CHECK(refusals.of(http::Refused::no_reply) == lives - 1);
    CHECK(notifier.mail().failed() == lives - 1);
    CHECK(notifier.mail().sent() == 0);
    refusals.count(http::Refused::no_reply, "127.0.0.1", Instant(1s));
    notifier.mail().add([](const std::atomic<bool>&) { return DeliveryResult{}; });
    notifier.mail().clear();
    CHECK(refusals.of(http::Refused::no_reply) == lives);
    CHECK(notifier.mail().failed() == lives);
  }
}
