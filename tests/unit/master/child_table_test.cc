#include "lb/master/child_table.h"

#include <doctest/doctest.h>

using namespace finishline;
using namespace finishline::master;

namespace {

Instant at(Nanos t) { return Instant(std::chrono::hours(1) + t); }

/// Starts everybody who is due; pids count up from `pid`.
pid_t start_due(ChildTable& table, Instant now, pid_t pid) {
  while (Child* child = table.due(now)) table.started(*child, pid++, now);
  return pid;
}

/// One worker that dies at once again and again, so many times.
std::vector<Nanos> delays_of_quick_deaths(ChildTable& table, int times) {
  std::vector<Nanos> delays;
  table.add(Role::worker, 0, at(0s));
  Instant now = at(0s);
  for (pid_t pid = 100; pid < 100 + times; ++pid) {
    Child* child = table.due(now);
    REQUIRE(child != nullptr);
    table.started(*child, pid, now);
    table.exited(pid, now);
    delays.push_back(*table.until_due(now));
    now += delays.back();
  }
  return delays;
}

}  // namespace

TEST_CASE("children are due at once, and each is due once") {
  ChildTable table;
  table.add(Role::worker, 0, at(0s));
  table.add(Role::worker, 1, at(0s));
  table.add(Role::control, 0, at(0s));
  CHECK(table.until_due(at(0s)) == 0ns);
  CHECK(start_due(table, at(0s), 100) == 103);
  CHECK(table.running() == 3);
  CHECK_FALSE(table.until_due(at(0s)));
  CHECK(table.children()[1].name() == "worker 1");
  CHECK(table.children()[2].name() == "control");
}

TEST_CASE("a child that lived is started again at once") {
  ChildTable table;
  table.add(Role::worker, 7, at(0s));
  start_due(table, at(0s), 100);
  const auto dead = table.exited(100, at(60s));
  REQUIRE(dead);
  CHECK(dead->was == ChildState::running);
  CHECK(dead->child.state == ChildState::waiting);
  CHECK(dead->child.number == 7);
  CHECK(dead->child.pid == 0);
  CHECK(dead->child.quick_deaths == 0);
  CHECK(table.running() == 0);
  CHECK(table.due(at(60s)) != nullptr);
}

TEST_CASE("a stranger's death changes nothing") {
  ChildTable table;
  table.add(Role::worker, 0, at(0s));
  start_due(table, at(0s), 100);
  CHECK_FALSE(table.exited(999, at(5s)));
  CHECK(table.running() == 1);
  CHECK_FALSE(table.until_due(at(5s)));
}

TEST_CASE("quick deaths are waited for longer and longer, up to a bound, and the child is never given up") {
  ChildTable table;
  const auto delays = delays_of_quick_deaths(table, 100);
  CHECK(delays[0] == ChildTable::kFirstDelay);
  CHECK(delays[1] == 2 * ChildTable::kFirstDelay);
  CHECK(delays[5] == 32 * ChildTable::kFirstDelay);
  CHECK(delays.back() == ChildTable::kLongestDelay);
  CHECK(table.quarantined(table.children()[0]));
  CHECK(table.quarantined() == 1);
}

TEST_CASE("only workers that do not live, with no other that runs, leave no hope") {
  ChildTable table;
  delays_of_quick_deaths(table, ChildTable::kTooManyQuickDeaths - 1);
  CHECK_FALSE(table.hopeless(table.children()[0]));
  Child doomed = table.children()[0];
  doomed.quick_deaths = ChildTable::kTooManyQuickDeaths;
  CHECK(table.hopeless(doomed));
  doomed.role = Role::control;
  CHECK_FALSE(table.hopeless(doomed));
  doomed.role = Role::worker;
  table.add(Role::worker, 1, at(0s));
  table.started(*table.due(at(0s)), 900, at(0s));
  CHECK_FALSE(table.hopeless(doomed));
}

TEST_CASE("a longer life forgives the quick deaths before it") {
  ChildTable table;
  table.add(Role::worker, 0, at(0s));
  Instant now = at(0s);
  for (pid_t pid = 100; pid < 105; ++pid) {
    start_due(table, now, pid);
    table.exited(pid, now);
    now += *table.until_due(now);
  }
  start_due(table, now, 200);
  table.exited(200, now + ChildTable::kQuick);
  CHECK(table.until_due(now + ChildTable::kQuick) == 0ns);
  CHECK(table.children()[0].quick_deaths == 0);
}

TEST_CASE("a fork that fails counts as a quick death") {
  ChildTable table;
  table.add(Role::worker, 0, at(0s));
  Instant now = at(0s);
  for (std::uint32_t failures = 0; failures < ChildTable::kTooManyQuickDeaths; ++failures) {
    table.failed_to_start(*table.due(now), now);
    now += *table.until_due(now);
  }
  CHECK(table.quarantined(table.children()[0]));
}

TEST_CASE("when stopping nobody is started, neither who was due nor who dies now") {
  ChildTable table;
  table.add(Role::worker, 0, at(0s));
  table.add(Role::worker, 1, at(0s));
  table.started(*table.due(at(0s)), 100, at(0s));
  table.stop_starting();
  CHECK(table.due(at(3600s)) == nullptr);
  CHECK(table.exited(100, at(60s)));
  CHECK(table.due(at(3600s)) == nullptr);
  CHECK_FALSE(table.until_due(at(3600s)));
}

