// Late binding in the dispatcher: who waits in the proxy, and who is served when a server is about to be
// free.
#include <doctest/doctest.h>

#include <algorithm>
#include <vector>

#include "tests/support/dispatch_desk.h"

using namespace finishline;
using namespace finishline::worker;
using namespace finishline::test;
using proto::Status;

namespace {

const ServerPlan kVideo1{"video-1"}, kVideo2{"video-2"}, kMusic{"music-1", "music"};

RequestPool::Options late(sched::WaitOrder order = sched::WaitOrder::balanced) {
  return {.name = "media", .policy = "makespan", .late = true, .matching = {.order = order}, .mark = 1ms};
}

std::vector<std::uint32_t> lengths_sent(const FakeLink& link) {
  std::vector<std::uint32_t> lengths;
  for (const auto& sent : link.sent) lengths.push_back(sent.request.length);
  return lengths;
}

}  // namespace

TEST_CASE("late: a server is given its next request when it is about to be free, and not before") {
  DispatchDesk desk({kVideo1}, late());
  desk.ask(1, {.length = 10});
  desk.ask(2, {.length = 10});
  CHECK(desk.links[0].sent.size() == 1);
  CHECK(desk.dispatcher.waiting() == 1);
  CHECK(desk.dispatcher.next_look() == desk.now + 9ms);
  desk.now += 9ms;
  desk.dispatcher.look_at_waiting(desk.now);
  CHECK(desk.links[0].sent.size() == 2);
  desk.now += 1ms;
  desk.reply_to(0, 0, {.service = 10ms});
  desk.now += 10ms;
  desk.reply_to(0, 1, {.service = 10ms});
  desk.check_quiet();
}

TEST_CASE("early: a policy binds what comes, large bodies, too") {
  DispatchDesk desk({kVideo1}, {.name = "media", .policy = "makespan"}, CostModel::seed(1us));
  for (std::uint64_t tag = 1; tag <= 10; ++tag) desk.ask(tag, {.body = std::string(400 << 10, 'x')});
  CHECK(desk.links[0].sent.size() == 10);
  for (std::size_t n = 0; n < 10; ++n) desk.reply_to(0, n);
  desk.check_quiet();
}

TEST_CASE("late: a server that is done sooner than it was thought is given the next at its reply") {
  DispatchDesk desk({kVideo1}, late());
  desk.ask(1, {.length = 50});
  desk.ask(2, {.length = 10, .body = "body"});
  desk.now += 5ms;
  desk.reply_to(0, 0, {.service = 5ms});
  REQUIRE(desk.links[0].sent.size() == 2);
  CHECK(text_of(desk.links[0].sent[1].body) == "body");
  desk.reply_to(0, 1);
  desk.check_quiet();
}

TEST_CASE("late: the order is that of arrival, or short ones pass, or long ones do") {
  const auto sent_by = [](sched::WaitOrder order) {
    DispatchDesk desk({kVideo1}, late(order));
    desk.ask(0, {.length = 10});
    for (std::uint32_t tag = 1; tag <= 60; ++tag) desk.ask(tag, {.length = tag % 2 == 0 ? 9U : 2U + tag % 3});
    for (std::size_t n = 0; n < 61; ++n) {
      desk.now += 10ms;
      desk.reply_to(0, n, {.service = 10ms});
    }
    desk.check_quiet();
    auto lengths = lengths_sent(desk.links[0]);
    return std::vector<std::uint32_t>(lengths.begin() + 1, lengths.begin() + 21);
  };
  const auto longest = sent_by(sched::WaitOrder::longest);
  CHECK(std::ranges::count(longest, 9U) == 20);
  const auto shortest = sent_by(sched::WaitOrder::shortest);
  CHECK(std::ranges::count(shortest, 9U) == 0);
  CHECK(std::ranges::is_sorted(shortest));
  const auto balanced = sent_by(sched::WaitOrder::balanced);
  CHECK(std::ranges::count(balanced, 9U) == 10);
}

TEST_CASE("late: a class counts as an earlier arrival by what it is worth, and by no more") {
  RequestPool::Options options = late();
  options.priorities = {0ms, 0ms, 0ms, 10ms};
  DispatchDesk desk({kVideo1}, options);
  desk.ask(1, {.length = 50});
  desk.ask(2, {.length = 2});
  desk.now += 9ms;
  desk.ask(3, {.length = 3, .priority = 3});
  desk.now += 2ms;
  desk.ask(4, {.length = 4, .priority = 3});
  for (std::uint64_t tag = 5; tag < 45; ++tag) desk.ask(tag);
  for (std::size_t n = 0; n < 44; ++n) desk.reply_to(0, n, {.service = 1ms});
  const auto lengths = lengths_sent(desk.links[0]);
  CHECK(std::vector(lengths.begin(), lengths.begin() + 4) == std::vector<std::uint32_t>{50, 3, 2, 4});
  CHECK(desk.reader.received_urgent(3) == 2);
  CHECK(desk.total(ledger::WorkerCell::pulls) == 43);
  CHECK(proto::priority_of(desk.clients.given[1].answer.flags) == 3);
  desk.check_quiet();
}

