// Streams and listeners on a real loop over loopback. Every case ends by closing its loop, which
// aborts when a handle was left open.
#include "lb/net/listener.h"

#include <doctest/doctest.h>
#include <sys/resource.h>
#include <unistd.h>

#include <cerrno>
#include <optional>
#include <string>

#include "lb/net/timer.h"
#include "tests/support/stream_side.h"

using namespace finishline;
using namespace finishline::net;
using namespace finishline::test;

TEST_CASE("bytes written by a client come back from an echoing server, and both see the end") {
  Loop loop;
  Port port;
  StreamSide client, server;
  AcceptOne accept(loop, port.fd, server);
  server.when_bytes = [&] { server.stream.write(text_bytes(std::exchange(server.received, ""))); };
  server.when_end = [&] { server.stream = TcpStream(); };
  client.when_connected = [&] { client.stream.write(text_bytes("hello")); };
  client.when_bytes = [&] { client.stream.shutdown(); };
  client.when_end = [&] { client.stream = TcpStream(); };
  client.stream = TcpStream::connect(loop, port.address, client);
  loop.run();
  CHECK(client.received == "hello");
  CHECK(client.end->orderly());
  CHECK(server.end->orderly());
  CHECK(accept.peer.port() != port.address.port());
}

TEST_CASE("an end that is wanted before there is a connection is told behind it") {
  Loop loop;
  Port port;
  StreamSide client, server;
  AcceptOne accept(loop, port.fd, server);
  server.when_end = [&] {
    server.stream.write(text_bytes("all heard"));
    server.stream.finish(1s);
  };
  client.when_end = [&] { client.stream = TcpStream(); };
  client.stream = TcpStream::connect(loop, port.address, client);
  client.stream.shutdown();
  loop.run();
  CHECK(client.connected);
  CHECK(server.end->orderly());
  CHECK(client.received == "all heard");
}

TEST_CASE("a stream that expects more is flushed all the same when nothing else comes in") {
  Loop loop;
  Port port;
  StreamSide client, server;
  AcceptOne accept(loop, port.fd, server);
  server.when_bytes = [&] {
    server.stream.expect_more(true);
    server.stream.write(text_bytes("first"));
  };
  server.when_end = [&] { server.stream = TcpStream(); };
  client.when_connected = [&] { client.stream.write(text_bytes("go")); };
  client.when_bytes = [&] { client.stream = TcpStream(); };
  client.stream = TcpStream::connect(loop, port.address, client);
  loop.run();
  CHECK(client.received == "first");
}

TEST_CASE("a stream that expects more is not held back for as long as others keep the loop busy") {
  Loop loop;
  Port quiet_port, busy_port;
  StreamSide quiet, quiet_server, busy, busy_server;
  AcceptOne accept_quiet(loop, quiet_port.fd, quiet_server);
  AcceptOne accept_busy(loop, busy_port.fd, busy_server);
  quiet_server.when_bytes = [&] {
    quiet_server.stream.expect_more(true);
    quiet_server.stream.write(text_bytes("first"));
  };
  busy_server.when_bytes = [&] {
    busy_server.stream.write(text_bytes(std::exchange(busy_server.received, "")));
  };
  busy.when_bytes = [&] { busy.stream.write(text_bytes(std::exchange(busy.received, ""))); };
  busy.when_connected = [&] { busy.stream.write(text_bytes("ball")); };
  quiet.when_connected = [&] { quiet.stream.write(text_bytes("go")); };
  quiet.when_bytes = [&] { loop.stop(); };  // else the game of the others never ends
  busy.stream = TcpStream::connect(loop, busy_port.address, busy);
  quiet.stream = TcpStream::connect(loop, quiet_port.address, quiet);
  loop.run();
  CHECK(quiet.received == "first");
  for (StreamSide* side : {&quiet, &quiet_server, &busy, &busy_server}) side->stream = TcpStream();
}

