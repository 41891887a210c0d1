// What becomes of requests whose link is lost.
#include <doctest/doctest.h>

#include <set>

#include "lb/worker/dispatcher.h"
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

TEST_CASE("headers go with their request from server to server, with a body or without, and no further") {
  for (const char* body : {"keep me", ""}) {
    CAPTURE(body);
    DispatchDesk desk({kVideo1, kVideo2});
    desk.ask(1, {.retryable = true, .body = body, .headers = "Content-Type: image/png\r\n"});
    const LinkId first = desk.links[0].sent.empty() ? 1 : 0;
    desk.lose(first);
    REQUIRE(desk.links[1 - first].sent.size() == 1);
    CHECK(text_of(desk.links[1 - first].sent[0].body) == body);
    CHECK(desk.links[1 - first].sent[0].headers == "Content-Type: image/png\r\n");
    CHECK(desk.reply_to(1 - first, 0));
    desk.ask(2);
    CHECK(desk.links[1 - first].sent.back().headers.empty());
    CHECK(desk.reply_to(1 - first, 1));
    desk.check_quiet();
  }
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

TEST_CASE("a retryable request that has lost its only server waits for it to come back") {
  RequestPool::Options patient = options(0ns);
  patient.retry_wait = 1s;
  DispatchDesk desk({kVideo1}, patient);
  desk.ask(1, {.retryable = true, .body = "keep me"});
  desk.lose(0);
  desk.ledger.set_state(0, ledger::ServerState::down);
  desk.tick_after(900ms);
  CHECK(desk.clients.given.empty());
  CHECK(desk.dispatcher.waiting() == 1);

  SUBCASE("and goes to it again, with its body") {
    desk.ledger.set_state(0, ledger::ServerState::up);
    desk.dispatcher.on_link_up(0, desk.now);
    REQUIRE(desk.links[0].sent.size() == 2);
    CHECK(text_of(desk.links[0].sent[1].body) == "keep me");
    CHECK(desk.reply_to(0, 1));
    CHECK(desk.answered() == "ok");
  }
  SUBCASE("and is answered when that takes longer than retry_wait") {
    desk.tick_after(200ms);
    CHECK(desk.answered() == "server_lost");
  }
  desk.check_quiet();
}

TEST_CASE(
    "a request waits for its first server, and for one to come back, while the pool has not been without for "
    "long") {
  RequestPool::Options patient = options(0ns);
  patient.retry_wait = 1s;
  DispatchDesk desk({kVideo1}, patient);
  desk.dispatcher.on_link_down(0, desk.now);
  desk.ledger.set_state(0, ledger::ServerState::down);
  desk.ask(1, {.body = "keep me"});
  desk.tick_after(900ms);
  CHECK(desk.dispatcher.waiting() == 1);

  SUBCASE("it goes there with its body") {
    desk.ledger.set_state(0, ledger::ServerState::up);
    desk.dispatcher.on_link_up(0, desk.now);
    REQUIRE(desk.links[0].sent.size() == 1);
    CHECK(text_of(desk.links[0].sent[0].body) == "keep me");
    CHECK(desk.reply_to(0, 0));
    CHECK(desk.answered() == "ok");
  }
  SUBCASE("it is answered when that takes longer than retry_wait, and so is whatever comes later, at once") {
    desk.tick_after(200ms);
    CHECK(desk.answered() == "no_server");
    desk.ask(2, {});
    CHECK(desk.answered() == "no_server no_server");
    desk.dispatcher.on_link_up(0, desk.now);
    desk.dispatcher.on_link_down(0, desk.now);
    desk.ask(3, {});
    CHECK(desk.dispatcher.waiting() == 1);
    desk.tick_after(1s);
    CHECK(desk.answered() == "no_server no_server no_server");
  }
  desk.check_quiet();
}

TEST_CASE("nobody waits for a kind of server that the pool does not have") {
  RequestPool::Options patient = options(0ns);
  patient.retry_wait = 1s;
  CostModel costs(1ms);
  costs.add_request_type("video", 'V');
  costs.set_factor(costs.add_server_type("music"), costs.add_request_type("music", 'M'), 1);
  DispatchDesk desk({kMusic}, patient, costs);
  desk.ask(1, {.code = 'V'});
  CHECK(desk.answered() == "no_server");
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

TEST_CASE("a server that gives requests back undone gets none of them again while another is there") {
  const Status undone = Status::server_lost;
  for (const bool late : {false, true}) {
    CAPTURE(late);
    RequestPool::Options pool = options(0ns);
    pool.late = late;
    DispatchDesk desk({kVideo1, kVideo2}, pool);
    for (std::uint64_t tag = 0; tag < 20; ++tag) desk.ask(tag, {.retryable = true});
    for (std::size_t served = 0, undone_so_far = 0; served + undone_so_far < sent_in_all(desk);) {
      if (undone_so_far < desk.links[0].sent.size()) {
        CHECK(desk.reply_to(0, undone_so_far++, {.status = undone}));
      } else {
        CHECK(desk.reply_to(1, served++));
      }
      desk.now += 1ms;
    }
    CHECK(desk.clients.given.size() == 20);
    for (const auto& given : desk.clients.given) CHECK(given.answer.status == Status::ok);
    CHECK(desk.links[0].sent.size() <= 20);
    desk.check_quiet();
  }
}

TEST_CASE("where no other server does such work, what was given back undone goes there once more") {
  DispatchDesk desk({kVideo1});
  desk.ask(1, {.retryable = true});
  CHECK(desk.reply_to(0, 0, {.status = Status::server_lost}));
  REQUIRE(desk.links[0].sent.size() == 2);
  CHECK(desk.reply_to(0, 1));
  CHECK(desk.answered() == "ok");
  desk.check_quiet();
}

TEST_CASE(
    "what was never sent over a lost link goes elsewhere, whatever it is, and its server has not failed") {
  DispatchDesk desk({kVideo1, kVideo2});
  desk.ledger.set_state(1, ledger::ServerState::down);
  for (std::uint64_t tag = 0; tag < 8; ++tag) desk.ask(tag, {.body = "keep me"});
  desk.ledger.set_state(1, ledger::ServerState::up);
  std::vector<Token> unsent;
  for (const FakeLink::Sent& it : desk.links[0].sent) unsent.push_back(it.token);
  desk.dispatcher.on_link_down(0, desk.now, unsent);
  CHECK(desk.clients.given.empty());
  CHECK(desk.reader.total(0, ledger::ServerCell::faults) == 0);
  CHECK(desk.total(WorkerCell::retries) == 0);
  REQUIRE(desk.links[1].sent.size() == 8);
  for (std::size_t n = 0; n < 8; ++n) {
    CHECK(text_of(desk.links[1].sent[n].body) == "keep me");
    CHECK(desk.reply_to(1, n));
  }
  CHECK(desk.answered() == "ok ok ok ok ok ok ok ok");
  desk.check_quiet();
}