TEST_CASE("late: work goes to a server that is slow with it only where that is sooner for it") {
  DispatchDesk desk({kVideo1, kMusic}, late());
  desk.ask(1, {.length = 3});
  desk.ask(2, {.length = 3});  // 9 ms on the music server, 6 ms behind the first
  CHECK(desk.links[1].sent.empty());
  CHECK(desk.dispatcher.waiting() == 1);
  for (std::uint64_t tag = 3; tag < 12; ++tag) desk.ask(tag, {.length = 3});
  desk.dispatcher.look_at_waiting(desk.now);
  CHECK(desk.links[1].sent.size() == 1);  // now it is a help
}

TEST_CASE("late: what comes at once stays together while it is done at once, even where another is cheaper") {
  RequestPool::Options options = late();
  options.coalesce = 20us;
  DispatchDesk desk({kVideo1, kMusic}, options, CostModel::seed(1us));
  desk.ask(1, {.code = 'V'});
  desk.ask(2, {.code = 'M'});
  CHECK(desk.links[0].sent.size() == 2);
  desk.ask(3, {.code = 'M', .length = 30});
  CHECK(lengths_sent(desk.links[1]) == std::vector<std::uint32_t>{30});
  desk.now += 1us;
  desk.ask(4, {.code = 'M', .length = 2});
  CHECK(lengths_sent(desk.links[1]) == std::vector<std::uint32_t>{30, 2});
}

TEST_CASE("late: who leaves or is too late waits no more, and what waited behind is served") {
  DispatchDesk desk({kVideo1}, late());
  desk.ask(1, {.length = 20});
  desk.ask(2, {.length = 1, .deadline_ms = 5});
  desk.ask(3, {.length = 1});
  desk.tick_after(16ms);
  CHECK(desk.answered() == "deadline_exceeded");
  desk.reply_to(0, 0);
  desk.reply_to(0, 1);
  CHECK(desk.answered() == "deadline_exceeded ok ok");
  desk.check_quiet();
}

TEST_CASE("late: who could not be done in time any more is told so at once, and no server works on it") {
  DispatchDesk desk({kVideo1}, late());
  desk.ask(1, {.length = 20});
  desk.ask(2, {.length = 5, .deadline_ms = 20});
  desk.tick_after(14ms);
  CHECK(desk.answered() == "");
  desk.tick_after(2ms);  // at 15 ms the last moment to begin has passed
  CHECK(desk.answered() == "deadline_exceeded");
  desk.ask(3, {.length = 5, .deadline_ms = 4});  // never possible
  CHECK(desk.answered() == "deadline_exceeded deadline_exceeded");
  desk.reply_to(0, 0);
  desk.ask(4, {.length = 5, .deadline_ms = 5});  // just possible
  REQUIRE(desk.links[0].sent.size() == 2);
  desk.reply_to(0, 1);
  CHECK(desk.answered() == "deadline_exceeded deadline_exceeded ok ok");
  desk.check_quiet();
}

TEST_CASE("late: of those whose deadline is near the earliest goes first") {
  DispatchDesk desk({kVideo1}, late());  // urgent within 2 ms
  desk.ask(1, {.length = 20});
  desk.ask(2, {.length = 3, .deadline_ms = 25});
  desk.ask(3, {.length = 2, .deadline_ms = 24});
  for (std::uint64_t tag = 4; tag < 44; ++tag) desk.ask(tag);
  desk.now += 20ms;
  desk.reply_to(0, 0, {.service = 20ms});
  REQUIRE(desk.links[0].sent.size() == 2);
  CHECK(desk.links[0].sent[1].request.length ==
        3);  // by 22 ms, the other one by 22 ms as well, and it was first
  desk.tick_after(3ms);
  CHECK(desk.answered() == "ok deadline_exceeded");
}

