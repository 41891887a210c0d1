#include "lb/worker/dispatcher.h"

#include <doctest/doctest.h>

#include "tests/support/dispatch_desk.h"

using namespace finishline;
using namespace finishline::worker;
using namespace finishline::test;
using ledger::ServerCell;
using ledger::WorkerCell;
using proto::Status;

namespace {

const ServerPlan kVideo1{"video-1"};
const ServerPlan kVideo2{"video-2"};
const ServerPlan kMusic{"music-1", "music"};
const ServerPlan kMini{"mini-1", "video", true};

RequestPool::Options options(Nanos timeout, std::uint32_t max_attempts = 3) {
  return {.name = "media", .policy = "makespan", .timeout = timeout, .max_attempts = max_attempts};
}

/// All that was sent over any link, oldest first per link.
std::size_t sent_in_all(const DispatchDesk& desk) {
  std::size_t sum = 0;
  for (const FakeLink& link : desk.links) sum += link.sent.size();
  return sum;
}

}  // namespace

TEST_CASE("a request goes to the server that the rule names and its answer echoes what was asked") {
  DispatchDesk desk({kMusic, kVideo1});
  desk.ask(7, {.code = 'V', .length = 5, .retryable = true, .body = "cat"});
  REQUIRE(desk.links[1].sent.size() == 1);
  CHECK(text_of(desk.links[1].sent[0].body) == "cat");
  CHECK(desk.ledger.books(1).owed == 5ms);
  CHECK(desk.clients.given.empty());

  const Bytes body = bytes_of("dog");
  CHECK(desk.reply_to(1, 0, {.service = 5003us, .body = body}));
  REQUIRE(desk.clients.given.size() == 1);
  const auto& [tag, answer, answered_body] = desk.clients.given[0];
  CHECK(tag == 7);
  CHECK(answer.status == Status::ok);
  CHECK(answer.code == 'V');
  CHECK(answer.flags == proto::kRetryable);
  CHECK(answer.length == 5);
  CHECK(answer.service_us == 5003);
  CHECK(answer.server == 1);
  CHECK(text_of(answered_body) == "dog");
  CHECK(desk.reader.served(1, 0) == 1);
  CHECK(desk.reader.total(1, ServerCell::service_us) == 5003);
  desk.check_quiet();
}

TEST_CASE("room for the next requests is spare: what is held beside it is what one request takes") {
  DispatchDesk desk({kVideo1});
  CHECK(desk.dispatcher.spare_bytes() == 0);
  desk.ask(7, {.code = 'V', .length = 5});
  REQUIRE(desk.links[0].sent.size() == 1);
  const std::size_t held = desk.dispatcher.held_bytes(), filled = held - desk.dispatcher.spare_bytes();
  CHECK(filled > 0);
  CHECK(held == 64 * filled);  // a page
  CHECK(desk.reply_to(0, 0));
  CHECK(desk.dispatcher.held_bytes() == desk.dispatcher.spare_bytes());
}

TEST_CASE("a server's own failure is passed on, counted, and not tried again") {
  DispatchDesk desk({kVideo1, kVideo2});
  desk.ask(1, {.retryable = true});
  const LinkId used = desk.links[0].sent.empty() ? 1 : 0;
  CHECK(desk.reply_to(used, 0, {.status = Status::server_error}));
  CHECK(desk.answered() == "server_error");
  CHECK(desk.reader.failed(used, Status::server_error) == 1);
  CHECK(sent_in_all(desk) == 1);
  desk.check_quiet();
}

TEST_CASE("replies in any order reach the requests that they belong to") {
  DispatchDesk desk({kVideo1});
  for (std::uint64_t tag = 0; tag < 5; ++tag) desk.ask(tag);
  for (const std::size_t n : {3U, 0U, 4U, 2U, 1U}) CHECK(desk.reply_to(0, n));
  std::vector<std::uint64_t> order;
  for (const auto& given : desk.clients.given) order.push_back(given.tag);
  CHECK(order == std::vector<std::uint64_t>{3, 0, 4, 2, 1});
  desk.check_quiet();
}

