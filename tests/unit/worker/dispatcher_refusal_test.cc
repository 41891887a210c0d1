// What becomes of requests that a server refuses.
#include <doctest/doctest.h>

#include "lb/worker/dispatcher.h"
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

TEST_CASE("a server that fails fast attracts hardly any, whatever it says and whoever chooses") {
  for (const Status failure : {Status::server_lost, Status::deadline_exceeded, Status::server_error,
                               Status::cancelled, static_cast<Status>(4711)}) {
    for (const auto& row : sched::policies()) {
      CAPTURE(std::string(row.name));
      CAPTURE(static_cast<int>(failure));
      DispatchDesk desk({kVideo1, kVideo2, kMusic}, {.name = "media", .policy = std::string(row.name)});
      std::size_t failed = 0;
      for (std::uint64_t tag = 0; tag < 1000; ++tag) {
        desk.ask(tag, {.code = tag % 2 == 0 ? 'V' : 'P'});
        for (; const Pending* asked = desk.dispatcher.oldest(0); ++failed)
          desk.reply(0, asked->token(), {.status = failure});
        for (const LinkId link : {1U, 2U})
          while (const Pending* asked = desk.dispatcher.oldest(link))
            desk.reply(link, asked->token(), {.service = 1ms});
        desk.now += 1ms;
      }
      CHECK(failed <= 20);
      CHECK(desk.clients.given.size() == 1000);
      desk.check_quiet();
    }
  }
}

TEST_CASE("of a burst that waits, a server that fails fast is given hardly any") {
  RequestPool::Options late{.name = "media", .policy = "makespan", .late = true, .mark = 1ms};
  DispatchDesk desk({kVideo1, kVideo2}, late);
  for (std::uint64_t tag = 0; tag < 1000; ++tag) desk.ask(tag);
  std::size_t failed = 0;
  while (desk.clients.given.size() < 1000) {
    for (; const Pending* asked = desk.dispatcher.oldest(0); ++failed)
      desk.reply(0, asked->token(), {.status = Status::server_error});
    desk.now += 1ms;
    if (const Pending* asked = desk.dispatcher.oldest(1)) desk.reply(1, asked->token(), {.service = 1ms});
    desk.dispatcher.look_at_waiting(desk.now);
  }
  CHECK(failed <= 15);
  desk.check_quiet();
}

TEST_CASE("where nobody else can do its work, a server that fails fast is given all of it at once") {
  DispatchDesk desk({kVideo1}, {.name = "media", .policy = "makespan", .late = true, .mark = 1ms});
  for (std::uint64_t tag = 0; tag < 100; ++tag) {
    desk.ask(tag);
    while (const Pending* asked = desk.dispatcher.oldest(0))
      desk.reply(0, asked->token(), {.status = Status::server_error});
  }
  CHECK(desk.clients.given.size() == 100);
  desk.check_quiet();
}

TEST_CASE("a server that answers nothing has failed once for what it had when a deadline passed there") {
  DispatchDesk desk({kVideo1, kVideo2}, {.name = "media", .policy = "round-robin"});
  const auto faults = [&] { return desk.reader.total(0, ServerCell::faults); };
  for (std::uint64_t tag = 0; tag < 20; ++tag) desk.ask(tag, {.deadline_ms = 1000});
  while (const Pending* asked = desk.dispatcher.oldest(1)) desk.reply(1, asked->token(), {.service = 1ms});
  desk.now += 1001ms;
  desk.dispatcher.tick(desk.now);
  CHECK(desk.clients.given.size() == 20);
  CHECK(faults() == 1);
  desk.now += 1ms;
  for (std::uint64_t tag = 20; tag < 24; ++tag) desk.ask(tag, {.deadline_ms = 9000});
  desk.now += 9001ms;
  desk.dispatcher.tick(desk.now);
  CHECK(faults() == 2);
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
