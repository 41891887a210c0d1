#include "lb/peers/shared_orders.h"

#include <doctest/doctest.h>
#include <rapidcheck.h>

#include <deque>
#include <map>
#include <string>
#include <vector>

using namespace finishline;
using namespace finishline::peers;

namespace {

Instant at(Nanos t) { return Instant(std::chrono::hours(1) + t); }

/// The engine: a field, its versions, and the largest of a line that has gone.
struct Engine {
  SharedOrder now;
  std::uint64_t floor = 0;
  /// What stands there then; version 0: it has forgotten.
  SharedOrder set(const SharedOrder& order) {
    const bool fits = now.version == 0 || order.version == now.version;
    if (fits) now = {std::max(order.version, floor) + 1, order.by, order.value};
    return now;
  }
  void tidy() {
    floor = std::max(floor, now.version);
    now = {};
  }
};

}  // namespace

TEST_CASE("an order is read as it was written") {
  const SharedOrder order{12, "proxy-1", "least-work"};
  CHECK(shared_order_of(to_text(order)) == order);
  for (const char* const text : {"", "x", "0 a b", "1", "1 a", "1  b", "1 a ", "-1 a b", "1 a b\nc"})
    CHECK_FALSE(shared_order_of(text));
}

TEST_CASE(
    "what is ordered here is asked for on top of the version known, once the others' orders are known") {
  SharedOrders orders("me");
  CHECK_FALSE(orders.here("server a", "ready", "ready", at(0s)).ask);
  CHECK_FALSE(orders.here("server a", "drain", "ready", at(1s)).ask);
  orders.set_known(true);
  const auto step = orders.here("server a", "drain", "ready", at(2s));
  REQUIRE(step.ask);
  CHECK(*step.ask == SharedOrder{0, "me", "drain"});
  CHECK_FALSE(orders.here("server a", "drain", "ready", at(2s)).ask);
  orders.answered("server a", {1, "me", "drain"}, at(2s));
  CHECK_FALSE(orders.here("server a", "drain", "ready", at(9s)).ask);
  CHECK(*orders.here("server a", "ready", "ready", at(9s)).ask == SharedOrder{1, "me", "ready"});
}

TEST_CASE("what another has ordered is adopted, and not taken for an order of our own meanwhile") {
  SharedOrders orders("me");
  orders.set_known(true);
  orders.here("server a", "ready", "ready", at(0s));
  const auto step = orders.there("server a", {1, "other", "drain"}, at(1s));
  REQUIRE(step.adopt);
  CHECK_FALSE(step.conflict);
  CHECK_FALSE(orders.here("server a", "ready", "ready", at(1100ms)).ask);
  CHECK_FALSE(orders.here("server a", "drain", "ready", at(1200ms)).ask);
  CHECK(orders.here("server a", "ready", "ready", at(1300ms)).ask == SharedOrder{1, "me", "ready"});
}

TEST_CASE("of two orders at once the first holds, and the other proxy says so") {
  SharedOrders orders("me");
  orders.set_known(true);
  orders.here("pool p", "makespan", "makespan", at(0s));
  REQUIRE(orders.here("pool p", "regret", "makespan", at(1s)).ask);
  const auto step = orders.answered("pool p", SharedOrder{1, "other", "least-work"}, at(1s));
  REQUIRE(step.adopt);
  CHECK(step.conflict);
  CHECK(step.adopt->value == "least-work");
}

TEST_CASE("who begins anew has what stands in the engine, also where it was put back to what the file says") {
  SharedOrders orders("me");
  orders.here("server a", "drain", "ready", at(0s));
  const auto step = orders.there("server a", {4, "other", "ready"}, at(1s));
  orders.set_known(true);
  REQUIRE(step.adopt);
  CHECK(step.adopt->value == "ready");
}