TEST_CASE("what a server reports as its backlog is believed for the next decision") {
  DispatchDesk desk({kVideo1, kVideo2});
  desk.ask(1);
  const LinkId used = desk.links[0].sent.empty() ? 1 : 0;
  desk.reply_to(used, 0, {.service = 1ms, .backlog = 500ms});
  desk.ask(2);
  CHECK(desk.links[1 - used].sent.size() == 1);
}

TEST_CASE("the answer of a client that has gone is counted as nobody's, and the books are settled") {
  DispatchDesk desk({kVideo1});
  desk.ask(1);
  desk.clients.present = false;
  CHECK(desk.reply_to(0, 0));
  CHECK(desk.total(WorkerCell::orphan_replies) == 1);
  desk.check_quiet();
}

TEST_CASE("an empty request is work, too: length 0 is sent and answered") {
  DispatchDesk desk({kVideo1});
  desk.ask(1, {.length = 0});
  CHECK(desk.reply_to(0, 0));
  CHECK(desk.answered() == "ok");
  desk.check_quiet();
}

TEST_CASE("with no link up a request is answered no_server at once") {
  DispatchDesk desk({kVideo1});
  desk.lose(0);
  desk.ask(1, {.retryable = true});
  CHECK(desk.answered() == "no_server");
  CHECK(desk.clients.given[0].answer.server == 0);
  desk.check_quiet();
}

TEST_CASE("a server that was put down is given nothing, and no_server when it was the only one") {
  DispatchDesk desk({kVideo1, kVideo2});
  desk.ledger.set_state(0, ledger::ServerState::down);
  for (std::uint64_t tag = 0; tag < 4; ++tag) desk.ask(tag);
  CHECK(desk.links[0].sent.empty());
  CHECK(desk.links[1].sent.size() == 4);
  desk.ledger.set_state(1, ledger::ServerState::draining);
  desk.ask(9);
  CHECK(desk.answered() == "no_server");
}

TEST_CASE("a type that no server can do is answered no_server however many are up") {
  CostModel cost(1ms);
  const RequestType read = cost.add_request_type("read", 'R');
  cost.add_request_type("write", 'W');
  cost.set_factor(cost.add_server_type("replica"), read, 1);
  DispatchDesk desk({{"replica-1", "replica"}}, options(0ns), cost);
  desk.ask(1, {.code = 'W'});
  CHECK(desk.answered() == "no_server");
  desk.ask(2, {.code = 'R'});
  CHECK(desk.links[0].sent.size() == 1);
}

TEST_CASE("a pool of mini servers takes what two bytes can say and calls the rest too_large") {
  DispatchDesk desk({kMini});
  desk.ask(1, {.length = 10});
  desk.ask(2, {.length = 1, .body = "x"});
  CHECK(desk.answered() == "too_large too_large");
  desk.ask(3, {.length = 9});
  CHECK(desk.links[0].sent.size() == 1);
  desk.lose(0);  // now size is not the reason
  desk.ask(4, {.length = 10});
  CHECK(desk.answered() == "too_large too_large server_lost no_server");
  desk.check_quiet();
}

TEST_CASE("a mixed pool gives a request that has no room in two bytes to a frame server") {
  DispatchDesk desk({kMini, kVideo1});
  for (std::uint64_t tag = 0; tag < 4; ++tag) desk.ask(tag, {.length = 10});
  CHECK(desk.links[0].sent.empty());
  CHECK(desk.links[1].sent.size() == 4);
  desk.ask(9, {.length = 9});
  CHECK(desk.links[0].sent.size() == 1);
}

TEST_CASE("a reply with a token that nobody was given is refused") {
  DispatchDesk desk({kVideo1});
  CHECK_FALSE(desk.reply(0, 12345));
  desk.ask(1);
  CHECK_FALSE(desk.reply(0, desk.links[0].sent[0].token + 1));
  CHECK(desk.clients.given.empty());
}

