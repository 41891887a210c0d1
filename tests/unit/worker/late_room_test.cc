// How much a server has ahead in a late pool: by its mark, by what its link takes, by the pace at which it
// answers.
#include <doctest/doctest.h>

#include "tests/support/dispatch_desk.h"

using namespace finishline;
using namespace finishline::worker;
using namespace finishline::test;

namespace {

const ServerPlan kVideo1{"video-1"};

RequestPool::Options late() { return {.name = "media", .policy = "makespan", .late = true, .mark = 1ms}; }

}  // namespace

TEST_CASE(
    "late: a server has no more large bodies than its link has room for and it works on, whatever its mark") {
  DispatchDesk desk({kVideo1}, late(), CostModel::seed(1us));
  for (std::uint64_t tag = 1; tag <= 10; ++tag) desk.ask(tag, {.body = std::string(400 << 10, 'x')});
  CHECK(desk.links[0].sent.size() == 3);
  CHECK(desk.dispatcher.congested(0));
  CHECK_FALSE(desk.dispatcher.take_relief());
  for (std::size_t n = 0; n < 10; ++n) {
    CHECK(desk.links[0].sent.size() == std::min<std::size_t>(n + 3, 10));
    desk.reply_to(0, n);
  }
  CHECK(desk.dispatcher.take_relief());
  CHECK_FALSE(desk.dispatcher.congested(0));
  desk.check_quiet();
}

TEST_CASE("late: bodies that are larger than the link's room go to a server that can work on them") {
  DispatchDesk desk({{"video-1", "video", false, 1, 4}}, late(), CostModel::seed(1us));
  for (std::uint64_t tag = 1; tag <= 12; ++tag) desk.ask(tag, {.body = std::string(2 << 20, 'x')});
  CHECK(desk.links[0].sent.size() == 9);  // twice its slots, and the one by which that is known
  for (std::size_t n = 0; n < 12; ++n) desk.reply_to(0, n);
  desk.check_quiet();
}

TEST_CASE("late: small bodies are as many as the mark allows") {
  DispatchDesk desk({kVideo1}, late(), CostModel::seed(1us));
  for (std::uint64_t tag = 1; tag <= 100; ++tag) desk.ask(tag, {.body = std::string(100, 'x')});
  CHECK(desk.links[0].sent.size() == 100);
  for (std::size_t n = 0; n < 100; ++n) desk.reply_to(0, n);
  desk.check_quiet();
}

TEST_CASE("late: servers that are far faster than declared get as much as they do within their mark") {
  RequestPool::Options options = late();
  options.mark.reset();
  DispatchDesk desk({kVideo1}, options);
  std::size_t answered = 0;
  const auto work = [&](std::size_t most) {
    for (; answered < most && answered < desk.links[0].sent.size(); ++answered) {
      desk.now += 10us;
      desk.reply_to(0, answered);
    }
  };
  for (std::uint64_t tag = 0; tag < 1000; ++tag) desk.ask(tag, {.length = 5});
  CHECK(desk.links[0].sent.size() == 1);
  work(500);
  CHECK(desk.links[0].sent.size() - answered > 10);  // of 5 ms each by the books
  work(1000);
  CHECK(answered == 1000);
  desk.check_quiet();
}