TEST_CASE("late: who has much open is not before who asks for one thing, but for max_ahead") {
  RequestPool::Options options = late();
  options.max_ahead = 2;
  DispatchDesk desk({kVideo1}, options);
  desk.ask(0, {.length = 50, .session = 1});
  for (std::uint64_t tag = 1; tag <= 60; ++tag) desk.ask(tag, {.session = 1});
  desk.now += 1ms;
  desk.ask(100, {.session = 2});
  CHECK(desk.dispatcher.waiting() == 61);
  for (std::size_t n = 0; n < 4; ++n) {
    desk.now += 1ms;
    desk.reply_to(0, n, {.service = 1ms});
  }
  CHECK(desk.clients.given.back().tag == 100);
  for (std::size_t n = 4; n < 62; ++n) desk.reply_to(0, n, {.service = 1ms});
  desk.check_quiet();
}

TEST_CASE(
    "late: what waits for servers of which none is left is answered after a second, or goes on when one is "
    "back") {
  DispatchDesk desk({kVideo1}, late());
  desk.ask(1, {.length = 20});
  desk.ask(2);
  desk.lose(0);
  desk.tick_after(2ms);
  CHECK(desk.answered() == "server_lost");
  desk.dispatcher.on_link_up(0, desk.now);
  REQUIRE(desk.links[0].sent.size() == 2);
  desk.ask(3);
  desk.lose(0);
  desk.tick_after(500ms);
  CHECK(desk.dispatcher.waiting() == 1);
  desk.tick_after(600ms);
  CHECK(desk.answered() == "server_lost server_lost no_server");
  desk.check_quiet();
}

TEST_CASE("late: a server that answers is given work although the books hold what nobody will answer") {
  DispatchDesk desk({kVideo1}, late());
  desk.ask(1, {.length = 5});
  for (std::uint64_t tag = 2; tag < 10; ++tag) desk.ask(tag, {.length = 5});
  desk.now += 5ms;
  desk.dispatcher.look_at_waiting(desk.now);  // the first is not answered, now or ever
  REQUIRE(desk.links[0].sent.size() == 2);
  for (std::size_t n = 1; n < 9; ++n) {
    desk.now += 5ms;
    REQUIRE(desk.links[0].sent.size() == n + 1);
    desk.reply_to(0, n, {.service = 5ms});
  }
  CHECK(desk.dispatcher.waiting() == 0);
}

TEST_CASE(
    "late: of requests that may not be done twice one is risked to see whether a silent server answers") {
  for (const bool retryable : {false, true}) {
    CAPTURE(retryable);
    DispatchDesk desk({kVideo1, kVideo2}, late());
    for (std::uint64_t tag = 1; tag <= 60; ++tag) desk.ask(tag, {.length = 20, .retryable = retryable});
    for (std::size_t served = 0; served < 30; ++served) {  // by the other one, this one is silent
      if (desk.links[1].sent.size() > served) desk.reply_to(1, served, {.service = 20ms});
      for (int turn = 0; turn < 2; ++turn) desk.tick_after(10ms);
    }
    CHECK(desk.links[0].sent.size() >= 3);  // one in service, one ahead of its end
    CHECK((desk.links[0].sent.size() == 3) == !retryable);
  }
}

TEST_CASE("late: what may be done twice shows whether a silent server answers, where any of that waits") {
  DispatchDesk desk({kVideo1, kVideo2}, late());
  for (std::uint64_t tag = 1; tag <= 10; ++tag) desk.ask(tag, {.length = 20, .retryable = tag % 2 == 0});
  const std::size_t before = desk.links[0].sent.size();
  for (std::size_t served = 0; served < 6; ++served) {
    if (desk.links[1].sent.size() > served) desk.reply_to(1, served, {.service = 20ms});
    for (int turn = 0; turn < 2; ++turn) desk.tick_after(10ms);
  }
  REQUIRE(desk.links[0].sent.size() > before);
  CHECK(desk.links[0].sent[before].request.retryable());
}

