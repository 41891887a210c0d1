// Large pieces of output, which are sent from where they lie.
#include <doctest/doctest.h>

#include <random>
#include <string>

#include "tests/support/stream_side.h"

using namespace finishline;
using namespace finishline::net;
using namespace finishline::test;

namespace {

/// Of a length and with bytes that depend on `seed`.
std::string piece(std::uint32_t seed, std::size_t bytes) {
  std::minstd_rand random(seed + 1);
  std::string text(bytes, ' ');
  for (char& c : text) c = static_cast<char>('a' + random() % 26);
  return text;
}

}  // namespace

TEST_CASE("a large piece is sent at once, behind what was written before it, and nothing of it is kept") {
  Loop loop;
  Port port;
  StreamSide client, server;
  AcceptOne accept(loop, port.fd, server);
  const std::string large = piece(1, TcpStream::kSendWhole);
  std::size_t kept = 1;
  client.when_connected = [&] {
    client.stream.write(text_bytes("head"));
    client.stream.write(text_bytes(large));
    kept = client.stream.buffered();
    client.stream.write(text_bytes("tail"));
    client.stream.finish();
  };
  server.when_end = [&] { server.stream = TcpStream(); };
  client.stream = TcpStream::connect(loop, port.address, client);
  loop.run();
  CHECK(kept == 0);
  CHECK(server.received == "head" + large + "tail");
}

TEST_CASE("large and small pieces in turn arrive in order and whole, whatever the kernel takes at once") {
  Loop loop;
  Port port;
  StreamSide client, server;
  AcceptOne accept(loop, port.fd, server);
  std::string expected;
  std::size_t most_kept = 0;
  client.when_connected = [&] {
    for (std::uint32_t i = 0; i < 200; ++i) {
      const std::string text = piece(i, i % 3 == 0 ? 7 + i : 20'000 + 1'500 * i);
      expected += text;
      client.stream.write(text_bytes(text));
      most_kept = std::max(most_kept, client.stream.buffered());
    }
    client.stream.finish();
  };
  server.when_end = [&] { server.stream = TcpStream(); };
  client.stream = TcpStream::connect(loop, port.address, client);
  loop.run();
  CHECK(most_kept > 1 << 20);  // the kernel did not take them all
  CHECK(server.received == expected);
}

TEST_CASE("who writes large pieces faster than they are read is told when they are gone") {
  Loop loop;
  Port port;
  StreamSide client, server;
  AcceptOne accept(loop, port.fd, server);
  const std::string large = piece(1, 1 << 20);
  std::size_t sent = 0;
  bool drained = false;
  client.when_connected = [&] {
    for (; !client.stream.above_high_water(); sent += large.size()) client.stream.write(text_bytes(large));
  };
  client.when_drained = [&] {
    drained = true;
    client.stream.finish();
  };
  server.when_end = [&] { server.stream = TcpStream(); };
  client.stream = TcpStream::connect(loop, port.address, client);
  loop.run();
  CHECK(drained);
  CHECK(server.received.size() == sent);
}

TEST_CASE("a large piece for a side that is gone ends the stream, and its owner hears of it later, once") {
  Loop loop;
  Port port;
  StreamSide client, server;
  AcceptOne accept(loop, port.fd, server);
  const std::string large = piece(1, 1 << 20);
  int ends = 0;
  bool writing = false, told_inside = false;
  client.when_connected = [&] { client.stream.write(text_bytes("go")); };
  server.when_bytes = [&] { server.stream.reset(); };
  client.when_end = [&] {
    ++ends;
    told_inside = writing;
    client.stream = TcpStream();
  };
  client.stream = TcpStream::connect(loop, port.address, client);
  client.when_bytes = [] {};
  loop.on_turn_end([&] {
    if (!client.stream || !client.connected) return;
    writing = true;
    client.stream.write(text_bytes(large));
    writing = false;
  });
  loop.run();
  CHECK(ends == 1);
  CHECK_FALSE(told_inside);
}
