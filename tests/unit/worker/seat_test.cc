// Late binding with a seat: one of several proxies decides for all of them, the others send what it calls
// for.
#include <doctest/doctest.h>

#include "lb/ledger/demand.h"
#include "lb/ledger/nodes.h"
#include "lb/ledger/seats.h"
#include "tests/support/dispatch_desk.h"

using namespace finishline;
using namespace finishline::test;
using namespace finishline::worker;
using ledger::SeatHolder;

namespace {

const ServerPlan kVideo1{.name = "video-1"}, kVideo2{.name = "video-2"},
    kMusic{.name = "music", .type = "music"};

RequestPool::Options seated() {
  return {.name = "media", .policy = "makespan", .late = true, .has_seat = true, .mark = 200us};
}

/// One proxy of two; the other is a row of the ledger.
struct SeatDesk : DispatchDesk {
  explicit SeatDesk(const std::vector<ServerPlan>& servers) : DispatchDesk(servers, seated()) {
    other.enter(1, now);
  }
  void lead() { show_seat(ledger, 0, {.who = SeatHolder::Who::self}, now + 1s, now); }
  void follow() { show_seat(ledger, 0, {.who = SeatHolder::Who::node, .node = other.row()}, now + 1s, now); }
  /// So many videos of this length have come to the other proxy.
  void show_waiting(std::uint32_t count, std::uint32_t length = 5) {
    other.show(0, {.head_key = now.time_since_epoch().count(),
                   .volume = std::uint64_t{count} * length,
                   .count = count,
                   .head_length = length,
                   .longest = length,
                   .shortest = length,
                   .type = *cost.request_type_of('V')});
  }
  void grant(ledger::ServerId server, sched::Reason reason = sched::Reason::in_order,
             std::uint32_t length = 0) {
    give_grant(ledger, 0,
               {.server = server,
                .lane = *cost.request_type_of('V'),
                .reason = static_cast<std::uint8_t>(reason),
                .length = length},
               now);
    dispatcher.look_at_waiting(now);
  }
  std::vector<ledger::SeatCall> called(ledger::ServerId server) {
    std::vector<ledger::SeatCall> calls;
    ledger::SeatCalls(ledger).read(server, now, calls);
    return calls;
  }
  ledger::NodeBooks other{ledger, *ledger::node_row(ledger, "other", now)};
};

}  // namespace

TEST_CASE("seat: who has it not sends nothing by itself, whatever is idle, until it is called") {
  SeatDesk desk({kVideo1, kVideo2});
  desk.follow();
  desk.ask(1, {.length = 5});
  desk.ask(2, {.length = 6});
  desk.dispatcher.look_at_waiting(desk.now);
  CHECK(desk.dispatcher.waiting() == 2);
  desk.grant(1);
  CHECK(desk.links[0].sent.empty());
  REQUIRE(desk.links[1].sent.size() == 1);
  CHECK(desk.links[1].sent[0].request.length == 5);
  desk.grant(1);  // a server that is busy is sent it all the same: who called knows why
  CHECK(desk.links[1].sent.size() == 2);
  desk.grant(0);  // nothing is left
  CHECK(desk.links[0].sent.empty());
  desk.reply_to(1, 0);
  desk.reply_to(1, 1);
  CHECK(desk.answered() == "ok ok");
  desk.check_quiet();
}

TEST_CASE("seat: the longest, and the one of about that length, are sent when they are meant") {
  SeatDesk desk({kVideo1});
  desk.follow();
  for (std::uint32_t length : {4U, 9U, 1U, 6U}) desk.ask(length, {.length = length});
  desk.grant(0, sched::Reason::critical);
  desk.grant(0, sched::Reason::steal, 1);
  desk.grant(0);
  const auto& sent = desk.links[0].sent;
  REQUIRE(sent.size() == 3);
  CHECK(sent[0].request.length == 9);
  CHECK(sent[1].request.length == 1);
  CHECK(sent[2].request.length == 4);
}

