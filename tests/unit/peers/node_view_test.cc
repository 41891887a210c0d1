#include "lb/peers/node_view.h"

#include <doctest/doctest.h>
#include <rapidcheck.h>

#include <array>
#include <map>
#include <utility>

#include "lb/peers/own_view.h"

using namespace finishline;
using namespace finishline::peers;
using News = NodeView::News;

namespace {

Instant at(Nanos t) { return Instant(std::chrono::hours(1) + t); }

Report report(std::uint32_t sequence, std::vector<ServerReport> servers, bool full = false,
              std::uint64_t epoch = 1) {
  return {.full = full, .epoch = epoch, .sequence = sequence, .name = "other", .servers = std::move(servers)};
}

ServerReport work(std::uint64_t key, Nanos owed) { return {.key = key, .owed = owed, .in_flight = 1}; }

}  // namespace

TEST_CASE("nothing is believed of a proxy before it has said all") {
  NodeView view;
  CHECK(view.take(report(5, {work(1, 5ms)}), at(0s)).news == News::none);
  CHECK(view.needs_full());
  CHECK_FALSE(view.known());
  CHECK(view.take(report(6, {work(1, 5ms)}, true), at(1ms)).news == News::everything);
  CHECK_FALSE(view.needs_full());
  CHECK(view.take(report(7, {work(1, 6ms)}), at(2ms)).news == News::change);
}

TEST_CASE("what a full report does not name is nothing") {
  NodeView view;
  view.take(report(1, {work(1, 5ms), work(2, 5ms)}, true), at(0s));
  const auto taken = view.take(report(2, {work(2, 7ms)}, true), at(1ms));
  REQUIRE(taken.servers.size() == 2);
  CHECK(taken.servers[0] == work(2, 7ms));
  CHECK(taken.servers[1] == ServerReport{.key = 1});
}

TEST_CASE("a report that was missed is a gap, and all is asked for") {
  NodeView view;
  view.take(report(1, {}, true), at(0s));
  const auto taken = view.take(report(3, {work(1, 5ms)}), at(1ms));
  CHECK(taken.gap);
  CHECK(taken.servers.size() == 1);
  CHECK(view.needs_full());
  view.take(report(4, {}, true), at(2ms));
  CHECK_FALSE(view.needs_full());
}

TEST_CASE("what was said before is not taken again, also where the numbers wrap") {
  NodeView view;
  view.take(report(0xffffffffU, {}, true), at(0s));
  CHECK(view.take(report(0xffffffffU, {work(1, 1ms)}), at(1ms)).news == News::none);
  CHECK(view.take(report(0xfffffff0U, {work(1, 1ms)}), at(1ms)).news == News::none);
  const auto next = view.take(report(0, {work(1, 1ms)}), at(1ms));
  CHECK(next.news == News::change);
  CHECK_FALSE(next.gap);
}

TEST_CASE("a proxy that returns begins a new epoch, in which nothing of the one before is left") {
  NodeView view;
  view.take(report(9, {work(1, 5ms)}, true), at(0s));
  CHECK(view.take(report(1, {work(2, 5ms)}, false, 2), at(1ms)).news == News::none);
  CHECK(view.needs_full());
  CHECK(view.take(report(2, {}, true, 2), at(2ms)).news == News::everything);
  CHECK(view.epoch() == 2);
}

TEST_CASE("a proxy is silent when it was not heard for longer than the silence") {
  NodeView view;
  view.take(report(1, {}, true), at(0s));
  CHECK_FALSE(view.silent(at(150ms), 150ms));
  CHECK(view.silent(at(151ms), 150ms));
  view.forget();
  CHECK_FALSE(view.known());
  CHECK(view.take(report(2, {}), at(200ms)).news == News::none);
}

