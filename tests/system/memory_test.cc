// Clients that do not read and a server that does not take: memory stays within the budget, and whoever has
// nothing to do with it is served.
#include <doctest/doctest.h>
#include <signal.h>

#include <algorithm>
#include <string>
#include <thread>
#include <vector>

#include "tests/support/processes.h"
#include "tests/support/proxy_under_test.h"
#include "tests/support/stats.h"

using namespace finishline;
using namespace finishline::test;
using proto::Status;

namespace {

constexpr std::size_t kMiB = std::size_t{1} << 20;

/// Sends as long as the proxy takes it.
void pour(TcpPeer& client, std::uint64_t requests, std::size_t body) {
  const std::string bytes(body, 'b');
  for (std::uint64_t id = 1; id <= requests; ++id)
    if (!client.send_frame({.type = 'V', .flags = proto::kRetryable, .id = id, .length = 1}, bytes)) return;
}

}  // namespace

TEST_CASE("clients that never read cost no more than the budget, and the ones that do are served") {
  ProxyUnderTest proxy({.servers = {{.name = "video-1", .flags = {"--reply-bytes", "200000"}}},
                        .listeners = {{.keys = "max_open = 64\n"}},
                        .unit = "1us",
                        .proxy_keys = "max_buffered = \"4MiB\"\n"});
  const pid_t worker = proxy.worker_pids().at(0);
  const std::size_t before = private_kib_of(worker);
  std::vector<TcpPeer> sloths;
  for (int n = 0; n < 20; ++n) {
    sloths.push_back(TcpPeer::connect_narrow(proxy.port(), 4096));
    pour(sloths.back(), 64, 10);  // 12.8 MB of replies each, 256 MB in all
  }
  REQUIRE(wait_until([&] { return stats_of(proxy).closed["slow_reader"] > 0; }));
  TcpPeer alice = proxy.connect();
  REQUIRE(alice.send_frame({.type = 'V', .id = 1, .length = 1}));
  const auto reply = alice.read_frame();
  REQUIRE(reply);
  CHECK(reply->status() == Status::ok);
  // Twice the budget, a turn's reading and what the allocator keeps.
  if (kMemoryTells) CHECK(private_kib_of(worker) < before + 40 * 1024);
  sloths.clear();
  CHECK(unrest_at_the_end(proxy) == "");
}

TEST_CASE("a server that stands still is sent no more than its link holds, and the others take the work") {
  ProxyUnderTest proxy({.servers = {{.name = "video-1"}, {.name = "video-2"}},
                        .unit = "1us",
                        .policy = "round-robin",
                        .proxy_keys = "max_buffered = \"64MiB\"\n"});
  proxy.server("video-1").signal(SIGSTOP);
  TcpPeer alice = proxy.connect();
  std::jthread asking([&] { pour(alice, 400, 100'000); });
  std::size_t served = 0;
  while (served < 200) {
    const auto reply = alice.read_frame();
    REQUIRE(reply);
    CHECK(name_of(reply->status()) == "ok");
    ++served;
  }
  CHECK(stats_of(proxy).server("video-1").in_flight * 100'000 < static_cast<std::int64_t>(20 * kMiB));
  proxy.server("video-1").signal(SIGCONT);
  while (served < 400 && alice.read_frame()) ++served;
  CHECK(served == 400);
  CHECK(unrest_at_the_end(proxy) == "");
}