TEST_CASE("late: a server that overstates what is left there is given work all the same") {
  DispatchDesk desk({kVideo1}, late());
  for (std::uint64_t tag = 1; tag < 10; ++tag) desk.ask(tag, {.length = 5});
  for (std::size_t n = 0; n < 9; ++n) {
    desk.now += 15ms;
    desk.dispatcher.look_at_waiting(desk.now);
    REQUIRE(desk.links[0].sent.size() > n);
    desk.reply_to(0, n, {.service = 5ms, .backlog = 4'294'967'295us});
  }
  CHECK(desk.dispatcher.waiting() == 0);
}

TEST_CASE("late: where an operator takes another policy nobody waits any longer, and what waited is done") {
  DispatchDesk desk({kVideo1, kVideo2}, late());
  for (std::uint64_t tag = 1; tag <= 4; ++tag) desk.ask(tag, {.length = 20});
  CHECK(desk.dispatcher.waiting() == 2);
  RequestPool::Options early = late();
  early.late = false;
  std::vector<Member> members = desk.dispatcher.pool(0).members();
  desk.dispatcher.replace_pool(0, RequestPool(early, members, desk.cost, desk.books, desk.metrics, 1));
  for (LinkId link = 0; link < 2; ++link) desk.dispatcher.assign_link(link, link);
  desk.tick_after(2ms);
  CHECK(desk.dispatcher.waiting() == 0);
  for (LinkId link = 0; link < 2; ++link)
    for (std::size_t n = 0; n < 2; ++n) desk.reply_to(link, n);
  desk.check_quiet();
}

// --- several workers ---------------------------------------------------------------------------------

namespace {

/// A second worker on the ledger of a desk, with the same server.
struct Colleague final : AnswerSink, WorkerCaller {
  explicit Colleague(DispatchDesk& desk, RequestPool::Options options = late())
      : books(desk.ledger, 1), metrics(desk.ledger, 1) {
    std::vector<Member> members = desk.dispatcher.pool(0).members();
    dispatcher.add_pool(RequestPool(std::move(options), std::move(members), desk.cost, books, metrics, 2));
    dispatcher.on_link_up(dispatcher.add_link(0, 0, link), desk.now);
  }
  bool answer(const ReplyAddress&, const Answer&) override { return true; }
  bool awaited(const ReplyAddress&) const override { return true; }
  void kept(const ReplyAddress&, std::ptrdiff_t) override {}
  void call(ledger::WorkerId worker) override { called.push_back(worker); }

  ledger::WorkerBooks books;
  ledger::WorkerMetrics metrics;
  Dispatcher dispatcher{books, metrics, *this, nullptr, this};
  FakeLink link;
  std::vector<ledger::WorkerId> called;
};

}  // namespace

TEST_CASE("late: who has waited longest in any worker is next, and the worker that made room calls his") {
  DispatchDesk desk({kVideo1}, late());
  Colleague colleague(desk);
  colleague.dispatcher.dispatch(0, {.code = 'V', .length = 20}, {.tag = 1}, desk.now);
  desk.now += 1ms;
  for (std::uint64_t tag = 10; tag < 20; ++tag) desk.ask(tag, {.length = 5});
  desk.now += 10ms;
  colleague.dispatcher.dispatch(0, {.code = 'V', .length = 5}, {.tag = 3}, desk.now);
  colleague.dispatcher.on_reply(0, colleague.link.sent[0].token, {.service = 11ms}, desk.now);
  CHECK(colleague.called == std::vector<ledger::WorkerId>{0});
  CHECK(colleague.link.sent.size() == 1);
  desk.dispatcher.look_at_waiting(desk.now);
  CHECK(desk.links[0].sent.size() == 1);
}

TEST_CASE("late: a worker that does not come when it is called is left out for a while") {
  DispatchDesk desk({kVideo1}, late());
  Colleague colleague(desk);
  colleague.dispatcher.dispatch(0, {.code = 'V', .length = 20}, {.tag = 1}, desk.now);
  for (std::uint64_t tag = 10; tag < 20; ++tag) desk.ask(tag, {.length = 5});  // and then its worker stops
  desk.now += 10ms;
  colleague.dispatcher.dispatch(0, {.code = 'V', .length = 5}, {.tag = 3}, desk.now);
  colleague.dispatcher.on_reply(0, colleague.link.sent[0].token, {.service = 10ms}, desk.now);
  CHECK(colleague.link.sent.size() == 1);
  desk.now += 2ms;
  colleague.dispatcher.look_at_waiting(desk.now);
  CHECK(colleague.link.sent.size() == 2);
}

TEST_CASE("late: a server that is free sooner than it seemed is not kept for a worker that does not come") {
  RequestPool::Options options = late();
  options.mark = 10ms;
  DispatchDesk desk({kVideo1}, options);
  Colleague colleague(desk, options);
  colleague.dispatcher.dispatch(0, {.code = 'V', .length = 20}, {.tag = 1}, desk.now);
  for (std::uint64_t tag = 10; tag < 20; ++tag) desk.ask(tag, {.length = 5});  // and then its worker stops
  desk.now += 12ms;
  colleague.dispatcher.dispatch(0, {.code = 'V', .length = 5}, {.tag = 3}, desk.now);
  CHECK(colleague.called.size() == 1);
  desk.now += 1ms;
  colleague.dispatcher.on_reply(0, colleague.link.sent[0].token, {.service = 13ms}, desk.now);
  CHECK(colleague.link.sent.size() == 1);
  desk.now += 2ms;
  colleague.dispatcher.look_at_waiting(desk.now);
  CHECK(colleague.link.sent.size() == 2);
}
