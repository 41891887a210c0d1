// What becomes of requests when every server has more to do than it should: the dispatcher's waiting room.
#include <doctest/doctest.h>

#include <vector>

#include "tests/support/dispatch_desk.h"

using namespace finishline;
using namespace finishline::worker;
using namespace finishline::test;
using ledger::WorkerCell;
using proto::Status;

namespace {

const ServerPlan kVideo1{"video-1"};
const ServerPlan kVideo2{"video-2"};
const ServerPlan kMusic{"music-1", "music"};

RequestPool::Options rejecting(Nanos max_backlog) {
  return {.name = "media", .policy = "makespan", .max_backlog = max_backlog};
}
RequestPool::Options patient(Nanos max_backlog, std::uint32_t max_waiting = 100) {
  RequestPool::Options options = rejecting(max_backlog);
  options.wait_when_full = true;
  options.max_waiting = max_waiting;
  return options;
}

/// A world in which video servers do video and music servers music, and nothing else.
CostModel apart() {
  CostModel cost(1ms);
  cost.set_factor(cost.add_server_type("video"), cost.add_request_type("video", 'V'), 1);
  cost.set_factor(cost.add_server_type("music"), cost.add_request_type("music", 'M'), 1);
  return cost;
}

std::vector<std::uint64_t> tags(const DispatchDesk& desk) {
  std::vector<std::uint64_t> all;
  for (const auto& given : desk.clients.given) all.push_back(given.tag);
  return all;
}

}  // namespace

TEST_CASE("servers above their mark are given nothing, and the client hears when to come again") {
  DispatchDesk desk({kVideo1, kVideo2}, rejecting(10ms));
  for (std::uint64_t tag = 1; tag <= 4; ++tag) desk.ask(tag, {.length = 8});  // 16 ms for each server
  desk.ask(5, {.length = 1});
  CHECK(desk.answered() == "overloaded");
  CHECK(desk.clients.given[0].answer.service_us == 6000);
  CHECK(desk.ledger.books(0).owed == 16ms);
  CHECK(desk.ledger.books(1).owed == 16ms);
  for (LinkId link = 0; link < 2; ++link)
    for (std::size_t n = 0; n < 2; ++n) desk.reply_to(link, n);
  desk.check_quiet();
}

