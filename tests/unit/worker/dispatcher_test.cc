#include "lb/worker/dispatcher.h"

#include <doctest/doctest.h>

#include <set>

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

Pool::Options options(Nanos timeout, std::uint32_t max_attempts = 3) {
  return {.name = "media", .policy = "makespan", .timeout = timeout, .max_attempts = max_attempts};
}

/// All that was sent over any link, oldest first per link.
std::size_t sent_in_all(const DispatchDesk& desk) {
  std::size_t sum = 0;
  for (const FakeLink& link : desk.links) sum += link.sent.size();
  return sum;
}

}  // namespace

// --- there and back --------------------------------------------------------------------------------

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

// --- no server, no room ----------------------------------------------------------------------------

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

// --- replies that nobody asked for -----------------------------------------------------------------

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

// --- links come and go -----------------------------------------------------------------------------

TEST_CASE("a lost link costs a request that may not be done twice, and only that") {
  DispatchDesk desk({kVideo1, kVideo2});
  desk.ask(1);
  desk.ask(2);
  desk.lose(0);
  CHECK(desk.answered() == "server_lost");
  CHECK(desk.reader.failed(0, Status::server_lost) == 1);
  CHECK(desk.reply_to(1, 0));
  CHECK(desk.answered() == "server_lost ok");
  desk.check_quiet();
}

TEST_CASE("a retryable request on a lost link goes on to the next best server with its body") {
  DispatchDesk desk({kVideo1, kVideo2, kMusic});
  desk.ask(1, {.length = 3, .retryable = true, .body = "keep me"});
  const LinkId first = desk.links[0].sent.empty() ? 1 : 0;
  const LinkId second = 1 - first;
  desk.lose(first);
  REQUIRE(desk.links[second].sent.size() == 1);
  const FakeLink::Sent& again = desk.links[second].sent[0];
  CHECK(text_of(again.body) == "keep me");
  CHECK(again.request.code == 'V');
  CHECK(again.request.length == 3);
  CHECK(again.request.flags == proto::kRetryable);
  CHECK(again.token != desk.links[first].sent[0].token);
  CHECK(desk.total(WorkerCell::retries) == 1);
  CHECK_FALSE(desk.reply_to(first, 0));  // the lost server is late, and too late
  CHECK(desk.reply_to(second, 0));
  CHECK(desk.answered() == "ok");
  CHECK(desk.clients.given[0].answer.server == second);
  desk.check_quiet();
}

TEST_CASE("a retryable request with nowhere to go is answered server_lost") {
  DispatchDesk desk({kVideo1});
  desk.ask(1, {.retryable = true});
  desk.lose(0);
  CHECK(desk.answered() == "server_lost");
  desk.check_quiet();
}

TEST_CASE("a request is sent max_attempts times and then given up, though servers are left") {
  DispatchDesk desk({{"a"}, {"b"}, {"c"}, {"d"}}, options(0ns, 3));
  desk.ask(1, {.retryable = true, .body = "x"});
  std::set<LinkId> lost;
  while (desk.clients.given.empty()) {
    for (LinkId link = 0; link < 4; ++link) {
      if (!desk.links[link].sent.empty() && lost.insert(link).second) desk.lose(link);
    }
  }
  CHECK(lost.size() == 3);
  CHECK(sent_in_all(desk) == 3);
  CHECK(desk.answered() == "server_lost");
  desk.check_quiet();
}

TEST_CASE("a body outlives any number of attempts") {
  DispatchDesk desk({{"a"}, {"b"}, {"c"}, {"d"}, {"e"}}, options(0ns, 5));
  desk.ask(1, {.retryable = true, .body = std::string(5000, 'z')});
  for (int attempt = 1; attempt < 5; ++attempt) {
    for (LinkId link = 0; link < 5; ++link) {
      if (desk.links[link].sent.size() == 1 && desk.ledger.books(link).in_flight == 1) {
        desk.lose(link);
        break;
      }
    }
  }
  CHECK(sent_in_all(desk) == 5);
  for (const FakeLink& link : desk.links) {
    REQUIRE(link.sent.size() == 1);
    CHECK(text_of(link.sent[0].body) == std::string(5000, 'z'));
  }
}