TEST_CASE("seat: a server that is out of reach here is not sent what is called for") {
  SeatDesk desk({kVideo1, kVideo2});
  desk.follow();
  desk.lose(0);
  desk.ask(1);
  desk.grant(0);
  CHECK(desk.dispatcher.waiting() == 1);
  desk.grant(1);
  CHECK(desk.links[1].sent.size() == 1);
}

TEST_CASE("seat: a server that stays idle although something waits is served after 30 ms, seat or not") {
  SeatDesk desk({kVideo1});
  desk.follow();
  desk.ask(1);
  desk.now += 29ms;
  desk.dispatcher.look_at_waiting(desk.now);
  CHECK(desk.links[0].sent.empty());
  desk.now += 2ms;
  desk.dispatcher.look_at_waiting(desk.now);
  CHECK(desk.links[0].sent.size() == 1);
}

TEST_CASE("seat: when it is nobody's any more, what waits is sent as without") {
  SeatDesk desk({kVideo1});
  show_seat(desk.ledger, 0, {.who = SeatHolder::Who::node, .node = 0}, desk.now + 10ms, desk.now);
  desk.ask(1);
  CHECK(desk.links[0].sent.empty());
  desk.now += 11ms;
  desk.dispatcher.look_at_waiting(desk.now);
  CHECK(desk.links[0].sent.size() == 1);
}

TEST_CASE("seat: who has it calls another proxy to a server that is idle, although nothing waits here") {
  SeatDesk desk({kVideo1, kVideo2});
  desk.lead();
  desk.show_waiting(1);
  desk.dispatcher.look_at_waiting(desk.now);
  const auto first = desk.called(0), second = desk.called(1);
  REQUIRE(first.size() + second.size() == 1);  // one waits, so one is called
  const ledger::SeatCall& call = first.empty() ? second[0] : first[0];
  CHECK(call.node == desk.other.row());
  CHECK(call.length == 5);
  CHECK(call.service == 5ms);
}

TEST_CASE("seat: what was called for counts as work of that server, also for what comes here") {
  SeatDesk desk({kVideo1, kVideo2});
  desk.lead();
  desk.show_waiting(1, 20);
  desk.dispatcher.look_at_waiting(desk.now);
  const std::size_t taken = desk.called(0).empty() ? 1 : 0;
  desk.now += 1ms;
  desk.ask(1, {.length = 5});
  CHECK(desk.links[1 - taken].sent.size() == 1);  // the other one
  desk.ask(2, {.length = 5});
  CHECK(desk.links[taken].sent.empty());
  CHECK(desk.dispatcher.waiting() == 1);
}

TEST_CASE("seat: the oldest of all proxies is first, and the next when it has been sent") {
  SeatDesk desk({kVideo1});
  desk.lead();
  desk.ask(1, {.length = 20});
  desk.now += 1ms;
  desk.show_waiting(1);
  desk.now += 30ms;
  for (std::uint64_t tag = 2; tag < 8; ++tag) desk.ask(tag, {.length = 5});
  desk.reply_to(0, 0);
  CHECK(desk.called(0).size() == 1);
  CHECK(desk.links[0].sent.size() == 1);
  desk.now += 1ms;
  desk.show_waiting(0);
  desk.other.show(0, {.books = {1, 5ms}, .sent = 1, .turn = ledger::NodeWork::Turn::begun}, desk.now);
  CHECK(desk.called(0).empty());
  desk.now += 5ms;
  desk.other.show(0, {.books = {0, 0ms}, .sent = 1, .turn = ledger::NodeWork::Turn::settled}, desk.now);
  desk.dispatcher.look_at_waiting(desk.now);
  CHECK(desk.links[0].sent.size() == 2);
}

TEST_CASE("seat: a proxy that does not come when it is called is left out at that server for a while") {
  SeatDesk desk({kVideo1});
  desk.lead();
  desk.show_waiting(1);
  desk.dispatcher.look_at_waiting(desk.now);
  REQUIRE(desk.called(0).size() == 1);
  desk.ask(1, {.length = 5});
  CHECK(desk.links[0].sent.empty());
  desk.now += ledger::kSeatCallHolds + 1ms;
  desk.dispatcher.look_at_waiting(desk.now);
  CHECK(desk.links[0].sent.size() == 1);
}
