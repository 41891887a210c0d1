// One connection to a server that speaks HTTP, and an owner that acts inside its calls.
#include "lb/worker/http_connection.h"

#include <doctest/doctest.h>
#include <sys/socket.h>

#include <functional>
#include <memory>
#include <string>

#include "tests/support/loop_stage.h"

using namespace finishline;
using namespace finishline::test;
using worker::HttpConnection;
using State = HttpConnection::State;

namespace {

struct Owner final : HttpConnection::Owner {
  void on_open() override { opened = true; }
  void on_reply(worker::Token, const http::ReplyReader& reply, Nanos) override {
    body = reply.body();
    when_reply();
  }
  void on_lost(worker::Token, const std::string&) override {}
  void on_too_large(worker::Token) override {}
  void on_failed(const std::string&) override {}
  void on_change() override { ++changes; }
  bool opened = false;
  int changes = 0;
  std::string body;
  std::function<void()> when_reply = [] {};
};

}  // namespace

TEST_CASE("an owner may close a connection while it is told of a reply") {
  for (const bool reopens : {false, true}) {
    CAPTURE(reopens);
    LoopStage stage;
    Port port;
    Owner owner;
    HttpConnection connection(stage.loop, owner, 1000);
    connection.open({.address = port.address});
    StagePeer peer(::accept4(port.fd, nullptr, nullptr, SOCK_CLOEXEC));
    REQUIRE(stage.until({&peer}, [&] { return owner.opened; }));
    owner.when_reply = [&] {
      connection.close();
      if (reopens) connection.open({.address = port.address});
    };
    connection.start(1, "POST / HTTP/1.1\r\n\r\n", "");
    peer.send("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok");
    REQUIRE(stage.until({&peer}, [&] { return owner.body == "ok"; }));
    CHECK((connection.state() == State::closed) != reopens);
    CHECK(owner.changes == 0);
    CHECK(stage.until({&peer}, [&] { return peer.ended(); }));
    connection.close();
  }
}
