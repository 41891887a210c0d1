// A client that hardly reads: it waits for itself, others do not wait for it, and memory stays bounded.
#include <doctest/doctest.h>

#include <algorithm>
#include <string>
#include <thread>

#include "tests/support/processes.h"
#include "tests/support/proxy_under_test.h"
#include "tests/support/stats.h"

using namespace finishline;
using namespace finishline::test;

TEST_CASE("a client that reads byte by byte delays nobody, and gets all of its replies in the end") {
  ProxyUnderTest proxy(
      {.servers = {{.name = "video-1"}}, .listeners = {{.keys = "max_open = 16\n"}}, .unit = "1us"});
  TcpPeer slow = TcpPeer::connect_narrow(proxy.port(), 4096);
  TcpPeer quick = proxy.connect();
  const pid_t worker = proxy.worker_pids().at(0);
  const std::size_t before = private_kib_of(worker);
  constexpr std::uint64_t kRequests = 400;
  const std::string body(64 * 1024, 's');
  std::jthread asking([&] {  // blocks as soon as the proxy reads no more
    for (std::uint64_t id = 1; id <= kRequests; ++id) {
      if (!slow.send_frame({.type = 'V', .id = id, .length = 1}, body)) return;
    }
  });

  std::string received;
  std::size_t most_memory = 0;
  for (std::uint64_t id = 1; id <= 50; ++id) {
    REQUIRE(quick.send_frame({.type = 'V', .id = id, .length = 1}, "quick"));
    const auto reply = quick.read_frame();
    REQUIRE(reply);
    CHECK(reply->body == "quick");
    received += slow.read(1);
    most_memory = std::max(most_memory, private_kib_of(worker));
  }
  if (kMemoryTells) CHECK(most_memory < before + 8 * 1024);  // of 25 MiB

  const std::size_t whole = kRequests * (proto::kHeaderBytes + body.size());
  received += slow.read(whole - received.size());
  REQUIRE(received.size() == whole);
  std::uint64_t sum = 0;
  for (std::size_t at = 0; at < whole; at += proto::kHeaderBytes + body.size()) {
    sum += proto::decode_header(reinterpret_cast<const std::byte*>(received.data() + at)).id;
  }
  CHECK(sum == kRequests * (kRequests + 1) / 2);
  CHECK(unrest_at_the_end(proxy) == "");
}
