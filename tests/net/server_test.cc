// A reference server as a process and peers with plain sockets. Times are read from the replies, which carry
// them; no case asks the wall clock.
#include "servers/server.h"

#include <doctest/doctest.h>

#include <map>

#include "proto/reply_body.h"
#include "tests/support/peer.h"
#include "tests/support/server_process.h"

using namespace finishline;
using proto::FrameHeader;
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

server::Options mini(Nanos unit) {
  server::Options options = with_unit(unit);
  options.protocol = server::Protocol::mini;
  return options;
}

test::Bytes request(std::uint64_t id, char type, std::uint32_t length, std::string_view body = {}) {
  return test::frame_of({.type = type, .flags = proto::kRetryable, .id = id, .length = length}, body);
}

void append(test::Bytes& out, const test::Bytes& more) { out.insert(out.end(), more.begin(), more.end()); }

}  // namespace

TEST_CASE("server: a reply echoes the request and says how long the work took") {
  ServerProcess server(with_unit(1ms));
  Peer peer(server.address());
  peer.send(request(7, 'M', 3, "cat"));
  const auto reply = peer.receive_frame();
  REQUIRE(reply);
  CHECK(reply->header.kind == Kind::reply);
  CHECK(reply->header.type == 'M');
  CHECK(reply->header.flags == proto::kRetryable);
  CHECK(reply->header.id == 7);
  CHECK(reply->header.length == 3);
  CHECK(reply->status() == Status::ok);
  CHECK(reply->header.service_us == 6000);  // music on a video server: twice the length
  CHECK(reply->header.origin == 0);
  CHECK(reply->body == "cat");
}

TEST_CASE("server: requests of all connections are worked on in order of arrival") {
  ServerProcess server(with_unit(50ms));
  Peer first(server.address());
  Peer second(server.address());
  test::Bytes burst = request(1, 'V', 0);
  append(burst, request(2, 'V', 2));
  append(burst, request(3, 'V', 2));
  first.send(burst);
  REQUIRE(first.receive_frame()->header.id == 1);  // so the burst has been read
  second.send(request(4, 'V', 1));
  CHECK(first.receive_frame()->header.id == 2);
  const auto third = first.receive_frame();
  const auto fourth = second.receive_frame();
  REQUIRE(third);
  REQUIRE(fourth);
  CHECK(third->header.origin > 0);  // the fourth, though shorter, is behind it
  CHECK(fourth->header.origin == 0);
}

