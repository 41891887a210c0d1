// Workers and clients of the C library at Unix sockets.
#include <doctest/doctest.h>

#include <filesystem>
#include <string>

#include "proto/c/finishline.h"
#include "tests/support/c_client.h"
#include "tests/support/temp_dir.h"

using namespace finishline;
using namespace finishline::test;

namespace {

/// A place for a socket.
struct Place {
  TempDir dir;
  std::string path = dir.file("x.sock");
  std::string address = "unix:" + path;
  bool there() const { return std::filesystem::exists(path); }
};

finishline_server* listening_at(const Place& place) {
  finishline_server* server = nullptr;
  const int result = finishline_server_new(place.address.c_str(), nullptr, &server);
  CHECK((result == FINISHLINE_OK) == (server != nullptr));
  return server;
}

/// Turns the server, and the client, until the client has heard.
bool serve_one(finishline_server* server, CClient& client) {
  return client.turn_until([&] {
    finishline_server_process(server);
    finishline_work* work = nullptr;
    if (finishline_server_take(server, 0, &work) == FINISHLINE_OK)
      finishline_answer(work, FINISHLINE_OK, "dog", 3);
    return !client.told.empty();
  });
}

}  // namespace

TEST_CASE("c: a request goes over a Unix socket, whose file goes with the server") {
  const Place place;
  finishline_server* const server = listening_at(place);
  REQUIRE(server != nullptr);
  CHECK(finishline_server_address(server) == place.address);
  CHECK(std::filesystem::status(place.path).permissions() == std::filesystem::perms(0660));
  {
    CClient client(place.address);
    client.submit(call_of("cat"));
    REQUIRE(serve_one(server, client));
    CHECK(client.told[0].result == FINISHLINE_OK);
    CHECK(client.told[0].body == "dog");
  }
  finishline_server_free(server);
  CHECK_FALSE(place.there());
}

TEST_CASE("c: where a worker listens no other does, and what a dead one has left is replaced") {
  const Place place;
  finishline_server* const living = listening_at(place);
  REQUIRE(living != nullptr);
  CHECK(listening_at(place) == nullptr);
  finishline_server_free(living);

  { const TcpHost dead(place.address); }
  REQUIRE(place.there());
  finishline_server* const next = listening_at(place);
  REQUIRE(next != nullptr);
  finishline_server_free(next);
}