TEST_CASE("retries are held to three when little is in flight, and the others wait for their turn") {
  DispatchDesk desk({kVideo1, kVideo2});
  desk.ledger.set_state(1, ledger::ServerState::down);
  for (std::uint64_t tag = 0; tag < 10; ++tag) desk.ask(tag, {.retryable = true});
  desk.ledger.set_state(1, ledger::ServerState::up);
  desk.lose(0);
  CHECK(desk.links[1].sent.size() == 3);
  CHECK(desk.clients.given.empty());
  CHECK(desk.total(WorkerCell::requests_waiting) == 7);
  for (std::size_t n = 0; n < 10; ++n) {
    CHECK(desk.links[1].sent.size() == std::min<std::size_t>(n + 3, 10));
    CHECK(desk.reply_to(1, n));
  }
  CHECK(desk.answered() == "ok ok ok ok ok ok ok ok ok ok");
  CHECK(desk.total(WorkerCell::requests_waiting) == 0);
  desk.check_quiet();
}

TEST_CASE("retries are held to a fifth of all that is in flight") {
  DispatchDesk desk({kVideo1, kVideo2});
  desk.ledger.set_state(1, ledger::ServerState::down);
  for (std::uint64_t tag = 0; tag < 100; ++tag) desk.ask(tag, {.retryable = true});
  desk.ledger.set_state(1, ledger::ServerState::up);
  desk.lose(0);
  CHECK(desk.links[1].sent.size() == 20);
  CHECK(desk.total(WorkerCell::requests_waiting) == 80);
  for (std::size_t n = 0; n < 100; ++n) desk.reply_to(1, n);
  CHECK(desk.clients.given.size() == 100);
  desk.check_quiet();
}

TEST_CASE("an answered retry makes room in the budget for the next") {
  DispatchDesk desk({kVideo1, kVideo2});
  for (int round = 0; round < 5; ++round) {
    const std::size_t before = desk.links[1].sent.size();
    desk.ledger.set_state(1, ledger::ServerState::down);
    for (std::uint64_t tag = 0; tag < 3; ++tag) desk.ask(tag, {.retryable = true});
    desk.ledger.set_state(1, ledger::ServerState::up);
    desk.lose(0);
    REQUIRE(desk.links[1].sent.size() == before + 3);
    for (std::size_t n = before; n < before + 3; ++n) desk.reply_to(1, n);
    desk.dispatcher.on_link_up(0, desk.now);
  }
  desk.check_quiet();
}