TEST_CASE("who is waiting, runs or is renewed when nobody is started any more is stopped in the end") {
  ChildTable table;
  table.add(Role::worker, 0, at(0s));
  table.add(Role::control, 0, at(0s));
  table.started(*table.due(at(0s)), 100, at(0s));
  table.started(*table.due(at(0s)), 101, at(0s));
  table.add(Role::worker, 1, at(0s));
  CHECK(table.renew_control(at(5s)) == 101);
  table.stop_starting();
  CHECK(table.children()[2].state == ChildState::stopped);
  CHECK(table.exited(100, at(2s))->child.state == ChildState::stopped);
  const auto control = table.exited(101, at(2s));
  CHECK(control->was == ChildState::renewing);
  CHECK(control->child.state == ChildState::stopped);
  CHECK(table.due(at(3600s)) == nullptr);
}

TEST_CASE("a child that has left, or is stopped, never runs again") {
  for (const ChildState last : {ChildState::gone, ChildState::stopped})
    for (const ChildState next : {ChildState::waiting, ChildState::running, ChildState::renewing})
      CHECK_FALSE(kChildMoves.legal(last, next));
  CHECK_FALSE(kChildMoves.legal(ChildState::leaving, ChildState::waiting));
  CHECK_FALSE(kChildMoves.legal(ChildState::waiting, ChildState::leaving));
  CHECK(kChildMoves.legal(ChildState::renewing, ChildState::waiting));
}

TEST_CASE("the soonest of several restarts decides how long to sleep") {
  ChildTable table;
  table.add(Role::worker, 0, at(0s));
  table.add(Role::worker, 1, at(0s));
  start_due(table, at(0s), 100);
  table.exited(100, at(0s));
  table.exited(101, at(10ms));
  CHECK(table.until_due(at(20ms)) == ChildTable::kFirstDelay - 20ms);
  CHECK(table.until_due(at(3600s)) == 0ns);
}

TEST_CASE("running children are counted by role") {
  ChildTable table;
  table.add(Role::worker, 0, at(0s));
  table.add(Role::control, 0, at(0s));
  start_due(table, at(0s), 100);
  CHECK(table.any_running(Role::worker));
  CHECK(table.any_running(Role::control));
  table.exited(100, at(5s));
  CHECK_FALSE(table.any_running(Role::worker));
  CHECK(table.any_running(Role::control));
}

TEST_CASE("a new generation takes numbers that nobody has") {
  ChildTable table;
  for (const std::uint32_t number : {0, 1, 3}) table.add(Role::worker, number, at(0s), 1);
  table.add(Role::control, 0, at(0s));
  CHECK(table.free_numbers(2, 64) == std::vector<std::uint32_t>{2, 4});
  CHECK(table.free_numbers(3, 5) == std::vector<std::uint32_t>{2, 4});
}

TEST_CASE("workers of a generation that leaves are not started again, and gone when they end") {
  ChildTable table;
  table.add(Role::worker, 0, at(0s), 1);
  table.add(Role::worker, 1, at(0s), 1);
  table.add(Role::worker, 2, at(0s), 2);
  table.started(*table.due(at(0s)), 100, at(0s));
  table.leave(1, at(30s));
  CHECK(table.children().size() == 2);  // the one that did not run has left already
  CHECK(table.due(at(1s))->number == 2);
  start_due(table, at(1s), 200);
  CHECK(table.until_due(at(10s)) == 20s);
  CHECK(table.overdue(at(29s)).empty());
  CHECK(table.overdue(at(30s)) == std::vector<pid_t>{100});
  CHECK(table.overdue(at(31s)).empty());
  const auto gone = table.exited(100, at(32s));
  REQUIRE(gone);
  CHECK(gone->was == ChildState::leaving);
  CHECK(gone->child.state == ChildState::gone);
  CHECK(table.children().size() == 1);
  CHECK_FALSE(table.until_due(at(32s)));
}

TEST_CASE("a control process that is renewed has not died, however young it was") {
  ChildTable table;
  table.add(Role::control, 0, at(0s));
  CHECK(table.renew_control(at(5s)) == 0);
  CHECK_FALSE(table.renewing());
  start_due(table, at(0s), 100);
  CHECK(table.renew_control(at(5s)) == 100);
  CHECK(table.renewing());
  const auto ended = table.exited(100, at(1ms));
  REQUIRE(ended);
  CHECK(ended->was == ChildState::renewing);
  CHECK(ended->child.quick_deaths == 0);
  CHECK_FALSE(table.renewing());
  CHECK(table.until_due(at(1ms)) == 0ns);
  start_due(table, at(1ms), 101);
  CHECK(table.overdue(at(6s)).empty());
  CHECK(table.exited(101, at(2ms))->was == ChildState::running);
}

TEST_CASE("a control process that is to end and does not is overdue") {
  ChildTable table;
  table.add(Role::control, 0, at(0s));
  start_due(table, at(0s), 100);
  table.renew_control(at(5s));
  CHECK(table.overdue(at(4s)).empty());
  CHECK(table.overdue(at(5s)) == std::vector<pid_t>{100});
}

TEST_CASE("a control process that is started again runs since then, and none runs in between") {
  ChildTable table;
  table.add(Role::control, 0, at(0s));
  start_due(table, at(0s), 100);
  CHECK(table.started_at(Role::control) == at(0s));
  table.exited(100, at(60s));
  CHECK(table.started_at(Role::control) == Instant{});
  start_due(table, at(60s), 101);
  CHECK(table.started_at(Role::control) == at(60s));
}