TEST_CASE("whatever is lost on the way, after the next full report both know the same") {
  CHECK(rc::check([] {
    OwnView own("other", 1);
    NodeView view;
    constexpr std::size_t kServers = 3;
    std::map<std::uint64_t, Nanos> seen;
    std::array<ledger::OwnWork, kServers> books{};
    const int steps = *rc::gen::inRange(1, 40);
    for (int step = 0; step <= steps; ++step) {
      const Instant now = at(1ms * step);
      for (auto& work : books) {
        if (*rc::gen::arbitrary<bool>()) continue;
        work.books = {*rc::gen::inRange(0U, 3U), Nanos(1000 * *rc::gen::inRange(0, 9))};
        if (work.books.in_flight == 0) work.books.owed = 0ns;
      }
      own.begin(step == steps || *rc::gen::inRange(0, 8) == 0);
      for (std::size_t i = 0; i < kServers; ++i) own.look_at(i, i + 1, books[i], now);
      const Report said = own.take();
      if (step < steps && *rc::gen::inRange(0, 3) == 0) continue;  // lost
      const auto taken = view.take(*decode(encode(said)), now);
      if (taken.news == News::everything) seen.clear();
      for (const ServerReport& it : taken.servers) seen[it.key] = it.owed;
    }
    for (std::size_t i = 0; i < kServers; ++i) RC_ASSERT(seen[i + 1] == books[i].books.owed);
  }));
}

TEST_CASE("only what has changed is told, with when the server was done or given work") {
  OwnView own("me", 1);
  const auto look = [&](const ledger::OwnWork& work, Instant now, bool full = false) {
    own.begin(full);
    own.look_at(0, 7, work, now);
    return own.take().servers;
  };
  CHECK(look({}, at(0s)).empty());
  const auto begun = look({.books = {1, 5ms}, .sent = 1}, at(1ms));
  REQUIRE(begun.size() == 1);
  CHECK(begun[0].turn == Turn::begun);
  CHECK(look({.books = {1, 5ms}, .sent = 1}, at(2ms)).empty());
  const auto settled = look({.books = {1, 4ms}, .sent = 2, .settled_at = at(3ms)}, at(4ms));
  REQUIRE(settled.size() == 1);
  CHECK(settled[0].turn == Turn::settled);
  CHECK(settled[0].ago == 1ms);
  const auto all = look({.books = {1, 4ms}, .sent = 2, .settled_at = at(3ms)}, at(9ms), true);
  REQUIRE(all.size() == 1);
  CHECK(all[0].ago == 6ms);
}

TEST_CASE("what was told stays told when servers and lanes stand in other places") {
  OwnView own("me", 1);
  const ledger::OwnWork busy{.books = {1, 5ms}, .sent = 1}, other{.books = {2, 9ms}, .sent = 2};
  const sched::WaitLane lane{.count = 3};
  own.move_to({7, 8}, {20});
  own.begin(false);
  own.look_at(0, 7, busy, at(1ms));
  own.look_at(1, 8, other, at(1ms));
  own.look_at_lane(0, 20, lane, at(1ms));
  CHECK(own.take().servers.size() == 2);
  own.move_to({9, 8}, {21, 20});
  own.begin(false);
  own.look_at(0, 9, {}, at(2ms));
  own.look_at(1, 8, other, at(2ms));
  own.look_at_lane(0, 21, {}, at(2ms));
  own.look_at_lane(1, 20, lane, at(2ms));
  CHECK_FALSE(own.news());
  own.begin(true);
  own.look_at(0, 9, {}, at(3ms));
  own.look_at(1, 8, other, at(3ms));
  const auto all = own.take().servers;
  REQUIRE(all.size() == 1);
  CHECK(all[0].key == 8);
  CHECK(all[0].ago == 2ms);
}

TEST_CASE("who begins to listen about more asks for all, once something is known") {
  NodeView view;
  view.want_full();
  CHECK_FALSE(view.needs_full());
  view.take(report(1, {}, true), at(0s));
  view.want_full();
  CHECK(view.needs_full());
  view.take(report(2, {work(1, 5ms)}, true), at(1ms));
  CHECK_FALSE(view.needs_full());
}

TEST_CASE("what waits keeps its order from clock to clock") {
  const Instant here = at(5s), there = at(std::chrono::hours(9));
  const sched::WaitLane lane{.head_key = (here - 30ms).time_since_epoch().count(),
                             .urgent_start = (here + 2ms).time_since_epoch().count(),
                             .volume = 20,
                             .count = 4,
                             .head_length = 5,
                             .longest = 9,
                             .shortest = 1,
                             .urgent_length = 3,
                             .type = 2};
  const sched::WaitLane copy = lane_of(report_of(lane, 1, here), 2, there);
  CHECK(copy.head_key == (there - 30ms).time_since_epoch().count());
  CHECK(copy.urgent_start == (there + 2ms).time_since_epoch().count());
  CHECK(copy.volume == lane.volume);
  CHECK(lane_of(report_of({.type = 2}, 1, here), 2, there) == sched::WaitLane{.type = 2});
}