TEST_CASE("many writes of one turn arrive in order and whole") {
  Loop loop;
  Port port;
  StreamSide client, server;
  AcceptOne accept(loop, port.fd, server);
  std::string expected;
  client.when_connected = [&] {
    for (int i = 0; i < 10000; ++i) {
      const std::string line = std::to_string(i) + "\n";
      expected += line;
      client.stream.write(text_bytes(line));
    }
    client.stream.finish();
  };
  server.when_end = [&] { server.stream = TcpStream(); };
  client.stream = TcpStream::connect(loop, port.address, client);
  loop.run();
  CHECK(server.received == expected);
}

TEST_CASE("a writer that outruns its reader is told when the buffer has drained") {
  Loop loop;
  Port port;
  StreamSide client, server;
  AcceptOne accept(loop, port.fd, server);
  const std::string block(1 << 20, 'x');
  std::size_t sent = 0;
  bool drained = false;
  client.when_connected = [&] {
    while (sent < (64U << 20) && !client.stream.above_high_water()) {
      client.stream.write(text_bytes(block));
      sent += block.size();
    }
  };
  client.when_drained = [&] {
    drained = true;
    client.stream.finish();
  };
  std::size_t received = 0;
  server.when_bytes = [&] {
    received += server.received.size();
    server.received.clear();
  };
  server.when_end = [&] { server.stream = TcpStream(); };
  client.stream = TcpStream::connect(loop, port.address, client);
  loop.run();
  CHECK(drained);
  CHECK(received == sent);
}

TEST_CASE("a stream dropped inside its own callback gets no further call") {
  Loop loop;
  Port port;
  StreamSide client, server;
  AcceptOne accept(loop, port.fd, server);
  int calls = 0;
  server.when_bytes = [&] {
    ++calls;
    server.stream = TcpStream();
  };
  client.when_connected = [&] { client.stream.write(text_bytes("one")); };
  client.when_end = [&] { client.stream = TcpStream(); };
  client.stream = TcpStream::connect(loop, port.address, client);
  loop.run();
  CHECK(calls == 1);
  CHECK(client.end.has_value());
}

TEST_CASE("connecting to a port where nobody listens ends with an error and its text") {
  Loop loop;
  Address nobody;
  {
    Port port;
    nobody = port.address;
  }
  StreamSide client;
  client.stream = TcpStream::connect(loop, nobody, client);
  loop.run();
  CHECK_FALSE(client.connected);
  CHECK(client.end->text() == "connection refused");
  client.stream = TcpStream();
}

TEST_CASE("the last words of a finished stream arrive even though the other side was still talking") {
  Loop loop;
  Port port;
  StreamSide client, server;
  AcceptOne accept(loop, port.fd, server);
  server.when_bytes = [&] {
    server.stream.write(text_bytes("goodbye"));
    server.stream.finish();
  };
  client.when_connected = [&] { client.stream.write(text_bytes(std::string(100000, 'x'))); };
  client.when_end = [&] { client.stream = TcpStream(); };
  client.stream = TcpStream::connect(loop, port.address, client);
  loop.run();
  CHECK(client.received == "goodbye");
  CHECK(client.end->orderly());
}

TEST_CASE("the last words of a stream finished right before its loop stopped arrive all the same") {
  Port port;
  Loop reader_loop;
  StreamSide client, server;
  AcceptOne accept(reader_loop, port.fd, server);
  {
    Loop loop;
    client.when_connected = [&] {
      client.stream.write(text_bytes("goodbye"));
      client.stream.finish();
      loop.stop();
    };
    server.when_end = [&] { server.stream = TcpStream(); };
    client.stream = TcpStream::connect(loop, port.address, client);
    loop.run();
  }
  reader_loop.run();
  CHECK(server.received == "goodbye");
}

TEST_CASE("a reset reaches the other side as an error") {
  Loop loop;
  Port port;
  StreamSide client, server;
  AcceptOne accept(loop, port.fd, server);
  server.when_connected = [&] { server.stream.reset(); };
  client.when_end = [&] { client.stream = TcpStream(); };
  client.stream = TcpStream::connect(loop, port.address, client);
  loop.run();
  CHECK(client.end->text() == "connection reset by peer");
}