TEST_CASE("server: a reply tells the work that is left behind it") {
  ServerProcess server(with_unit(20ms));
  Peer peer(server.address());
  test::Bytes burst;
  for (std::uint64_t id = 1; id <= 4; ++id) append(burst, request(id, 'V', 1));
  peer.send(burst);
  std::uint32_t before = 60'001;
  for (std::uint64_t id = 1; id <= 4; ++id) {
    const auto reply = peer.receive_frame();
    REQUIRE(reply);
    CHECK(reply->header.id == id);
    CHECK(reply->header.service_us == 20'000);
    CHECK(reply->header.origin < before);
    CHECK(reply->header.origin <= (4 - id) * 20'000);  // less by what the timer was late
    before = reply->header.origin + 1;
  }
}

TEST_CASE("server: several slots let short work overtake long work") {
  server::Options options = with_unit(10ms);
  options.slots = 2;
  ServerProcess server(options);
  Peer peer(server.address());
  test::Bytes burst = request(1, 'V', 9);
  append(burst, request(2, 'V', 1));
  append(burst, request(3, 'V', 2));
  peer.send(burst);
  CHECK(peer.receive_frame()->header.id == 2);
  CHECK(peer.receive_frame()->header.id == 3);
  CHECK(peer.receive_frame()->header.id == 1);
}

TEST_CASE("server: without a unit of work ten thousand pipelined requests come back in order") {
  ServerProcess server(with_unit(0ns));
  Peer peer(server.address());
  test::Bytes burst;
  for (std::uint64_t id = 0; id < 10'000; ++id)
    append(burst, request(id, 'P', 9, "forty bytes of body, more or less, here"));
  REQUIRE(peer.send(burst));
  for (std::uint64_t id = 0; id < 10'000; ++id) {
    const auto reply = peer.receive_frame();
    REQUIRE(reply);
    REQUIRE(reply->header.id == id);
    REQUIRE(reply->body.size() == 39);
    REQUIRE(reply->header.service_us == 0);
  }
}

TEST_CASE("server: a peer that does not read is not read any further, and nothing is lost") {
  ServerProcess server(with_unit(0ns));
  Peer greedy(server.address());
  Peer other(server.address());
  const std::string body(100'000, 'b');
  constexpr std::uint64_t kRequests = 300;
  const pid_t sender = ::fork();
  if (sender == 0) {
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);
    for (std::uint64_t id = 0; id < kRequests; ++id) greedy.send(request(id, 'V', 1, body));
    ::_exit(0);
  }
  other.send(request(1, 'V', 1));
  CHECK(other.receive_frame());
  for (std::uint64_t id = 0; id < kRequests; ++id) {
    const auto reply = greedy.receive_frame();
    REQUIRE(reply);
    REQUIRE(reply->header.id == id);
    REQUIRE(reply->body == body);
  }
  ::waitpid(sender, nullptr, 0);
}

TEST_CASE("server: a reply has as many body bytes as asked for, made of the request's") {
  server::Options options = with_unit(0ns);
  options.reply_bytes = 10;
  ServerProcess server(options);
  Peer peer(server.address());
  peer.send(request(1, 'V', 0x61626364, "cat"));
  CHECK(peer.receive_frame()->body == "catcatcatc");
  peer.send(request(2, 'V', 0x61626364));
  CHECK(peer.receive_frame()->body == "abcdabcdab");
}

TEST_CASE("server: ping is answered at once, describe refused, an unknown type named") {
  ServerProcess server(with_unit(10s));
  Peer peer(server.address());
  test::Bytes script = request(1, 'V', 9);  // works for 90 s: nobody waits for it
  append(script, test::frame_of({.kind = Kind::ping, .id = 2}));
  append(script, test::frame_of({.kind = Kind::describe, .id = 3}));
  append(script, request(4, 'X', 1, "body"));
  peer.send(script);
  const auto pong = peer.receive_frame();
  REQUIRE(pong);
  CHECK(pong->header.kind == Kind::pong);
  CHECK(pong->header.id == 2);
  const auto description = peer.receive_frame();
  REQUIRE(description);
  CHECK(description->header.kind == Kind::description);
  CHECK(description->header.id == 3);
  CHECK(description->status() == Status::no_server);
  CHECK(description->body.empty());
  const auto unknown = peer.receive_frame();
  REQUIRE(unknown);
  CHECK(unknown->header.id == 4);
  CHECK(unknown->status() == Status::unknown_type);
  CHECK(unknown->body.empty());
}

TEST_CASE("server: a type without a matrix entry is unknown to it") {
  server::Options options;
  options.cost = CostModel(0ns);
  const auto read = options.cost.add_request_type("read", 'R');
  options.cost.add_request_type("write", 'W');
  options.cost.set_factor(options.type = options.cost.add_server_type("replica"), read, 1);
  ServerProcess server(options);
  Peer peer(server.address());
  peer.send(request(1, 'W', 1));
  CHECK(peer.receive_frame()->status() == Status::unknown_type);
  peer.send(request(2, 'R', 1));
  CHECK(peer.receive_frame()->status() == Status::ok);
}

TEST_CASE("server: a body over the limit is skipped and the next request served") {
  server::Options options = with_unit(0ns);
  options.max_body = 1000;
  ServerProcess server(options);
  Peer peer(server.address());
  test::Bytes script = request(1, 'V', 1, std::string(500'000, 'x'));
  append(script, request(2, 'V', 1, "after"));
  REQUIRE(peer.send(script));
  const auto refused = peer.receive_frame();
  REQUIRE(refused);
  CHECK(refused->header.id == 1);
  CHECK(refused->status() == Status::too_large);
  CHECK(peer.receive_frame()->body == "after");
}

TEST_CASE("server: garbage is answered with bad_frame and closes its connection only") {
  ServerProcess server(with_unit(0ns));
  Peer sound(server.address());
  Peer garbage(server.address());
  garbage.send("GET / HTTP/1.1\r\nHost: localhost\r\nAccept: */*\r\n\r\n");
  const auto refused = garbage.receive_frame();
  REQUIRE(refused);
  CHECK(refused->header.kind == Kind::reply);
  CHECK(refused->status() == Status::bad_frame);
  CHECK((refused->header.flags & ~proto::kRetryable) == 0);
  CHECK(garbage.receive_rest() == "");
  sound.send(request(1, 'V', 1));
  CHECK(sound.receive_frame()->status() == Status::ok);
}

TEST_CASE("server: queued work of a closed connection is dropped, started work is finished") {
  ServerProcess server(with_unit(50ms));
  Peer staying(server.address());
  {
    Peer leaving(server.address());
    test::Bytes burst = request(1, 'V', 1);
    for (std::uint64_t id = 2; id <= 1000; ++id) append(burst, request(id, 'V', 9));  // 450 s
    leaving.send(burst);
    CHECK(leaving.receive_frame()->header.id == 1);
  }
  staying.send(request(5000, 'V', 1));  // within ten seconds, or the peer gives up
  const auto reply = staying.receive_frame();
  REQUIRE(reply);
  CHECK(reply->header.id == 5000);
  CHECK(reply->header.origin == 0);
}

TEST_CASE("server: a half-closed connection still gets the reply to what was begun") {
  ServerProcess server(with_unit(10ms));
  Peer peer(server.address());
  test::Bytes script = request(1, 'V', 2);
  peer.send(script);
  peer.half_close();
  const auto reply = peer.receive_frame();
  REQUIRE(reply);
  CHECK(reply->header.id == 1);
  CHECK(peer.receive_rest() == "");
}

TEST_CASE("server: mini requests are answered in order, whatever order the work ends in") {
  server::Options options = mini(10ms);
  options.slots = 3;
  ServerProcess server(options);
  Peer peer(server.address());
  peer.send("V9P1M1X5V2");
  CHECK(peer.receive(10) == "V9P1M1!2V2");
}

TEST_CASE("server: the original client connects, sends two bytes, reads two, and closes") {
  ServerProcess server(mini(1ms));
  for (const char* word : {"V5", "P1", "M0"}) {
    Peer peer(server.address());
    peer.send(word);
    peer.half_close();
    CHECK(peer.receive_rest() == word);
  }
}

TEST_CASE("server: a word that is no request ends a mini connection behind the replies before it") {
  ServerProcess server(mini(5ms));
  Peer peer(server.address());
  peer.send("V3P2\r\nV1");
  CHECK(peer.receive_rest() == "V3P2!1");
  Peer another(server.address());
  another.send("M1");
  CHECK(another.receive(2) == "M1");
}

TEST_CASE("server: a word that comes in two reads is one request") {
  ServerProcess server(mini(0ns));
  Peer peer(server.address());
  peer.send("V1V");
  CHECK(peer.receive(2) == "V1");
  peer.send("2");
  CHECK(peer.receive(2) == "V2");
}

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

TEST_CASE("server: faults happen as asked") {
  server::Options options = with_unit(0ns);
  server::FaultOptions& faults = options.faults;
  test::Bytes burst;
  for (std::uint64_t id = 1; id <= 4; ++id) append(burst, request(id, 'V', 1, "body"));

  SUBCASE("a crash sends the replies before it") {
    faults.crash_after = 2;
    ServerProcess server(options);
    Peer peer(server.address());
    peer.send(burst);
    CHECK(peer.receive_frame()->header.id == 1);
    CHECK(peer.receive_frame()->header.id == 2);
    CHECK_FALSE(peer.receive_frame());
    CHECK(server.wait() == -SIGKILL);
  }
  SUBCASE("a stalled server keeps its connections and leaves at SIGTERM") {
    faults.stall_after = 1;
    ServerProcess server(options);
    Peer peer(server.address());
    peer.send(burst);
    CHECK(peer.receive_frame()->header.id == 1);
    server.send(SIGTERM);
    CHECK(peer.receive_frame()->header.kind == Kind::goaway);
    CHECK(peer.receive_rest() == "");
    peer.close();
    CHECK(server.wait() == 0);
  }
  SUBCASE("dropped replies are missing and the others come") {
    faults.drop_every = 2;
    ServerProcess server(options);
    Peer peer(server.address());
    peer.send(burst);
    peer.half_close();
    int replies = 0;
    while (peer.receive_frame()) ++replies;
    CHECK(replies == 2);
  }
  SUBCASE("a corrupt reply differs in one byte") {
    faults.corrupt_every = 1;
    ServerProcess server(options);
    Peer peer(server.address());
    const test::Bytes one = request(1, 'V', 1, "body");
    peer.send(one);
    const std::string reply = peer.receive(one.size());
    const std::string right = test::text_of(
        test::frame_of({.kind = Kind::reply, .type = 'V', .flags = 1, .id = 1, .length = 1}, "body"));
    int wrong = 0;
    for (std::size_t i = 0; i < reply.size(); ++i) wrong += reply[i] != right[i];
    CHECK(wrong == 1);
  }
  SUBCASE("half a frame is followed by the end of the connection") {
    faults.half_frame_every = 1;
    ServerProcess server(options);
    Peer peer(server.address());
    peer.send(request(1, 'V', 1, "body"));
    const auto rest = peer.receive_rest();
    REQUIRE(rest);
    CHECK(rest->size() == 18);
  }
  SUBCASE("a failed request says server_error and has no body") {
    faults.fail_every = 1;
    ServerProcess server(options);
    Peer peer(server.address());
    peer.send(burst);
    CHECK(peer.receive_frame()->status() == Status::server_error);
    CHECK(peer.receive_frame()->body.empty());
  }
  SUBCASE("a refused request is answered at once and never worked on") {
    faults.refuse_every = 1;
    ServerProcess server(options);
    Peer peer(server.address());
    peer.send(burst);
    for (int n = 0; n < 4; ++n) CHECK(peer.receive_frame()->status() == Status::overloaded);
  }
  SUBCASE("delayed replies keep their order and are no longer work") {
    faults.delay = 20ms;
    ServerProcess server(options);
    Peer peer(server.address());
    peer.send(burst);
    for (std::uint64_t id = 1; id <= 4; ++id) {
      const auto reply = peer.receive_frame();
      REQUIRE(reply);
      CHECK(reply->header.id == id);
      CHECK(reply->header.service_us == 0);
    }
  }
  SUBCASE("jitter is work and shows in the service time") {
    faults.jitter = 5ms;
    ServerProcess server(options);
    Peer peer(server.address());
    peer.send(burst);
    std::uint32_t sum = 0;
    for (int i = 0; i < 4; ++i) sum += peer.receive_frame()->header.service_us;
    CHECK(sum > 0);
    CHECK(sum <= 20'000);
  }
  SUBCASE("slow reading serves everything in the end") {
    faults.slow_read = true;
    ServerProcess server(options);
    Peer peer(server.address());
    peer.send(burst);
    for (std::uint64_t id = 1; id <= 4; ++id) CHECK(peer.receive_frame()->header.id == id);
  }
}
