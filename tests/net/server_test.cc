// A reference server as a process and peers with plain sockets: what it replies, and when. Times are read
// from the replies, which carry them; no case asks the wall clock.
#include "servers/server.h"

#include <doctest/doctest.h>

#include <map>

#include "proto/reply_body.h"
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

TEST_CASE("server: a resize is answered, and from then on more is worked on at once") {
  ServerProcess server(with_unit(100ms));
  Peer peer(server.address()), other(server.address());
  peer.send(request(1, 'V', 20));
  peer.send(request(2, 'V', 1));
  other.send(test::frame_of({.kind = Kind::resize, .id = 1, .length = 4}, ""));
  const auto done = other.receive_frame();
  REQUIRE(done);
  CHECK(done->header.kind == Kind::reply);
  CHECK(done->header.id == 1);
  CHECK(done->header.length == 4);
  CHECK(done->status() == Status::ok);
  const auto first = peer.receive_frame();
  REQUIRE(first);
  CHECK(first->header.id == 2);  // it does not wait for the long one any more
}

TEST_CASE("server: a resize to nothing, or of what keeps a core busy, is refused") {
  ServerProcess server(with_unit(1ms));
  Peer peer(server.address());
  for (const std::uint32_t slots : {0U, 65537U}) {
    peer.send(test::frame_of({.kind = Kind::resize, .id = 9, .length = slots}, ""));
    const auto reply = peer.receive_frame();
    REQUIRE(reply);
    CHECK(reply->status() == Status::server_error);
  }
  auto options = with_unit(1ms);
  options.burn = true;
  ServerProcess busy(options);
  Peer asks(busy.address());
  asks.send(test::frame_of({.kind = Kind::resize, .id = 9, .length = 2}, ""));
  CHECK(asks.receive_frame()->status() == Status::server_error);
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

TEST_CASE("server: a pong says how the server is to who asks for it, and nothing to others") {
  server::Options options = with_unit(10s);
  options.slots = 3;
  ServerProcess server(options);
  Peer peer(server.address());
  test::Bytes script = request(1, 'V', 9);
  append(script, test::frame_of({.kind = Kind::ping, .id = 2}));
  append(script, test::frame_of({.kind = Kind::ping, .id = 3, .length = proto::kWantsVitals}));
  peer.send(script);
  CHECK(peer.receive_frame()->body == "");
  const auto pong = peer.receive_frame();
  REQUIRE(pong);
  CHECK(pong->header.kind == Kind::pong);
  CHECK(pong->header.id == 3);
  const auto vitals = proto::parse_vitals(pong->body);
  REQUIRE(vitals);
  CHECK(vitals->memory_bytes > 1'000'000);
  CHECK(vitals->slots == 3);
  CHECK(vitals->backlog_us > 80'000'000);
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
  CHECK((refused->header.flags & ~proto::kKnownFlags) == 0);
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

TEST_CASE("server: cancelled work is answered at once, whether it has begun or not, and makes room") {
  ServerProcess server(with_unit(100ms));
  Peer peer(server.address());
  peer.send(request(1, 'V', 60000));
  peer.send(request(2, 'V', 60000));
  peer.send(request(3, 'V', 0));
  for (const std::uint64_t id : {2U, 1U}) peer.send(test::frame_of({.kind = Kind::cancel, .id = id}));
  const auto waited = peer.receive_frame(), begun = peer.receive_frame(), last = peer.receive_frame();
  REQUIRE(waited);
  REQUIRE(begun);
  REQUIRE(last);
  CHECK(waited->header.id == 2);
  CHECK(waited->status() == Status::cancelled);
  CHECK(waited->header.service_us == 0);
  CHECK(begun->header.id == 1);
  CHECK(begun->status() == Status::cancelled);
  CHECK(begun->header.service_us < 60'000'000);
  CHECK(begun->header.length == 60000);
  CHECK(last->header.id == 3);
  CHECK(last->status() == Status::ok);
}

TEST_CASE("server: a cancel of what is not open, or another connection's, is passed over") {
  ServerProcess server(with_unit(1ms));
  Peer peer(server.address()), other(server.address());
  peer.send(request(1, 'V', 50));
  other.send(test::frame_of({.kind = Kind::cancel, .id = 1}));
  peer.send(test::frame_of({.kind = Kind::cancel, .id = 2}));
  const auto reply = peer.receive_frame();
  REQUIRE(reply);
  CHECK(reply->header.id == 1);
  CHECK(reply->status() == Status::ok);
}
