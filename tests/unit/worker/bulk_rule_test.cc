#include "lb/worker/bulk_rule.h"

#include <doctest/doctest.h>

using namespace finishline;
using worker::BulkRule;
using worker::BulkWay;

namespace {

/// A move of 1 MiB that cost so much.
worker::BulkMove move_of(Nanos cpu) { return {1U << 20, cpu / 4, 1U << 20, cpu - cpu / 4}; }

/// So many moves on a machine where a move costs this much; how many of them were spliced.
std::uint32_t move_on(BulkRule& rule, std::uint32_t moves, Nanos copied, Nanos spliced) {
  std::uint32_t count = 0;
  for (std::uint32_t i = 0; i < moves; ++i) {
    const BulkRule::Next next = rule.next();
    const bool splices = next.way == BulkWay::splice;
    count += splices ? 1 : 0;
    if (next.measured) rule.note(next.way, move_of(splices ? spliced : copied));
  }
  return count;
}

}  // namespace

TEST_CASE("both ways are measured before one is preferred") {
  BulkRule rule;
  CHECK(move_on(rule, 2 * BulkRule::kFirst, 300us, 100us) == BulkRule::kFirst);
  CHECK(rule.preferred() == BulkWay::splice);
  CHECK(rule.per_gib(BulkWay::copy) == 1024 * 300us);
  CHECK(rule.per_gib(BulkWay::splice) == 1024 * 100us);
}

TEST_CASE("the cheaper way is taken but for rare trials of the other") {
  for (const bool splice_is_cheaper : {true, false}) {
    CAPTURE(splice_is_cheaper);
    BulkRule rule;
    const Nanos copied = splice_is_cheaper ? 300us : 100us, spliced = 400us - copied;
    move_on(rule, 2 * BulkRule::kFirst, copied, spliced);
    const std::uint32_t count = move_on(rule, 4 * BulkRule::kCycle, copied, spliced);
    const std::uint32_t trials = 4 * BulkRule::kMeasured;
    CHECK(count == (splice_is_cheaper ? 4 * BulkRule::kCycle - trials : trials));
  }
}

TEST_CASE("the way changes with the machine, and back") {
  BulkRule rule;
  move_on(rule, 1000, 300us, 100us);
  CHECK(rule.preferred() == BulkWay::splice);
  move_on(rule, 30 * BulkRule::kCycle, 100us, 300us);
  CHECK(rule.preferred() == BulkWay::copy);
  move_on(rule, 30 * BulkRule::kCycle, 300us, 100us);
  CHECK(rule.preferred() == BulkWay::splice);
}

TEST_CASE("a way that is hardly cheaper is not changed to") {
  BulkRule rule;
  move_on(rule, 10 * BulkRule::kCycle, 100us, 97us);
  CHECK(rule.preferred() == BulkWay::copy);
  move_on(rule, 30 * BulkRule::kCycle, 100us, 90us);
  CHECK(rule.preferred() == BulkWay::splice);
  move_on(rule, 30 * BulkRule::kCycle, 97us, 100us);
  CHECK(rule.preferred() == BulkWay::splice);
}

TEST_CASE("while only one way can be measured, nothing is preferred to copies") {
  BulkRule rule;
  for (int i = 0; i < 1000; ++i)
    if (const BulkRule::Next next = rule.next(); next.way == BulkWay::copy)
      rule.note(next.way, move_of(300us));
  CHECK(rule.preferred() == BulkWay::copy);
  CHECK(rule.per_gib(BulkWay::splice) == 0ns);
}

TEST_CASE("what goes out later is reckoned at the price of what went at once") {
  BulkRule rule;
  for (std::uint32_t i = 0; i < 2 * BulkRule::kFirst; ++i)
    rule.note(rule.next().way, {1U << 20, 100us, 1U << 18, 50us});
  CHECK(rule.per_gib(BulkWay::copy) == 1024 * 100us + 4096 * 50us);
}