TEST_CASE("who knows what was ordered asks for that alone, and what it adopts it does not ask for") {
  SharedOrders orders("me");
  orders.begins("change x", "{}", "{}");
  orders.set_known(true);
  CHECK_FALSE(orders.due("change x", at(0s)).ask);
  orders.ordered("change x", "a", "{}");
  CHECK(orders.due("change x", at(1s)).ask == SharedOrder{0, "me", "a"});
  CHECK_FALSE(orders.due("change x", at(1500ms)).ask);
  CHECK(orders.due("change x", at(3s)).ask == SharedOrder{0, "me", "a"});
  orders.ordered("change x", "b", "{}");  // while it is on its way
  CHECK_FALSE(orders.there("change x", {1, "me", "a"}, at(3s)).adopt);
  CHECK(orders.due("change x", at(3s)).ask == SharedOrder{1, "me", "b"});
  CHECK(orders.there("change x", {2, "other", "c"}, at(4s)).conflict);
  CHECK_FALSE(orders.due("change x", at(9s)).ask);
  CHECK(orders.there("change x", {3, "other", "b"}, at(10s)).adopt);
  CHECK_FALSE(orders.due("change x", at(20s)).ask);
}

TEST_CASE("what a proxy begins with gives way to what stands in the engine, which is no conflict") {
  SharedOrders orders("me");
  orders.begins("change x", "old", "{}");
  const auto step = orders.there("change x", {2, "other", "new"}, at(0s));
  CHECK(step.adopt);
  CHECK_FALSE(step.conflict);
}

TEST_CASE("an engine that has forgotten is not told what the files say anyway") {
  SharedOrders orders("me");
  orders.set_known(true);
  orders.ordered("change x", "a", "{}");
  orders.there("change x", {1, "me", "a"}, at(0s));
  orders.ordered("change x", "{}", "{}");
  orders.due("change x", at(1s));
  orders.there("change x", {2, "me", "{}"}, at(1s));
  orders.there("change x", {}, at(2s));
  CHECK_FALSE(orders.due("change x", at(9s)).ask);
}

TEST_CASE("a table is read as it was written") {
  const std::map<std::string, std::string> all{{"change server a", "1 me {}"}, {"change cost b", ""}};
  CHECK(table_of(to_table(all)) == all);
  CHECK(table_of("").empty());
  CHECK(table_of("x").size() == 1);
}

TEST_CASE("an engine that has forgotten is told again") {
  SharedOrders orders("me");
  orders.set_known(true);
  orders.here("server a", "ready", "ready", at(0s));
  orders.there("server a", {3, "other", "drain"}, at(0s));
  orders.here("server a", "drain", "ready", at(1s));
  orders.there("server a", {}, at(2s));
  CHECK(orders.here("server a", "drain", "ready", at(2s)).ask == SharedOrder{2, "me", "drain"});
}

TEST_CASE("an order made while the engine was away stands over what another has adopted before") {
  Engine engine;
  SharedOrders first("first"), second("second");
  for (SharedOrders* const one : {&first, &second}) {
    one->set_known(true);
    one->here("x", "ready", "ready", at(0s));
    one->there("x", {3, "first", "drain"}, at(0s));
    one->here("x", "drain", "ready", at(0s));
    one->there("x", {4, "first", "ready"}, at(1s));
    one->here("x", "ready", "ready", at(1s));
    one->set_known(false);
  }
  CHECK_FALSE(first.here("x", "drain", "ready", at(2s)).ask);  // an operator
  for (SharedOrders* const one : {&second, &first}) {
    one->set_known(true);
    CHECK_FALSE(one->there("x", engine.now, at(3s)).adopt);
  }
  CHECK_FALSE(second.here("x", "ready", "ready", at(3s)).ask);
  const auto told = first.here("x", "drain", "ready", at(3s)).ask;
  REQUIRE(told);
  first.answered("x", engine.set(*told), at(3s));
  const auto heard = second.there("x", engine.now, at(4s));
  REQUIRE(heard.adopt);
  CHECK(heard.adopt->value == "drain");
  CHECK_FALSE(heard.conflict);
  CHECK_FALSE(second.here("x", "drain", "ready", at(5s)).ask);
  CHECK_FALSE(second.here("x", "drain", "ready", at(9s)).ask);
}