TEST_CASE("a retry that is lost again does not stand in its own way") {
  DispatchDesk desk({{"a"}, {"b"}, {"c"}});
  desk.ledger.set_state(1, ledger::ServerState::down);
  desk.ledger.set_state(2, ledger::ServerState::down);
  for (std::uint64_t tag = 0; tag < 3; ++tag) desk.ask(tag, {.retryable = true});
  desk.ledger.set_state(1, ledger::ServerState::up);
  desk.lose(0);
  REQUIRE(desk.links[1].sent.size() == 3);
  desk.ledger.set_state(2, ledger::ServerState::up);
  desk.lose(1);
  CHECK(desk.links[2].sent.size() == 3);
  for (std::size_t n = 0; n < desk.links[2].sent.size(); ++n) desk.reply_to(2, n);
  CHECK(desk.answered() == "ok ok ok");
  desk.check_quiet();
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

// --- refusals --------------------------------------------------------------------------------------

TEST_CASE(
    "what a server refuses goes elsewhere at once, whether it may be done twice or not, with its body") {
  for (const Status refusal : {Status::bad_frame, Status::unknown_type, Status::too_large, Status::no_server,
                               Status::overloaded, Status::draining}) {
    for (const bool retryable : {true, false}) {
      CAPTURE(proto::name_of(refusal));
      DispatchDesk desk({kVideo1, kVideo2});
      desk.ask(1, {.retryable = retryable, .body = "cat"});
      const LinkId first = desk.links[0].sent.empty() ? 1 : 0;
      CHECK(desk.reply_to(first, 0, {.status = refusal}));
      CHECK(desk.clients.given.empty());
      REQUIRE(desk.links[1 - first].sent.size() == 1);
      CHECK(text_of(desk.links[1 - first].sent[0].body) == "cat");
      desk.reply_to(1 - first, 0);
      CHECK(desk.answered() == "ok");
      CHECK(desk.total(WorkerCell::refusals) == 1);
      CHECK(desk.total(WorkerCell::retries) == 0);
      CHECK(desk.reader.failed(first, refusal) == 1);
      desk.check_quiet();
    }
  }
}

TEST_CASE("a request visits each server once, and hears what it can make use of when all have refused") {
  DispatchDesk desk({kVideo1, kVideo2, kMusic}, options(0ns, 1));
  desk.ask(1, {.retryable = true});
  for (int n = 0; n < 3; ++n)
    for (LinkId link = 0; link < 3; ++link)
      if (desk.dispatcher.oldest(link) != nullptr) desk.reply_to(link, 0, {.status = Status::draining});
  CHECK(desk.answered() == "no_server");
  CHECK(sent_in_all(desk) == 3);
  desk.check_quiet();
}

TEST_CASE("where all servers are overloaded the client hears so, and when to come again") {
  DispatchDesk desk({kVideo1});
  desk.ask(1);
  desk.reply_to(0, 0, {.status = Status::overloaded, .service = 70ms});
  CHECK(desk.answered() == "overloaded");
  CHECK(desk.clients.given[0].answer.service_us == 70'000);
  desk.check_quiet();
}

TEST_CASE("refusals are outside of the retry budget") {
  DispatchDesk desk({kVideo1, kVideo2});
  for (std::uint64_t tag = 0; tag < 40; ++tag) desk.ask(tag, {.retryable = true});
  const std::size_t at_first = desk.links[0].sent.size();
  for (std::size_t n = 0; n < at_first; ++n) desk.reply_to(0, n, {.status = Status::draining});
  CHECK(desk.dispatcher.waiting() == 0);
  CHECK(desk.links[1].sent.size() == 40);
  for (std::size_t n = 0; n < 40; ++n) desk.reply_to(1, n);
  for (const auto& given : desk.clients.given) CHECK(given.answer.status == Status::ok);
  desk.check_quiet();
}

TEST_CASE("a server that is leaving is asked again a second later, or once it has a new connection") {
  DispatchDesk desk({kVideo1, kVideo2});
  desk.ask(1);
  const LinkId leaving = desk.links[0].sent.empty() ? 1 : 0;
  desk.reply_to(leaving, 0, {.status = Status::draining});
  for (std::uint64_t tag = 2; tag < 20; ++tag) desk.ask(tag);
  CHECK(desk.links[leaving].sent.size() == 1);
  desk.tick_after(1001ms);
  desk.ask(20);
  CHECK(desk.links[leaving].sent.size() == 2);  // it has nothing to do, and had its rest
  desk.reply_to(leaving, 1, {.status = Status::draining});
  desk.lose(leaving);
  desk.dispatcher.on_link_up(leaving, desk.now);
  desk.ask(21);
  CHECK(desk.links[leaving].sent.size() == 3);
}

TEST_CASE("a server that refuses fast attracts no more than it needs to say otherwise") {
  for (const auto& row : sched::policies()) {
    CAPTURE(std::string(row.name));
    DispatchDesk desk({kVideo1, kVideo2, kMusic}, {.name = "media", .policy = std::string(row.name)});
    std::size_t refused = 0;
    for (std::uint64_t tag = 0; tag < 1000; ++tag) {
      desk.ask(tag, {.code = tag % 2 == 0 ? 'V' : 'P'});
      if (const Pending* asked = desk.dispatcher.oldest(0)) {
        desk.reply(0, asked->token(), {.status = Status::unknown_type});
        ++refused;
      }
      for (const LinkId link : {1U, 2U})
        while (const Pending* asked = desk.dispatcher.oldest(link))
          desk.reply(link, asked->token(), {.service = 1ms});
      desk.now += 1ms;
    }
    CHECK(refused <= 20);  // in a second, with pauses of 10, 20, 40 ... ms
    CHECK(desk.clients.given.size() == 1000);
    for (const auto& given : desk.clients.given) CHECK(given.answer.status == Status::ok);
    desk.check_quiet();
  }
}

TEST_CASE("a body that is too large for a server is no fault of the server's, which goes on being asked") {
  DispatchDesk desk({kVideo1, kVideo2});
  for (std::uint64_t tag = 0; tag < 20; ++tag) {
    desk.ask(tag, {.body = "large"});
    for (int tries = 0; tries < 2; ++tries)
      for (const LinkId link : {0U, 1U})
        if (const Pending* asked = desk.dispatcher.oldest(link))
          desk.reply(link, asked->token(), {.status = Status::too_large});
  }
  CHECK(desk.clients.given.size() == 20);
  CHECK(desk.sent_to(0) == 20);
  CHECK(desk.sent_to(1) == 20);
  CHECK(desk.reader.total(0, ServerCell::faults) == 0);
  desk.check_quiet();
}

TEST_CASE(
    "a server that makes up a deadline or a loss has done the work perhaps: only what may be is done again") {
  for (const Status status : {Status::deadline_exceeded, Status::server_lost}) {
    DispatchDesk desk({kVideo1, kVideo2});
    desk.ask(1, {.retryable = true});
    desk.ask(2, {.retryable = false});
    for (const LinkId link : {0U, 1U}) desk.reply_to(link, 0, {.status = status});
    CHECK(desk.answered() == std::string(proto::name_of(status)));
    CHECK(sent_in_all(desk) == 3);
    CHECK(desk.reader.total(0, ServerCell::faults) == 1);
    CHECK(desk.reader.total(1, ServerCell::faults) == 1);
  }
}

// --- clients that leave ----------------------------------------------------------------------------

TEST_CASE("what a client that has gone was waiting for is withdrawn, and its place is free") {
  DispatchDesk desk(
      {kVideo1},
      {.name = "media", .policy = "makespan", .max_backlog = 5ms, .wait_when_full = true, .max_waiting = 2});
  desk.ask(1, {.length = 10});
  desk.ask(2, {.retryable = true});
  desk.ask(3, {.retryable = true});
  CHECK(desk.dispatcher.waiting() == 2);
  desk.clients.present = false;
  desk.dispatcher.client_left();
  desk.tick_after(1ms);
  CHECK(desk.dispatcher.waiting() == 0);
  CHECK(desk.reader.answered(0, Status::cancelled) == 3);
  CHECK(desk.reply_to(0, 0));
  CHECK(sent_in_all(desk) == 1);
  CHECK(desk.reader.failed(0, Status::cancelled) == 1);
  desk.check_quiet();
}

TEST_CASE("what a client that has gone had at a lost server is not done again") {
  DispatchDesk desk({kVideo1, kVideo2});
  desk.ask(1, {.retryable = true, .body = "cat"});
  desk.clients.present = false;
  desk.lose(desk.links[0].sent.empty() ? 1 : 0);
  CHECK(sent_in_all(desk) == 1);
  CHECK(desk.reader.answered(0, Status::cancelled) == 1);
  CHECK(desk.dispatcher.held_bytes() == 0);
  desk.check_quiet();
}

TEST_CASE("the bodies of a client that has gone are let go, however long their work takes") {
  DispatchDesk desk({kVideo1});
  for (std::uint64_t tag = 0; tag < 31; ++tag)
    desk.ask(tag, {.length = 1'000'000, .retryable = true, .body = std::string(10'000, 'b')});
  CHECK(desk.dispatcher.held_bytes() > 310'000);
  desk.clients.present = false;
  desk.dispatcher.client_left();
  desk.tick_after(1ms);
  CHECK(desk.dispatcher.held_bytes() < 20'000);
}

// --- lost replies ----------------------------------------------------------------------------------

TEST_CASE("a booking outlives its request's deadline by the time that the work was to take, and no longer") {
  DispatchDesk desk({kVideo1});
  desk.ask(1, {.length = 300, .deadline_ms = 50});
  desk.tick_after(100ms);
  CHECK(desk.answered() == "deadline_exceeded");
  desk.tick_after(400ms);
  CHECK(desk.ledger.books(0).in_flight == 1);  // due at 300 ms, and 300 ms besides
  desk.tick_after(250ms);
  CHECK(desk.dispatcher.in_flight() == 0);
  CHECK(desk.reader.failed(0, Status::deadline_exceeded) == 1);
  CHECK_FALSE(desk.reply_to(0, 0));
  desk.check_quiet();
}

TEST_CASE("one lost reply does not keep a healthy server from work") {
  DispatchDesk desk({kVideo1, kVideo2});
  desk.ask(1, {.length = 5, .deadline_ms = 50});
  const LinkId loser = desk.links[0].sent.empty() ? 1 : 0;
  std::array<std::size_t, 2> shares{};
  for (std::uint64_t tag = 2; tag < 402; ++tag) {
    desk.tick_after(10ms);
    for (int twice = 0; twice < 2; ++twice) desk.ask(tag, {.length = 5});
    for (const LinkId link : {0U, 1U})
      for (std::size_t n = 0; n < desk.links[link].sent.size(); ++n)
        if (!(link == loser && n == 0) && desk.reply_to(link, n, {.service = 5ms})) ++shares[link];
  }
  CHECK(shares[loser] > 300);
  CHECK(shares[1 - loser] > 300);
  desk.check_quiet();
}

TEST_CASE("a reply that later ones have overtaken is given up in the end, and the link with it") {
  DispatchDesk desk({kVideo1, kVideo2});
  desk.ask(1, {.length = 5, .retryable = true});
  const LinkId loser = desk.links[0].sent.empty() ? 1 : 0;
  const auto given_up = [&] { return !desk.links[loser].given_up.empty(); };
  for (std::uint64_t tag = 2; tag < 2000 && !given_up(); ++tag) {
    desk.tick_after(10ms);
    for (int twice = 0; twice < 2; ++twice) desk.ask(tag, {.length = 5});
    for (const LinkId link : {0U, 1U})
      for (std::size_t n = 0; n < desk.links[link].sent.size(); ++n)
        if (!(link == loser && n == 0)) desk.reply_to(link, n, {.service = 5ms});
  }
  REQUIRE(given_up());
  desk.lose(loser);
  CHECK(desk.links[1 - loser].sent.back().request.retryable());
  desk.reply_to(1 - loser, desk.links[1 - loser].sent.size() - 1);
  desk.check_quiet();
}

// --- time ------------------------------------------------------------------------------------------

TEST_CASE("a request past its deadline is answered once, and its late reply is taken and dropped") {
  DispatchDesk desk({kVideo1});
  desk.ask(1, {.length = 100, .deadline_ms = 50});
  desk.tick_after(40ms);
  CHECK(desk.clients.given.empty());
  desk.tick_after(30ms);
  CHECK(desk.answered() == "deadline_exceeded");
  desk.tick_after(100ms);
  CHECK(desk.ledger.books(0).in_flight == 1);  // the server still works on it
  CHECK(desk.reply_to(0, 0, {.service = 150ms}));
  CHECK(desk.answered() == "deadline_exceeded");
  CHECK_FALSE(desk.reply_to(0, 0));
  desk.check_quiet();
}

TEST_CASE("a late reply counts as one failed request of its server, not as a served one besides") {
  DispatchDesk desk({kVideo1});
  desk.ask(1, {.deadline_ms = 50});
  desk.tick_after(100ms);
  desk.reply_to(0, 0, {.service = 90ms});
  CHECK(desk.reader.failed(0, Status::deadline_exceeded) == 1);
  CHECK(desk.reader.served(0, 0) == 0);
  CHECK(desk.sent_to(0) == 1);
}

TEST_CASE("a request's own deadline stands before the pool's time-out, which stands for those without") {
  DispatchDesk desk({kVideo1}, options(200ms));
  desk.ask(1, {.deadline_ms = 50});
  desk.ask(2);
  desk.ask(3, {.deadline_ms = 1000});
  desk.tick_after(100ms);
  CHECK(desk.clients.given.size() == 1);
  desk.tick_after(200ms);
  CHECK(desk.clients.given.size() == 2);
  CHECK(desk.clients.given[1].tag == 2);
  desk.tick_after(800ms);
  CHECK(desk.answered() == "deadline_exceeded deadline_exceeded deadline_exceeded");
}

TEST_CASE("a link lost after the deadline neither answers again nor sends again") {
  DispatchDesk desk({kVideo1, kVideo2});
  desk.ask(1, {.retryable = true, .deadline_ms = 50});
  const LinkId used = desk.links[0].sent.empty() ? 1 : 0;
  desk.tick_after(100ms);
  desk.lose(used);
  CHECK(desk.answered() == "deadline_exceeded");
  CHECK(sent_in_all(desk) == 1);
  desk.check_quiet();
}

TEST_CASE("a second attempt keeps the deadline of the request and tells the server what is left") {
  DispatchDesk desk({kVideo1, kVideo2});
  desk.ask(1, {.retryable = true, .deadline_ms = 100});
  const LinkId first = desk.links[0].sent.empty() ? 1 : 0;
  CHECK(desk.links[first].sent[0].request.deadline_ms == 100);
  desk.tick_after(60ms);
  desk.lose(first);
  REQUIRE(desk.links[1 - first].sent.size() == 1);
  CHECK(desk.links[1 - first].sent[0].request.deadline_ms == 40);
  desk.tick_after(60ms);
  CHECK(desk.answered() == "deadline_exceeded");
  desk.reply_to(1 - first, 0);
  desk.check_quiet();
}

TEST_CASE("where order is all there is, a request given up keeps its place until its reply has come") {
  DispatchDesk desk({kMini});
  desk.ask(1, {.deadline_ms = 50});
  desk.ask(2);
  desk.tick_after(100ms);
  CHECK(desk.answered() == "deadline_exceeded");
  REQUIRE(desk.dispatcher.oldest(0) != nullptr);
  CHECK(desk.dispatcher.oldest(0)->abandoned());
  CHECK(desk.reply(0, desk.dispatcher.oldest(0)->token()));
  CHECK(desk.clients.given.size() == 1);
  CHECK(desk.reply(0, desk.dispatcher.oldest(0)->token()));
  CHECK(desk.clients.given[1].tag == 2);
  CHECK(desk.dispatcher.oldest(0) == nullptr);
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

// --- counters --------------------------------------------------------------------------------------

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

// --- changes of the pool -----------------------------------------------------------------------------

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
      0, Pool({.name = "media", .policy = "makespan"}, {spec(fresh, "new"), spec(1, "stays")}, desk.cost,
              desk.books, desk.metrics, 1));
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
  desk.dispatcher.replace_pool(
      0, Pool({.name = "media", .policy = "makespan"}, {stays}, desk.cost, desk.books, desk.metrics, 1));
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
  dispatcher.add_pool(Pool({.name = "media", .policy = "makespan", .row = row, .orders = {desk.ledger, row}},
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
