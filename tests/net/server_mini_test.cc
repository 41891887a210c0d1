// A reference server that takes two bytes, as a process, and peers with plain sockets.
#include <doctest/doctest.h>

#include <map>

#include "proto/reply_body.h"
#include "servers/server.h"
#include "tests/support/peer.h"
#include "tests/support/server_process.h"

using namespace finishline;
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

}  // namespace

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
