// What is bound to a server and not sent yet moves to another, and new streams go where less is.
#include <doctest/doctest.h>

#include <string>
#include <vector>

#include "tests/support/dispatch_desk.h"

using namespace finishline;
using namespace finishline::test;

namespace {

/// By turns, with servers that are sent one request at a time.
struct TurnsDesk : DispatchDesk {
  explicit TurnsDesk(Nanos gap)
      : DispatchDesk({{.name = "video-1"}, {.name = "video-2"}},
                     {.name = "media", .policy = "round-robin", .rebalance_gap = gap}) {
    for (FakeLink& link : links) link.on_the_way = 1;
  }
  /// To one of them what takes 50 ms each, to the other what takes 1 ms.
  void ask_pairs(std::uint64_t pairs) {
    for (std::uint64_t tag = 1; tag <= 2 * pairs; ++tag)
      ask(tag, {.length = tag % 2 == 1 ? 50U : 1U, .body = "body " + std::to_string(tag)});
  }
  /// The link over which this one was sent.
  worker::LinkId link_of(const std::string& body) const {
    return links[0].sent.empty() || text_of(links[0].sent[0].body) != body ? 1 : 0;
  }
  std::int64_t moved() const { return total(ledger::WorkerCell::moves); }
  void finish_all() {
    for (worker::LinkId link = 0; link < links.size(); ++link)
      for (std::size_t n = 0; n < links[link].sent.size(); ++n) reply_to(link, n);
  }
};

}  // namespace

TEST_CASE("what is not sent yet moves to a server that has it done much sooner, and no more than that") {
  TurnsDesk desk(100ms);
  desk.ask_pairs(4);
  FakeLink& slow = desk.links[desk.link_of("body 1")];
  FakeLink& fast = desk.links[1 - desk.link_of("body 1")];
  REQUIRE(slow.sent.size() == 4);
  desk.tick_after(0ns);  // the fourth would end after 200 ms here, and after 54 ms there
  CHECK(slow.sent.size() == 3);
  REQUIRE(fast.sent.size() == 5);
  CHECK(text_of(fast.sent[4].body) == "body 7");
  CHECK(desk.moved() == 1);
  desk.tick_after(0ns);
  CHECK(fast.sent.size() == 5);
  desk.finish_all();
  CHECK(desk.clients.given.size() == 8);
  CHECK(desk.total(ledger::WorkerCell::retries) == 0);
  desk.check_quiet();
}

TEST_CASE("without a gap nothing moves off a server that works, and all that can off one that does not") {
  TurnsDesk desk(0ns);
  desk.ask_pairs(4);
  desk.tick_after(0ns);
  CHECK(desk.links[0].sent.size() == 4);
  desk.ledger.set_state(0, ledger::ServerState::ejected);
  desk.tick_after(0ns);
  CHECK(desk.links[0].sent.size() == 1);  // it has that one
  CHECK(desk.links[1].sent.size() == 7);
  CHECK(desk.moved() == 3);
  desk.finish_all();
  desk.check_quiet();
}

TEST_CASE("what nobody else can do stays, and so does what its client does not want any more") {
  TurnsDesk desk(1ms);
  desk.ask_pairs(2);
  desk.ledger.set_state(0, ledger::ServerState::ejected);
  desk.ledger.set_state(1, ledger::ServerState::down);
  desk.tick_after(0ns);
  CHECK(desk.links[0].sent.size() == 2);
  desk.ledger.set_state(1, ledger::ServerState::up);
  desk.cancel(desk.link_of("body 1") == 0 ? 3 : 4);  // the one that could
  desk.tick_after(0ns);
  CHECK(desk.links[0].sent.size() == 2);
  CHECK(desk.moved() == 0);
  desk.finish_all();
  CHECK(desk.clients.given.size() == 4);
  desk.check_quiet();
}

TEST_CASE("a server with much more load than the least loaded is given no new streams, whatever the policy") {
  auto ledger = std::get<ledger::Ledger>(ledger::Ledger::create({1, 4}));
  ledger::WorkerBooks books(ledger, 0);
  ledger::WorkerMetrics metrics(ledger, 0);
  const CostModel cost = CostModel::seed(1ms);
  std::vector<worker::Member> members;
  for (const char* const name : {"a", "b"}) {
    const ledger::ServerId id = *ledger.ensure_server(name, 1);
    members.push_back({.id = id, .spec = {id, name, 0, 1.0, 1}});
  }
  worker::RequestPool pool(
      {.name = "streams", .policy = "round-robin", .rebalance_load = 15, .streams = true}, members, cost,
      books, metrics, 1);
  const Instant now(std::chrono::hours(1));
  const auto open = [&] { return std::get<worker::Placement>(pool.place_stream({.load = 10}, now)); };
  const worker::Placement first = open(), second = open(), third = open(), fourth = open();
  CHECK(first.member != second.member);
  CHECK(third.member == first.member);
  books.close(first.reservation);
  books.close(third.reservation);
  CHECK(open().member == first.member);                    // 0 and 20 %
  const worker::Placement fifth = open(), sixth = open();  // 10 and 20 %: turns again
  CHECK(fifth.member != sixth.member);
  books.close(second.reservation);
  books.close(fourth.reservation);
}
