// The helpers of the system tests, tested before they test others.
#include <doctest/doctest.h>
#include <unistd.h>

#include <csignal>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <string_view>
#include <thread>
#include <utility>

#include "tests/support/child_process.h"
#include "tests/support/free_port.h"
#include "tests/support/http.h"
#include "tests/support/tcp_peer.h"
#include "tests/support/temp_dir.h"
#include "tests/support/wait_until.h"

using namespace finishline::test;
using namespace finishline;

TEST_CASE("a temporary directory is gone with its files") {
  std::string file;
  {
    const TempDir dir;
    file = dir.write("a.txt", "text");
    CHECK(dir.read("a.txt") == "text");
    CHECK(dir.read("b.txt") == "");
  }
  CHECK_FALSE(std::filesystem::exists(file));
}

TEST_CASE("a child's output, errors and exit code are kept apart") {
  ChildProcess child("/bin/sh", {"-c", "echo out; echo err >&2; exit 3"});
  CHECK(child.wait() == Exit{3, 0});
  CHECK(child.output() == "out\n");
  CHECK(child.errors() == "err\n");
  CHECK_FALSE(child.running());
}

TEST_CASE("a child stops by signal, and a stopped one is not signalled again") {
  ChildProcess child("/bin/sh", {"-c", "exec sleep 1000"});
  CHECK(child.running());
  CHECK_FALSE(child.wait(Nanos(0)));
  child.kill();
  CHECK(child.wait() == Exit{0, SIGKILL});
  child.signal(SIGTERM);
  CHECK(child.stop() == Exit{0, SIGKILL});
}

TEST_CASE("a program that is not there exits with 127 and says so") {
  ChildProcess child("/nonexistent/program", {});
  CHECK(child.wait() == Exit{127, 0});
  CHECK(child.errors() == "/nonexistent/program: No such file or directory\n");
}

TEST_CASE("the children of a child die with it") {
  pid_t grandchild = 0;
  {
    ChildProcess child("/bin/sh", {"-c", "sleep 1000 & echo $!; wait"});
    REQUIRE(wait_until([&] { return child.output().ends_with("\n"); }));
    grandchild = static_cast<pid_t>(std::stoi(child.output()));
    CHECK(::kill(grandchild, 0) == 0);
  }
  // Dead, though perhaps not yet reaped by whoever inherited it: a zombie has no command line.
  const auto command_line = [&] {
    std::ifstream in("/proc/" + std::to_string(grandchild) + "/cmdline");
    return std::string(std::istreambuf_iterator<char>(in), {});
  };
  CHECK(wait_until([&] { return command_line().empty(); }));
}

TEST_CASE("a child inherits no descriptor of the test") {
  const FreePort port;
  ChildProcess child("/bin/ls", {"/proc/self/fd"});
  CHECK(child.wait() == Exit{0, 0});
  CHECK(child.output() == "0\n1\n2\n3\n");  // 3 is the directory that ls reads
}

TEST_CASE("a free port refuses connections until somebody listens on it, and can be taken twice") {
  const FreePort port;
  CHECK_FALSE(TcpPeer::can_connect(port.number()));
  for (int round = 0; round < 2; ++round) {
    TcpHost host(port.number());
    TcpPeer client = TcpPeer::connect(port.number());
    CHECK(host.accept().silent(Nanos(0)));
  }
  CHECK_FALSE(TcpPeer::can_connect(port.number()));
}

TEST_CASE("a peer reads exactly what it asks for, and the rest until the end") {
  TcpHost host;
  TcpPeer client = TcpPeer::connect(host.port());
  TcpPeer server = host.accept();
  CHECK(client.silent(Nanos(0)));
  REQUIRE(server.send("hello world"));
  server.finish();
  CHECK(client.read(5) == "hello");
  CHECK(client.read_all() == " world");
  CHECK(client.closed());
  CHECK_FALSE(server.closed(Nanos(0)));
}

TEST_CASE("a peer sees a reset as the end, and silence as nothing") {
  TcpHost host;
  TcpPeer client = TcpPeer::connect(host.port());
  TcpPeer server = host.accept();
  CHECK(client.read(1, Nanos(0)) == "");
  CHECK_FALSE(client.read_frame(Nanos(0)));
  server.reset();
  CHECK(client.closed());
}

TEST_CASE("a peer speaks whole frames") {
  TcpHost host;
  TcpPeer client = TcpPeer::connect(host.port());
  TcpPeer server = host.accept();
  REQUIRE(client.send_frame({.type = 'V', .id = 7, .length = 5}, "body"));
  const auto frame = server.read_frame();
  REQUIRE(frame);
  CHECK(frame->header.id == 7);
  CHECK(frame->header.type == 'V');
  CHECK(frame->body == "body");
  client.finish();
  CHECK_FALSE(server.read_frame());
}

TEST_CASE("an HTTP reply is status, type and body") {
  TcpHost host;
  std::thread server([&] {
    TcpPeer peer = host.accept();
    peer.read(std::string_view("GET /x HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n").size());
    peer.send("HTTP/1.1 404 Not Found\r\ncontent-type: text/plain\r\nContent-Length: 4\r\n\r\nno\r\n");
  });
  const HttpReply reply = http_get(host.port(), "/x");
  server.join();
  CHECK(reply.status == 404);
  CHECK(reply.content_type == "text/plain");
  CHECK(reply.body == "no\r\n");
}