TEST_CASE("a reply over another link than the request's is refused, and the right one still counts") {
  DispatchDesk desk({kVideo1, kMusic});
  desk.ask(1);
  CHECK_FALSE(desk.reply(1, desk.links[0].sent[0].token));
  CHECK(desk.clients.given.empty());
  CHECK(desk.reply_to(0, 0));
  desk.check_quiet();
}

TEST_CASE("a second reply to the same request is refused, even when its slot is in use again") {
  DispatchDesk desk({kVideo1});
  desk.ask(1);
  CHECK(desk.reply_to(0, 0));
  CHECK_FALSE(desk.reply_to(0, 0));
  desk.ask(2);
  CHECK_FALSE(desk.reply_to(0, 0));
  CHECK(desk.answered() == "ok");
}

TEST_CASE("requests spread over the links of a server, and one link lost leaves it in reach") {
  DispatchDesk desk({{.name = "video-1", .links = 2}});
  for (std::uint64_t tag = 0; tag < 4; ++tag) desk.ask(tag);
  CHECK(desk.links[0].sent.size() == 2);
  CHECK(desk.links[1].sent.size() == 2);
  desk.lose(0);
  CHECK(desk.answered() == "server_lost server_lost");
  desk.ask(9);
  CHECK(desk.links[1].sent.size() == 3);
  CHECK(desk.reader.total(0, ServerCell::links_up) == 1);
}

TEST_CASE("a link that never came up is a failure of its server and nothing else") {
  DispatchDesk desk({kVideo1});
  desk.lose(0);
  desk.lose(0);
  CHECK(desk.reader.total(0, ServerCell::link_failures) == 2);
  CHECK(desk.reader.total(0, ServerCell::links_up) == 0);
  desk.dispatcher.on_link_up(0, desk.now);
  CHECK(desk.reader.total(0, ServerCell::links_up) == 1);
  desk.ask(1);
  CHECK(desk.reply_to(0, 0));
  desk.check_quiet();
}

TEST_CASE("a server that is late with its oldest request gets no new ones while others are free") {
  DispatchDesk desk({kVideo1, kVideo2});
  desk.ask(1, {.length = 10});
  const LinkId late = desk.links[0].sent.empty() ? 1 : 0;
  desk.tick_after(500ms);
  for (std::uint64_t tag = 2; tag < 5; ++tag) desk.ask(tag, {.length = 10});
  CHECK(desk.links[late].sent.size() == 1);
  CHECK(desk.links[1 - late].sent.size() == 3);
}

TEST_CASE("received is answered plus open at every moment") {
  DispatchDesk desk({kVideo1});
  const auto adds_up = [&] {
    const auto answered = static_cast<std::int64_t>(desk.clients.given.size());
    CHECK(desk.reader.received(0) == answered + desk.total(WorkerCell::requests_open));
  };
  desk.ask(1);
  adds_up();
  desk.ask(2, {.deadline_ms = 10});
  adds_up();
  desk.tick_after(50ms);
  adds_up();
  desk.reply_to(0, 0);
  adds_up();
  desk.lose(0);
  adds_up();
  desk.ask(3);
  adds_up();
  CHECK(desk.answered() == "deadline_exceeded ok no_server");
  desk.check_quiet();
}

TEST_CASE(
    "another pool in the place of one: what is in flight is finished, new work goes to the new members") {
  DispatchDesk desk({{.name = "old"}, {.name = "stays"}});
  desk.ask(1);
  desk.ask(2);
  const ledger::ServerId fresh = *desk.ledger.ensure_server("new", 1);
  const auto spec = [&](ledger::ServerId id, const char* name) {
    return Member{.id = id, .spec = {id, name, *desk.cost.server_type_named("video"), 1.0, 1}};
  };
  FakeLink fresh_link;
  const LinkId link = desk.dispatcher.add_spare_link(0, fresh, fresh_link);
  desk.dispatcher.on_link_up(link, desk.now);
  desk.dispatcher.replace_pool(
      0, RequestPool({.name = "media", .policy = "makespan"}, {spec(fresh, "new"), spec(1, "stays")},
                     desk.cost, desk.books, desk.metrics, 1));
  desk.dispatcher.assign_link(link, 0);
  desk.dispatcher.assign_link(1, 1);
  desk.ask(3);
  CHECK(fresh_link.sent.size() == 1);
  CHECK(desk.links[0].sent.size() == 1);
  CHECK(desk.dispatcher.in_flight_on(0) == 1);
  CHECK(desk.reply_to(0, 0));
  CHECK(desk.reply_to(1, 0));
  CHECK(desk.reply(link, fresh_link.sent.at(0).token));
  desk.dispatcher.remove_link(0, desk.now);
  CHECK(desk.answered() == "ok ok ok");
  CHECK(desk.reader.total(0, ledger::ServerCell::links_up) == 0);
  CHECK(desk.dispatcher.add_spare_link(0, fresh, fresh_link) == 0);  // its number is free again
  desk.check_quiet();
}

