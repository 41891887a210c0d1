// A running server is told another number of slots, over a socket.
#include "lb/control/resizer.h"

#include <doctest/doctest.h>

#include <optional>
#include <span>

#include "tests/support/loop_stage.h"
#include "tests/support/peer.h"
#include "tests/support/server_process.h"

using namespace finishline;
using namespace finishline::control;
using test::LoopStage;
using test::Peer;
using test::ServerProcess;
using test::StagePeer;

namespace {

server::Options slow_server() {
  server::Options options;
  options.cost = CostModel::seed(100ms);
  return options;
}

}  // namespace

TEST_CASE("a server whose slots the configuration changes is told, and works on more at once") {
  ServerProcess server(slow_server());
  LoopStage stage;
  Resizer resizer(stage.loop);
  resizer.change_to({{"video-1", server.address(), 1}});
  CHECK(resizer.under_way() == 0);
  Peer peer(server.address());
  for (const std::uint32_t length : {20U, 1U})
    peer.send(test::frame_of({.type = 'V', .id = length, .length = length}, ""));
  resizer.change_to({{"video-1", server.address(), 2}, {"video-2", server.address(), 9}});
  CHECK(resizer.under_way() == 1);
  REQUIRE(stage.until({}, [&] { return resizer.under_way() == 0; }));
  const auto first = peer.receive_frame();
  REQUIRE(first);
  CHECK(first->header.id == 1);
}

TEST_CASE("a server that does not know the order says bad_frame, and is not asked again") {
  LoopStage stage;
  test::Port port;
  Resizer resizer(stage.loop);
  resizer.change_to({{"old", port.address, 1}});
  resizer.change_to({{"old", port.address, 2}});
  std::optional<StagePeer> older;
  REQUIRE(stage.until({}, [&] {
    const int fd = ::accept4(port.fd, nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC);
    if (fd >= 0) older.emplace(fd);
    if (older) older->pump();
    return older && older->received().size() >= proto::kHeaderBytes;
  }));
  const auto order = older->frames().front().header;
  CHECK(order.kind == proto::Kind::resize);
  std::vector<test::Seen> seen;
  proto::FrameDecoder requests_alone(proto::Direction::requests, proto::kDefaultMaxBody);
  requests_alone.feed(std::as_bytes(std::span(older->received())));
  CHECK(!test::drain(requests_alone, seen));  // as its program reads it
  older->send(test::frame_of({.kind = proto::Kind::reply,
                              .id = order.id,
                              .detail = static_cast<std::uint32_t>(proto::Status::bad_frame)}));
  older->half_close();
  REQUIRE(stage.until({&*older}, [&] { return resizer.under_way() == 0 && older->ended(); }));
  resizer.change_to({{"old", port.address, 2}});
  CHECK(resizer.under_way() == 0);
}

TEST_CASE("a server that cannot be reached, or is gone, is no reason to wait for ever") {
  LoopStage stage;
  Resizer resizer(stage.loop);
  net::Address nobody;
  {
    test::Port port;
    nobody = port.address;
  }
  resizer.change_to({{"video-1", nobody, 1}});
  resizer.change_to({{"video-1", nobody, 2}});
  CHECK(stage.until({}, [&] { return resizer.under_way() == 0; }));
}