TEST_CASE("what was adopted is not told over an order of a lower version, and an operator's own is") {
  SharedOrders orders("me");
  orders.set_known(true);
  orders.here("x", "ready", "ready", at(0s));
  orders.there("x", {4, "other", "drain"}, at(0s));
  orders.here("x", "drain", "ready", at(1s));
  const auto step = orders.there("x", {1, "third", "ready"}, at(2s));
  REQUIRE(step.adopt);
  CHECK_FALSE(step.conflict);
  CHECK_FALSE(orders.here("x", "ready", "ready", at(3s)).ask);
  CHECK(orders.here("x", "drain", "ready", at(4s)).ask == SharedOrder{1, "me", "drain"});
  orders.answered("x", {5, "me", "drain"}, at(4s));
  CHECK_FALSE(orders.there("x", {1, "third", "ready"}, at(5s)).adopt);
  CHECK(orders.here("x", "drain", "ready", at(6s)).ask == SharedOrder{1, "me", "drain"});
}

TEST_CASE(
    "whoever tells a forgotten order again gives it the version that it had, and a newer one is over it") {
  Engine engine;
  SharedOrders teller("teller"), orders("me");
  for (SharedOrders* const one : {&teller, &orders}) {
    one->set_known(true);
    one->here("x", "ready", "ready", at(0s));
    one->there("x", {7, "other", "drain"}, at(0s));
    one->here("x", "drain", "ready", at(0s));
  }
  orders.here("x", "ready", "ready", at(1s));  // an operator, and the engine is away
  teller.there("x", {}, at(2s));
  teller.answered("x", engine.set(*teller.here("x", "drain", "ready", at(2s)).ask), at(2s));
  CHECK(engine.now == SharedOrder{7, "teller", "drain"});
  orders.there("x", {}, at(2s));
  const auto told = orders.here("x", "ready", "ready", at(9s)).ask;
  REQUIRE(told);
  CHECK_FALSE(orders.answered("x", engine.set(*told), at(9s)).adopt);
  CHECK(engine.now == SharedOrder{8, "me", "ready"});
  CHECK(teller.there("x", engine.now, at(9s)).adopt);
}

TEST_CASE(
    "what stands there and is no order is written over, and what means nothing here by the next order") {
  CHECK_FALSE(shared_order_of("99999999999999999999999 a b"));
  CHECK_FALSE(shared_order_of("1000000000000000 a b"));
  SharedOrders orders("me");
  orders.set_known(true);
  orders.here("x", "ready", "ready", at(0s));
  orders.unreadable("x");
  CHECK_FALSE(orders.here("x", "ready", "ready", at(1s)).ask);
  CHECK(orders.here("x", "drain", "ready", at(2s)).ask == SharedOrder{0, "me", "drain"});
  orders.answered("x", {1, "me", "drain"}, at(2s));
  orders.unreadable("x");
  CHECK(orders.here("x", "drain", "ready", at(3s)).ask == SharedOrder{0, "me", "drain"});
  orders.answered("x", {1, "me", "drain"}, at(3s));
  orders.pass_over("x", {5, "new", "asleep"});
  CHECK_FALSE(orders.here("x", "drain", "ready", at(9s)).ask);
  CHECK(orders.here("x", "ready", "ready", at(10s)).ask == SharedOrder{5, "me", "ready"});
}

TEST_CASE("what could not be carried out here is not told again, but an operator takes it back") {
  SharedOrders orders("me");
  orders.set_known(true);
  orders.set_otherwise("x", "{}");
  REQUIRE(orders.there("x", {3, "other", "a"}, at(0s)).adopt);
  orders.note_left_out("x", true);
  orders.there("x", {}, at(1s));
  CHECK_FALSE(orders.due("x", at(2s)).ask);
  orders.there("x", {3, "other", "a"}, at(3s));
  orders.ordered("x", "{}", "{}");
  CHECK(orders.due("x", at(4s)).ask == SharedOrder{3, "me", "{}"});
}

