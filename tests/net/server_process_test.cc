// A reference server as a process: how it starts, works and ends, and the faults it is asked for.
#include <doctest/doctest.h>

#include <map>

#include "proto/reply_body.h"
#include "servers/run.h"
#include "servers/server.h"
#include "tests/support/free_port.h"
#include "tests/support/http.h"
#include "tests/support/peer.h"
#include "tests/support/server_process.h"

using namespace finishline;
using proto::Kind;
using proto::Status;
using test::Peer;
using test::ServerProcess;

namespace {

server::Options with_unit(Nanos unit) {
  server::Options options;
  options.cost = CostModel::seed(unit);
  return options;
}

test::Bytes request(std::uint64_t id, char type, std::uint32_t length, std::string_view body = {}) {
  return test::frame_of({.type = type, .flags = proto::kRetryable, .id = id, .length = length}, body);
}

void append(test::Bytes& out, const test::Bytes& more) { out.insert(out.end(), more.begin(), more.end()); }

}  // namespace

TEST_CASE("server: SIGTERM finishes what is queued, refuses new work and exits with 0") {
  ServerProcess server(with_unit(100ms));
  Peer peer(server.address());
  test::Bytes burst = request(1, 'V', 0);
  append(burst, request(2, 'V', 3));
  append(burst, request(3, 'V', 3));
  peer.send(burst);
  REQUIRE(peer.receive_frame()->header.id == 1);  // so the burst has been read
  server.send(SIGTERM);
  while (Peer(server.address()).connected()) {
  }
  peer.send(request(4, 'V', 1));
  std::map<std::uint64_t, Status> replies;
  bool goodbye = false;
  while (const auto reply = peer.receive_frame()) {
    goodbye |= reply->header.kind == Kind::goaway;
    if (reply->header.kind == Kind::reply) replies[reply->header.id] = reply->status();
  }
  CHECK(goodbye);
  CHECK(replies == std::map<std::uint64_t, Status>{{2, Status::ok}, {3, Status::ok}, {4, Status::draining}});
  peer.close();
  CHECK(server.wait() == 0);
}

TEST_CASE("server: an idle server leaves at the first signal") {
  ServerProcess server(with_unit(1ms));
  Peer idle(server.address());
  idle.send(request(1, 'V', 0));
  REQUIRE(idle.receive_frame());
  server.send(SIGINT);
  CHECK(idle.receive_frame()->header.kind == Kind::goaway);
  CHECK(idle.receive_rest() == "");
  idle.close();
  CHECK(server.wait() == 0);
}

TEST_CASE("server: a request that crosses the goaway of an idle server is refused, and not lost") {
  ServerProcess server(with_unit(1ms));
  Peer peer(server.address());
  peer.send(request(1, 'V', 0));
  REQUIRE(peer.receive_frame());
  server.send(SIGTERM);
  REQUIRE(peer.receive_frame()->header.kind == Kind::goaway);
  peer.send(request(2, 'V', 1));
  const auto late = peer.receive_frame();
  REQUIRE(late);
  CHECK(late->header.id == 2);
  CHECK(late->status() == Status::draining);
  CHECK(peer.receive_rest() == "");
  peer.close();
  CHECK(server.wait() == 0);
}

TEST_CASE("server: a second signal ends it at once") {
  ServerProcess server(with_unit(100s));
  Peer peer(server.address());
  peer.send(request(1, 'V', 9));
  peer.send(test::frame_of({.kind = Kind::ping}));
  REQUIRE(peer.receive_frame());
  server.send(SIGTERM);
  while (Peer(server.address()).connected()) {
  }
  server.send(SIGTERM);
  CHECK(server.wait() == 1);
}

TEST_CASE("server: an address that is taken is told and ends it with 1") {
  ServerProcess server(with_unit(1ms));
  server::Options options = with_unit(1ms);
  options.listen = server.address();
  const pid_t second = ::fork();
  if (second == 0) ::_exit(server::run(options));
  int status = 0;
  ::waitpid(second, &status, 0);
  CHECK(WEXITSTATUS(status) == 1);
}

TEST_CASE("server: burning works as long as waiting does") {
  server::Options options = with_unit(3ms);
  options.burn = true;
  ServerProcess server(options);
  Peer peer(server.address());
  test::Bytes burst = request(1, 'V', 2);
  append(burst, request(2, 'V', 1));
  peer.send(burst);
  CHECK(peer.receive_frame()->header.service_us == 6000);
  CHECK(peer.receive_frame()->header.id == 2);
}

namespace {

/// A server with faults that is sent four requests.
struct FaultyServer {
  explicit FaultyServer(const server::FaultOptions& faults) : server(with(faults)), peer(server.address()) {}

  void send_all() {
    test::Bytes burst;
    for (std::uint64_t id = 1; id <= 4; ++id) append(burst, request(id, 'V', 1, "body"));
    peer.send(burst);
  }
  static server::Options with(const server::FaultOptions& faults) {
    server::Options options = with_unit(0ns);
    options.faults = faults;
    return options;
  }

  ServerProcess server;
  Peer peer;
};

}  // namespace

