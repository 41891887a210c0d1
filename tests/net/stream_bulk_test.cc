// Long stretches of a stream, copied and spliced, over loopback: what is moved, what stands in pipes, who
// pays for it.
#include <doctest/doctest.h>

#include "lb/worker/stream_session.h"
#include "tests/support/noise.h"
#include "tests/support/stream_stage.h"

using namespace finishline;
using namespace finishline::test;
using config::Bulk;
using ledger::CloseReason;
using ledger::WorkerCell;

namespace {

/// Has the server send so much that pipes are used, to a client that takes nothing of it.
void fill(StreamStage& stage, StagePeer& client, StagePeer& server, const std::string& bytes) {
  client.set_reading(false);
  server.send(bytes);
  REQUIRE(stage.until([&, before = std::size_t{0}]() mutable {
    return std::exchange(before, server.unsent()) == server.unsent() && stage.budget.held() > 0;
  }));
}

}  // namespace

TEST_CASE("long stretches arrive whole, both ways at once, and those that were spliced are counted") {
  const Bulk way = each_way();
  StreamStage stage(way);
  StagePeer& client = stage.connect();
  StagePeer& server = stage.accept();
  const std::string up = noise(3 * kMuch, 1), down = noise(2 * kMuch, 2);
  client.send(up);
  server.send(down);
  REQUIRE(stage.until(
      [&] { return server.received().size() == up.size() && client.received().size() == down.size(); }));
  CHECK((server.received() == up));
  CHECK((client.received() == down));
  CHECK(stage.total(WorkerCell::client_bytes_in) == static_cast<std::int64_t>(up.size()));
  CHECK(stage.total(WorkerCell::client_bytes_out) == static_cast<std::int64_t>(down.size()));
  const auto spliced = static_cast<std::size_t>(stage.total(WorkerCell::bytes_spliced));
  if (way == Bulk::copy) CHECK(spliced == 0);
  if (way == Bulk::splice) CHECK(spliced > (up.size() + down.size()) / 2);
  if (way == Bulk::automatic) CHECK(spliced > 0);
  CHECK(spliced < up.size() + down.size());  // each side begins with reads
  CHECK(stage.mover.pipes_in_use() == 0);
  CHECK(stage.budget.held() == 0);
}

TEST_CASE("messages are copied, however many, and so is what comes behind a long stretch") {
  StreamStage stage(Bulk::splice);
  StagePeer& client = stage.connect();
  StagePeer& server = stage.accept();
  std::string all;
  const auto say = [&](int messages) {
    for (int i = 0; i < messages; ++i) {
      client.send("a message");
      all += "a message";
      REQUIRE(stage.until([&] { return server.received().size() == all.size(); }));
    }
  };
  say(20);
  CHECK(stage.total(WorkerCell::bytes_spliced) == 0);
  all += noise(kMuch, 3);
  client.send(std::string_view(all).substr(all.size() - kMuch));
  REQUIRE(stage.until([&] { return server.received().size() == all.size(); }));
  say(20);
  const auto before = stage.total(WorkerCell::bytes_spliced);
  CHECK(before > 0);
  say(20);
  CHECK(stage.total(WorkerCell::bytes_spliced) == before);
  CHECK((server.received() == all));
}

TEST_CASE(
    "what a stalled reader leaves in a pipe is held for it, at most a pipe and a head, and is there when it "
    "reads") {
  StreamStage stage(Bulk::splice);
  StagePeer& client = stage.connect();
  StagePeer& server = stage.accept();
  const std::string much = noise(2 * kMuch, 4);
  fill(stage, client, server, much);
  CHECK(stage.mover.pipes_in_use() == 1);
  CHECK(stage.budget.held() <= net::SplicePipe::kBytes);
  server.half_close();
  stage.turn();
  CHECK(client.received().empty());
  client.set_reading(true);
  REQUIRE(stage.until([&] { return client.ended(); }));
  CHECK((client.received() == much));
  CHECK(stage.mover.pipes_in_use() == 0);
  CHECK(stage.budget.held() == 0);
  client.send("and the other way goes on");
  REQUIRE(stage.until([&] { return server.received() == "and the other way goes on"; }));
  client.half_close();
  REQUIRE(stage.until_quiet());
  CHECK(stage.closed(CloseReason::finished) == 1);
}

TEST_CASE("a side that goes leaves no pipe behind, and nothing that is counted") {
  for (const bool client_goes : {true, false}) {
    for (const bool by_reset : {true, false}) {
      CAPTURE(client_goes);
      CAPTURE(by_reset);
      StreamStage stage(Bulk::splice);
      StagePeer& client = stage.connect();
      StagePeer& server = stage.accept();
      fill(stage, client, server, noise(2 * kMuch, 5));
      StagePeer& goes = client_goes ? client : server;
      if (by_reset) {
        goes.reset();
      } else {
        goes.close();
      }
      if (!client_goes) {
        client.set_reading(true);
        REQUIRE(stage.until([&] { return client.ended(); }));
        client.close();
      }
      REQUIRE(stage.until_quiet());
      CHECK(stage.mover.pipes_in_use() == 0);
      CHECK(stage.budget.held() == 0);
      CHECK(stage.open() == 0);
    }
  }
}

TEST_CASE("where all pipes are in use the others are copied, and all arrive") {
  constexpr std::size_t kStreams = net::PipePool::kMost + 4;
  StreamStage stage(Bulk::splice);
  const std::string much = noise(kMuch, 6);
  std::vector<StagePeer*> clients;
  for (std::size_t i = 0; i < kStreams; ++i) {
    clients.push_back(&stage.connect());
    fill(stage, *clients.back(), stage.accept(), much);
  }
  CHECK(stage.mover.pipes_in_use() == net::PipePool::kMost);
  for (StagePeer* client : clients) client->set_reading(true);
  const auto whole = [&](const StagePeer* client) { return client->received().size() == much.size(); };
  REQUIRE(stage.until([&] { return std::ranges::all_of(clients, whole); }));
  for (const StagePeer* client : clients) CHECK((client->received() == much));
  CHECK(stage.mover.pipes_in_use() == 0);
}

TEST_CASE("a pipe that is dropped with bytes in it is not lent again") {
  net::Loop loop;
  net::PipePool pool(loop);
  int ends[2];
  REQUIRE(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, ends) == 0);
  REQUIRE(::send(ends[0], "left behind", 11, 0) == 11);
  {
    const net::PipePool::Lease pipe = pool.take();
    REQUIRE(pipe);
    CHECK(pipe->fill_from(ends[1], 4) == 4);
    CHECK(loop.buffered_bytes() == 4);
  }
  CHECK(loop.buffered_bytes() == 0);
  const net::PipePool::Lease next = pool.take();
  REQUIRE(next);
  CHECK(next->empty());
  CHECK(next->fill_from(ends[1], 100) == 7);
  std::byte head[4];
  CHECK(next->take_head(head) == 4);
  CHECK(next->held() == 3);
  CHECK(next->empty_into(ends[1]) == 3);
  char text[8];
  CHECK(::recv(ends[0], text, sizeof text, 0) == 3);
  CHECK(std::string_view(text, 3) == "ind");
  CHECK(next->fill_from(ends[1], 100) == 0);
  ::close(ends[0]);
  CHECK(next->fill_from(ends[1], 100) == -ENODATA);
  ::close(ends[1]);
}