TEST_CASE("a line that has gone because nobody needed it is as the files say, also for who was away before") {
  SharedOrders orders("me");
  orders.set_known(true);
  orders.here("server a", "ready", "ready", at(0s));
  orders.there("server a", {3, "other", "drain"}, at(0s));
  orders.here("server a", "drain", "ready", at(1s));
  orders.set_floor(4);  // ready again, while we were away, and then nothing
  const auto step = orders.there("server a", {}, at(2s));
  REQUIRE(step.adopt);
  CHECK(step.adopt->value == "ready");
  CHECK_FALSE(orders.here("server a", "ready", "ready", at(3s)).ask);
  CHECK(orders.here("server a", "drain", "ready", at(4s)).ask == SharedOrder{0, "me", "drain"});
  orders.answered("server a", {5, "me", "drain"}, at(4s));
  CHECK_FALSE(orders.there("server a", {5, "me", "drain"}, at(5s)).adopt);
}

TEST_CASE("who has adopted an order before it has looked here goes back to what the files say") {
  SharedOrders orders("me");
  orders.set_otherwise("change x", "{}");
  orders.there("change x", {3, "other", "a"}, at(0s));
  orders.set_floor(4);
  const auto step = orders.there("change x", {}, at(1s));
  REQUIRE(step.adopt);
  CHECK(step.adopt->value == "{}");
}

TEST_CASE("who orders while the line goes is not overruled by that") {
  SharedOrders orders("me");
  orders.set_known(true);
  orders.here("server a", "ready", "ready", at(0s));
  orders.there("server a", {3, "other", "ready"}, at(0s));
  CHECK(orders.here("server a", "drain", "ready", at(1s)).ask == SharedOrder{3, "me", "drain"});
  orders.set_floor(3);
  CHECK_FALSE(orders.there("server a", {}, at(1s)).adopt);
  orders.there("server a", {4, "me", "drain"}, at(2s));
  CHECK_FALSE(orders.here("server a", "drain", "ready", at(9s)).ask);
}

TEST_CASE("whoever orders what and when, in the end all proxies have the same") {
  CHECK(rc::check([] {
    const std::vector<std::string> values{"ready", "drain", "other"};
    std::vector<SharedOrders> all{SharedOrders("a"), SharedOrders("b"), SharedOrders("c")};
    std::vector<std::string> here(all.size(), "ready");
    Engine engine;
    Instant now = at(0s);
    for (SharedOrders& one : all) one.set_known(true);
    const auto obey = [&](std::size_t i, const SharedOrders::Step& first) {
      SharedOrders::Step step = first;
      if (step.ask) {
        all[i].set_floor(engine.floor);
        step = all[i].answered("x", engine.set(*step.ask), now);
      }
      if (step.adopt) here[i] = step.adopt->value;
    };
    const auto hear = [&](std::size_t i) {
      all[i].set_floor(engine.floor);
      all[i].set_otherwise("x", "ready");
      obey(i, all[i].there("x", engine.now, now));
    };
    for (int turn = *rc::gen::inRange(1, 60); turn > 0; --turn) {
      now += Nanos(100ms) * *rc::gen::inRange(1, 30);
      const auto i = *rc::gen::inRange<std::size_t>(0, all.size());
      if (*rc::gen::inRange(0, 3) == 0) here[i] = *rc::gen::elementOf(values);
      if (*rc::gen::inRange(0, 20) == 0) engine = {};
      if (*rc::gen::inRange(0, 8) == 0 && engine.now.value == "ready") engine.tidy();
      if (*rc::gen::arbitrary<bool>()) hear(i);
      obey(i, all[i].here("x", here[i], "ready", now));
    }
    for (int round = 0; round < 4; ++round) {
      now += 3s;
      for (std::size_t i = 0; i < all.size(); ++i) {
        hear(i);
        obey(i, all[i].here("x", here[i], "ready", now));
      }
    }
    for (const std::string& value : here) RC_ASSERT(value == here.front());
  }));
}