TEST_CASE("server: a crash sends the replies before it") {
  FaultyServer faulty({.crash_after = 2});
  faulty.send_all();
  CHECK(faulty.peer.receive_frame()->header.id == 1);
  CHECK(faulty.peer.receive_frame()->header.id == 2);
  CHECK_FALSE(faulty.peer.receive_frame());
  CHECK(faulty.server.wait() == -SIGKILL);
}

TEST_CASE("server: a stalled server keeps its connections and leaves at SIGTERM") {
  FaultyServer faulty({.stall_after = 1});
  faulty.send_all();
  CHECK(faulty.peer.receive_frame()->header.id == 1);
  faulty.server.send(SIGTERM);
  CHECK(faulty.peer.receive_frame()->header.kind == Kind::goaway);
  CHECK(faulty.peer.receive_rest() == "");
  faulty.peer.close();
  CHECK(faulty.server.wait() == 0);
}

TEST_CASE("server: dropped replies are missing and the others come") {
  FaultyServer faulty({.drop_every = 2});
  faulty.send_all();
  faulty.peer.half_close();
  int replies = 0;
  while (faulty.peer.receive_frame()) ++replies;
  CHECK(replies == 2);
}

TEST_CASE("server: a corrupt reply differs in one byte") {
  FaultyServer faulty({.corrupt_every = 1});
  const test::Bytes one = request(1, 'V', 1, "body");
  faulty.peer.send(one);
  const std::string reply = faulty.peer.receive(one.size());
  const std::string right = test::text_of(
      test::frame_of({.kind = Kind::reply, .type = 'V', .flags = 1, .id = 1, .length = 1}, "body"));
  int wrong = 0;
  for (std::size_t i = 0; i < reply.size(); ++i) wrong += reply[i] != right[i];
  CHECK(wrong == 1);
}

TEST_CASE("server: half a frame is followed by the end of the connection") {
  FaultyServer faulty({.half_frame_every = 1});
  faulty.peer.send(request(1, 'V', 1, "body"));
  const auto rest = faulty.peer.receive_rest();
  REQUIRE(rest);
  CHECK(rest->size() == 18);
}

TEST_CASE("server: a failed request says server_error and has no body") {
  FaultyServer faulty({.fail_every = 1});
  faulty.send_all();
  CHECK(faulty.peer.receive_frame()->status() == Status::server_error);
  CHECK(faulty.peer.receive_frame()->body.empty());
}

TEST_CASE("server: a refused request is answered at once and never worked on") {
  FaultyServer faulty({.refuse_every = 1});
  faulty.send_all();
  for (int n = 0; n < 4; ++n) CHECK(faulty.peer.receive_frame()->status() == Status::overloaded);
}

TEST_CASE("server: delayed replies keep their order and are no longer work") {
  FaultyServer faulty({.delay = 20ms});
  faulty.send_all();
  for (std::uint64_t id = 1; id <= 4; ++id) {
    const auto reply = faulty.peer.receive_frame();
    REQUIRE(reply);
    CHECK(reply->header.id == id);
    CHECK(reply->header.service_us == 0);
  }
}

TEST_CASE("server: jitter is work and shows in the service time") {
  FaultyServer faulty({.jitter = 5ms});
  faulty.send_all();
  std::uint32_t sum = 0;
  for (int i = 0; i < 4; ++i) sum += faulty.peer.receive_frame()->header.service_us;
  CHECK(sum > 0);
  CHECK(sum <= 20'000);
}

TEST_CASE("server: slow reading serves everything in the end") {
  FaultyServer faulty({.slow_read = true});
  faulty.send_all();
  for (std::uint64_t id = 1; id <= 4; ++id) CHECK(faulty.peer.receive_frame()->header.id == id);
}

TEST_CASE("server: its HTTP address tells how it is, works on beside it, and leaves with it") {
  server::Options options = with_unit(100ms);
  const test::FreePort free;
  const std::uint16_t port = free.number();
  options.admin = std::get<net::Address>(net::parse_address(free.address()));
  ServerProcess server(options);
  Peer peer(server.address());
  peer.send(request(1, 'V', 2));
  CHECK(test::http_get(port, "/health").body == "ok\n");
  REQUIRE(peer.receive_frame()->header.id == 1);
  CHECK(test::http_get(port, "/").body.starts_with("A video server, up "));
  CHECK(test::http_get(port, "/metrics").body.find("reference_server_answers_total{status=\"ok\"} 1\n") !=
        std::string::npos);
  CHECK(test::http_get(port, "/api/data").content_type == "application/json");
  CHECK(test::http_get(port, "/nowhere").status == 404);
  peer.send(request(2, 'V', 5));
  peer.send(test::frame_of({.kind = Kind::ping}));
  REQUIRE(peer.receive_frame());
  server.send(SIGTERM);
  CHECK(peer.receive_frame()->header.kind == Kind::goaway);
  CHECK(test::http_get(port, "/health").status == 503);
  CHECK(peer.receive_frame()->header.id == 2);
  peer.close();
  CHECK(server.wait() == 0);
}