TEST_CASE("a connection that a gate refuses stays in the queue and is accepted later") {
  Loop loop;
  Port port;
  StreamSide client, server;
  AcceptOne accept(loop, port.fd, server);
  int asked = 0;
  accept.gate = [&] {
    ++asked;
    return asked == 1 ? Accept::later : asked == 2 ? Accept::next_turn : Accept::yes;
  };
  server.when_connected = [&] { server.stream = TcpStream(); };
  client.when_end = [&] { client.stream = TcpStream(); };
  client.stream = TcpStream::connect(loop, port.address, client);
  Timer later(loop, [&] {
    CHECK(asked == 1);  // and nobody asks again
    accept.listener->resume();
  });
  later.start(20ms);
  loop.run();
  CHECK(server.connected);
  CHECK(asked == 3);
}

TEST_CASE("a source address that is not this machine's ends the connection with the reason") {
  Loop loop;
  Port port;
  StreamSide client;
  client.stream = TcpStream::connect(loop, port.address, client, std::get<Address>(parse_host("192.0.2.1")));
  Timer turn(loop, [] {});  // it is told at the end of one
  turn.start(1ms);
  loop.run();
  CHECK_FALSE(client.connected);
  REQUIRE(client.end);
  CHECK(client.end->text() ==
        "nothing to connect from: no such source address here, or all its ports are in use");
  client.stream = TcpStream();
}

TEST_CASE("reading pauses and resumes without losing a byte") {
  Loop loop;
  Port port;
  StreamSide client, server;
  AcceptOne accept(loop, port.fd, server);
  Timer later(loop, [&] { server.stream.resume_reading(); });
  server.when_connected = [&] {
    server.stream.pause_reading();
    later.start(5ms);
  };
  server.when_bytes = [&] { CHECK(server.stream.reading()); };
  server.when_end = [&] { server.stream = TcpStream(); };
  client.when_connected = [&] {
    client.stream.write(text_bytes("patience"));
    client.stream.finish();
  };
  client.stream = TcpStream::connect(loop, port.address, client);
  loop.run();
  CHECK(server.received == "patience");
}

TEST_CASE("the clock stands still within a turn and moves between turns") {
  Loop loop;
  Instant first{}, again{}, next{};
  int turn = 0;
  std::optional<Timer> timer;
  timer.emplace(loop, [&] {
    if (++turn == 1) {
      first = loop.now();
      again = loop.now();
      return;
    }
    next = loop.now();
    timer.reset();
  });
  timer->start(0ms, 1ms);
  loop.run();
  CHECK(first == again);
  CHECK(next > first);
}

TEST_CASE("addresses read and print alike, and what is no address says why") {
  CHECK(std::get<Address>(parse_address("127.0.0.1:80")).to_string() == "127.0.0.1:80");
  CHECK(std::get<Address>(parse_address("[::1]:9000")).to_string() == "[::1]:9000");
  CHECK(std::get<std::string>(parse_address("::1:9000")).find("IPv6 as [HOST]:PORT") != std::string::npos);
  CHECK(std::get<std::string>(parse_address("127.0.0.1")).find("no HOST:PORT") != std::string::npos);
  CHECK(std::get<std::string>(parse_address("127.0.0.1:70000")).find("no port") != std::string::npos);
}

TEST_CASE("a port in use is refused with its reason") {
  Port port;
  CHECK(std::get<std::string>(open_listener(port.address)) == "Address already in use");
}

TEST_CASE("what an owner does when a flush tells it of something ends in the same turn") {
  Loop loop;
  Port port;
  StreamSide client, server;
  AcceptOne accept(loop, port.fd, server);
  bool to_do = false, done = false;
  loop.on_turn_end([&] { done |= to_do; });
  client.when_connected = [&] {
    client.stream.tell_when_drained();
    client.stream.write(text_bytes("all of it"));
  };
  client.when_drained = [&] {
    to_do = true;
    loop.stop();  // behind this turn
  };
  client.stream = TcpStream::connect(loop, port.address, client);
  loop.run();
  CHECK(to_do);
  CHECK(done);
  client.stream = TcpStream();
  server.stream = TcpStream();
}
