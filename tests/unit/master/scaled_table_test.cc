#include "lb/master/scaled_table.h"

#include <doctest/doctest.h>

namespace finishline::master {
namespace {

using ledger::ScaledLife;

Instant at(double seconds) { return Instant(Nanos(static_cast<std::int64_t>(seconds * 1e9))); }

ScaledPlace place(const std::string& name) { return {.name = name, .row = 3, .type = "video", .how = {}}; }

struct OnePlace {
  OnePlace() { table.follow({place("media-video-1")}); }
  ScaledProcess& it() { return table.all().front(); }
  ScaledTable table;
};

/// Starts it when it is due, and lets it die at once. Returns when it was started.
double die_once(ScaledTable& table, double from) {
  ScaledProcess& it = table.all().front();
  double now = from;
  while (!ScaledTable::due(it, true, at(now))) now += 0.01;
  ScaledTable::started(it, 42, 9000, at(now));
  CHECK(!ScaledTable::exited(it, at(now + 0.01)));
  return now;
}

}  // namespace

TEST_CASE("a place is started when it is wanted, and not before") {
  OnePlace one;
  CHECK(!ScaledTable::due(one.it(), false, at(1)));
  CHECK(ScaledTable::due(one.it(), true, at(1)));
  ScaledTable::started(one.it(), 42, 9000, at(1));
  CHECK(!ScaledTable::due(one.it(), true, at(2)));
  CHECK(one.table.with_pid(42) == &one.it());
  CHECK(one.table.has_port(9000));
  CHECK(one.table.any_running());
}

TEST_CASE(
    "one that dies old is started again at once, one that dies young later and later, and then no more") {
  OnePlace one;
  ScaledTable::started(one.it(), 42, 9000, at(0));
  CHECK(!ScaledTable::exited(one.it(), at(100)));
  CHECK(ScaledTable::due(one.it(), true, at(100)));
  double before = die_once(one.table, 100), pause = 0;
  for (std::uint32_t death = 1; death + 1 < ScaledTable::kTooManyQuickDeaths; ++death) {
    const double start = die_once(one.table, before);
    CHECK(start - before > pause);
    pause = start - before;
    before = start;
    CHECK(one.it().state == ScaledLife::backing_off);
  }
  die_once(one.table, before);
  CHECK(one.it().state == ScaledLife::given_up);
  CHECK(!ScaledTable::due(one.it(), true, at(1e6)));
}

TEST_CASE("what was given up gets another chance when the configuration is read again") {
  OnePlace one;
  for (double now = 0; one.it().state != ScaledLife::given_up;) now = die_once(one.table, now);
  one.table.follow({place("media-video-1")});
  CHECK(ScaledTable::due(one.it(), true, at(1e6)));
}

TEST_CASE("one that was told to end has not died, and is killed when it takes too long") {
  OnePlace one;
  ScaledTable::started(one.it(), 42, 9000, at(0));
  ScaledTable::ending(one.it(), at(1));
  CHECK(one.it().end_by == at(1) + one.it().place.how.stop_timeout);
  CHECK(one.table.until_due(at(1)) == one.it().place.how.stop_timeout);
  CHECK(ScaledTable::exited(one.it(), at(1.5)));
  CHECK(one.it().state == ScaledLife::none);
  CHECK(!one.table.any_running());
}

TEST_CASE("a place that the configuration has no more is there until its process has ended") {
  OnePlace one;
  ScaledTable::started(one.it(), 42, 9000, at(0));
  one.table.follow({place("media-video-2")});
  CHECK(one.table.take_gone().empty());
  REQUIRE(one.table.with_pid(42) != nullptr);
  CHECK(!one.table.with_pid(42)->configured);
  ScaledTable::ending(*one.table.with_pid(42), at(1));
  ScaledTable::exited(*one.table.with_pid(42), at(1));
  const auto gone = one.table.take_gone();
  REQUIRE(gone.size() == 1);
  CHECK(gone.front().place.name == "media-video-1");
  CHECK(one.table.all().size() == 1);
}

TEST_CASE("a process of the program before this one is the one of its place") {
  ScaledTable table;
  table.adopt("media-video-1", 42, 9000, at(5));
  table.follow({place("media-video-1"), place("media-video-2")});
  REQUIRE(table.all().size() == 2);
  CHECK(table.with_pid(42)->configured);
  CHECK(table.with_pid(42)->place.row == 3);
  CHECK(table.with_pid(42)->started_at == at(5));
}

}  // namespace finishline::master