TEST_CASE("a request longer than the mark goes to a server that has nothing to do") {
  DispatchDesk desk({kVideo1}, rejecting(10ms));
  desk.ask(1, {.length = 500});
  CHECK(desk.links[0].sent.size() == 1);
  desk.ask(2, {.length = 1});
  CHECK(desk.answered() == "overloaded");
  CHECK(desk.clients.given[0].answer.service_us == 490'000);
}

TEST_CASE("a type has only its own servers to wait for, and no server is another thing than a full one") {
  DispatchDesk desk({kVideo1, kMusic}, rejecting(10ms), apart());
  desk.ask(1, {.code = 'V', .length = 20});
  desk.ask(2, {.code = 'V'});
  desk.ask(3, {.code = 'M'});
  CHECK(desk.answered() == "overloaded");
  CHECK(desk.links[1].sent.size() == 1);
  desk.lose(1);
  desk.ask(4, {.code = 'M'});
  CHECK(desk.answered() == "overloaded server_lost no_server");
}

TEST_CASE("who waits is served in order as the server falls below its mark") {
  DispatchDesk desk({kVideo1}, patient(10ms));
  for (std::uint64_t tag = 1; tag <= 5; ++tag) desk.ask(tag, {.length = 11, .body = "body"});
  CHECK(desk.links[0].sent.size() == 1);
  CHECK(desk.dispatcher.waiting() == 4);
  for (std::size_t n = 0; n < 5; ++n) {
    REQUIRE(desk.links[0].sent.size() == n + 1);
    CHECK(text_of(desk.links[0].sent[n].body) == "body");
    desk.now += 11ms;
    desk.reply_to(0, n, {.service = 11ms});
  }
  CHECK(tags(desk) == std::vector<std::uint64_t>{1, 2, 3, 4, 5});
  desk.check_quiet();
}

TEST_CASE("who comes while others wait goes behind them, though there is room for one") {
  DispatchDesk desk({kVideo1}, patient(10ms));
  desk.ask(1, {.length = 11});
  desk.ask(2);
  desk.now += 5ms;  // 6 ms are left, and nobody has looked yet
  desk.ask(3);
  CHECK(desk.links[0].sent.size() == 1);
  desk.tick_after(0ms);
  REQUIRE(desk.links[0].sent.size() == 3);
  desk.reply_to(0, 0);
  desk.reply_to(0, 1);
  desk.reply_to(0, 2);
  CHECK(tags(desk) == std::vector<std::uint64_t>{1, 2, 3});
  desk.check_quiet();
}

TEST_CASE("requests that wait for one server do not hold up those for another") {
  DispatchDesk desk({kVideo1, kMusic}, patient(10ms), apart());
  desk.ask(1, {.code = 'V', .length = 100});
  desk.ask(2, {.code = 'V'});
  desk.ask(3, {.code = 'M', .length = 11});
  desk.ask(4, {.code = 'M'});
  CHECK(desk.dispatcher.waiting() == 2);
  desk.tick_after(2ms);
  CHECK(desk.dispatcher.waiting() == 1);
  CHECK(desk.links[1].sent.size() == 2);
  CHECK(desk.links[0].sent.size() == 1);
}

TEST_CASE("the room holds max_waiting, and whoever finds it full is answered overloaded") {
  DispatchDesk desk({kVideo1}, patient(10ms, 2));
  for (std::uint64_t tag = 1; tag <= 5; ++tag) desk.ask(tag, {.length = 12});
  CHECK(desk.dispatcher.waiting() == 2);
  CHECK(desk.answered() == "overloaded overloaded");
  CHECK(tags(desk) == std::vector<std::uint64_t>{4, 5});
}

TEST_CASE("where requests are bound late max_waiting holds without max_backlog, and when_full says nothing") {
  for (const bool wait : {false, true}) {
    RequestPool::Options options = patient(0ns, 2);
    options.late = true;
    options.wait_when_full = wait;
    DispatchDesk desk({kVideo1}, options);
    for (std::uint64_t tag = 1; tag <= 5; ++tag) desk.ask(tag, {.length = 12});
    CHECK(desk.dispatcher.waiting() == 2);
    CHECK(desk.answered() == "overloaded overloaded");
    CHECK(tags(desk) == std::vector<std::uint64_t>{4, 5});
    CHECK(desk.clients.given[0].answer.service_us == 12'000);
    CHECK(desk.total(WorkerCell::turned_away) == 2);
    for (std::size_t n = 0; n < 3; ++n) desk.reply_to(0, n);
    CHECK(desk.answered() == "overloaded overloaded ok ok ok");
    desk.check_quiet();
  }
}

TEST_CASE("where requests are bound late nothing but memory limits what waits, unless something is said") {
  RequestPool::Options options = rejecting(0ns);
  options.late = true;
  DispatchDesk desk({kVideo1}, options);
  for (std::uint64_t tag = 1; tag <= 3000; ++tag) desk.ask(tag, {.length = 12});
  CHECK(desk.dispatcher.waiting() == 2999);
  CHECK(desk.answered().empty());
}

TEST_CASE("with max_waiting = 0 a pool that binds late keeps nothing") {
  RequestPool::Options options = patient(0ns, 0);
  options.late = true;
  DispatchDesk desk({kVideo1}, options);
  for (std::uint64_t tag = 1; tag <= 2; ++tag) desk.ask(tag, {.length = 12});
  CHECK(desk.answered() == "overloaded");
  desk.reply_to(0, 0);
  CHECK(desk.answered() == "overloaded ok");
  desk.check_quiet();
}

TEST_CASE("a deadline holds while its request waits, and nothing is left of it") {
  DispatchDesk desk({kVideo1}, patient(10ms));
  desk.ask(1, {.length = 1000});
  desk.ask(2, {.deadline_ms = 50, .body = std::string(1000, 'x')});
  desk.ask(3);
  desk.tick_after(100ms);
  CHECK(desk.answered() == "deadline_exceeded");
  CHECK(desk.clients.given[0].tag == 2);
  CHECK(desk.dispatcher.waiting() == 1);
  desk.reply_to(0, 0);
  REQUIRE(desk.links[0].sent.size() == 2);
  desk.reply_to(0, 1);
  CHECK(desk.answered() == "deadline_exceeded ok ok");
  desk.check_quiet();
}

TEST_CASE("whoever waits when the last server goes is answered no_server a second later") {
  DispatchDesk desk({kVideo1}, patient(10ms));
  desk.ask(1, {.length = 20});
  desk.ask(2);
  desk.lose(0);
  CHECK(desk.answered() == "server_lost");
  desk.tick_after(10ms);
  desk.tick_after(1100ms);
  CHECK(desk.answered() == "server_lost no_server");
  desk.check_quiet();
}

TEST_CASE("a server that comes up takes those who wait, up to its mark") {
  DispatchDesk desk({kVideo1, kVideo2}, patient(10ms));
  desk.lose(1);
  for (std::uint64_t tag = 1; tag <= 6; ++tag) desk.ask(tag, {.length = 11});
  CHECK(desk.dispatcher.waiting() == 5);
  desk.dispatcher.on_link_up(1, desk.now);
  CHECK(desk.links[1].sent.size() == 1);
  CHECK(desk.dispatcher.waiting() == 4);
}

TEST_CASE("a retryable request that lost its server waits for a full one, even where others are rejected") {
  DispatchDesk desk({kVideo1, kVideo2}, rejecting(10ms));
  desk.ask(1, {.length = 11, .retryable = true, .body = "again"});
  desk.ask(2, {.length = 11});
  const LinkId mine = desk.clients.given.empty() && text_of(desk.links[0].sent[0].body) == "again" ? 0 : 1;
  desk.lose(mine);
  CHECK(desk.clients.given.empty());
  CHECK(desk.dispatcher.waiting() == 1);
  desk.reply_to(1 - mine, 0);
  REQUIRE(desk.links[1 - mine].sent.size() == 2);
  CHECK(text_of(desk.links[1 - mine].sent[1].body) == "again");
  desk.reply_to(1 - mine, 1);
  CHECK(desk.answered() == "ok ok");
  desk.check_quiet();
}

TEST_CASE("a lost request that waits for its turn is lost in the end when no server is left") {
  DispatchDesk desk({kVideo1, kVideo2});
  desk.ledger.set_state(1, ledger::ServerState::down);
  for (std::uint64_t tag = 1; tag <= 5; ++tag) desk.ask(tag, {.retryable = true});
  desk.ledger.set_state(1, ledger::ServerState::up);
  desk.lose(0);
  CHECK(desk.dispatcher.waiting() == 2);
  desk.lose(1);
  desk.tick_after(10ms);
  CHECK(desk.answered() == "server_lost server_lost server_lost server_lost server_lost");
  desk.check_quiet();
}

TEST_CASE("a reply to a request that waits can only be invented, and is refused") {
  DispatchDesk desk({kVideo1}, patient(10ms));
  desk.ask(1, {.length = 11});
  desk.ask(2);
  const Token first = desk.links[0].sent[0].token;
  CHECK_FALSE(desk.reply(0, first + 1));  // its slot is the next
  CHECK(desk.dispatcher.waiting() == 1);
}

TEST_CASE("a pool with a congested member gives it nothing and calls it full, not gone") {
  ledger::Ledger ledger = std::get<ledger::Ledger>(ledger::Ledger::create({1, 4}));
  ledger::WorkerBooks books(ledger, 0);
  ledger::WorkerMetrics metrics(ledger, 0);
  const CostModel cost = CostModel::seed(1ms);
  const ledger::ServerId id = *ledger.ensure_server("video-1", 1);
  RequestPool pool({.name = "media", .policy = "makespan"}, {{.id = id, .spec = {id, "video-1", 0, 1.0, 1}}},
                   cost, books, metrics, 1);
  const Instant now(std::chrono::hours(1));
  pool.set_reach(0, true, true);
  CHECK(pool.congested());
  CHECK_FALSE(pool.place({}, now));
  CHECK(pool.why_not({}, now).status == Status::overloaded);
  CHECK(pool.why_not({}, now).wait > 0ns);
  pool.set_reach(0, true);
  CHECK_FALSE(pool.congested());
  CHECK(pool.place({}, now));
}