TEST_CASE("what a removed link still owes is sent again elsewhere, or lost") {
  DispatchDesk desk({{.name = "going"}, {.name = "stays"}});
  desk.ledger.set_state(1, ledger::ServerState::down);
  desk.ask(1, {.retryable = true});
  desk.ask(2);
  desk.ledger.set_state(1, ledger::ServerState::up);
  const Member stays{.id = 1, .spec = {1, "stays", *desk.cost.server_type_named("video"), 1.0, 1}};
  desk.dispatcher.replace_pool(0, RequestPool({.name = "media", .policy = "makespan"}, {stays}, desk.cost,
                                              desk.books, desk.metrics, 1));
  desk.dispatcher.assign_link(1, 0);
  desk.dispatcher.remove_link(0, desk.now);
  CHECK(desk.answered() == "server_lost");
  CHECK(desk.reply_to(1, 0));
  CHECK(desk.answered() == "server_lost ok");
  desk.check_quiet();
}

TEST_CASE("requests are recorded while somebody reads, with what was asked and what it took") {
  DispatchDesk desk({kVideo1});
  ledger::RecordWriter writer(desk.ledger, 0);
  ledger::RecordReader reader(desk.ledger);
  const ledger::PoolId row = *ledger::ensure_pool(desk.ledger, "media");
  Dispatcher dispatcher(desk.books, desk.metrics, desk.clients, &writer);
  const ServerSpec spec{0, "video-1", 0, 1.0, 1};
  dispatcher.add_pool(
      RequestPool({.name = "media", .policy = "makespan", .row = row, .orders = {desk.ledger, row}},
                  {{.id = 0, .spec = spec}}, desk.cost, desk.books, desk.metrics, 1));
  FakeLink link;
  dispatcher.on_link_up(dispatcher.add_link(0, 0, link), desk.now);
  const auto serve = [&](std::uint32_t length) {
    dispatcher.dispatch(0, {.type = 2, .code = 'M', .length = length}, {}, desk.now);
    CHECK(dispatcher.on_reply(0, link.sent.back().token, {.service = 3ms}, desk.now + 5ms));
  };
  serve(1);
  ledger::want_recording(desk.ledger, row, ledger::Reader::recorder, true);
  serve(2);
  std::vector<ledger::Record> records;
  CHECK(reader.read(records) == 0);
  REQUIRE(records.size() == 1);
  CHECK(records[0].received_at == desk.now);
  CHECK(records[0].type == 2);
  CHECK(records[0].length == 2);
  CHECK(records[0].service == 3ms);
  CHECK(records[0].response == 5ms);
  CHECK(records[0].pool == row);
}

TEST_CASE("a server may come and go before there is a pool that it belongs to") {
  DispatchDesk desk({{"video-1"}});
  Dispatcher dispatcher(desk.books, desk.metrics, desk.clients);
  FakeLink link;
  const LinkId id = dispatcher.add_spare_link(3, 0, link);
  dispatcher.on_link_up(id, desk.now);
  dispatcher.on_link_down(id, desk.now);
  dispatcher.on_link_drained(id, desk.now);
  dispatcher.on_server_leaving(id, desk.now);
  CHECK_FALSE(dispatcher.take_relief());
}
