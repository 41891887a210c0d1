// A worker that is stopped with requests that wait in it: late binding shares servers between workers.
#include <doctest/doctest.h>

#include <algorithm>
#include <csignal>
#include <optional>
#include <string>
#include <vector>

#include "tests/support/processes.h"
#include "tests/support/proxy_under_test.h"
#include "tests/support/stats.h"

using namespace finishline;
using namespace finishline::test;
using proto::Status;

namespace {

constexpr std::uint64_t kEach = 12;

/// A client of worker 0 and one of worker 1.
std::vector<TcpPeer> client_of_each(const ProxyUnderTest& proxy) {
  std::vector<TcpPeer> all;
  std::vector<std::optional<std::size_t>> whose(2);  // by worker
  while (!whose[0] || !whose[1]) {
    const Stats before = stats_of(proxy);
    all.push_back(proxy.connect());
    REQUIRE(all.back().send_frame({.type = 'V', .id = 0, .length = 1}));
    REQUIRE(all.back().read_frame());
    const Stats after = stats_of(proxy);
    for (std::size_t i = 0; i < 2; ++i)
      if (after.workers.at(i).requests > before.workers.at(i).requests) whose[i] = all.size() - 1;
  }
  std::vector<TcpPeer> clients;
  for (const auto& index : whose) clients.push_back(std::move(all[*index]));
  return clients;
}

void ask_for_all(TcpPeer& client, std::uint32_t length) {
  for (std::uint64_t id = 1; id <= kEach; ++id)
    REQUIRE(client.send_frame({.type = 'V', .id = id, .length = length}));
}

void check_all_answered(TcpPeer& client) {
  std::vector<std::uint64_t> ids;
  for (std::uint64_t n = 0; n < kEach; ++n) {
    const auto reply = client.read_frame();
    REQUIRE(reply);
    CHECK(reply->status() == Status::ok);
    ids.push_back(reply->header.id);
  }
  std::ranges::sort(ids);
  CHECK(std::ranges::adjacent_find(ids) == ids.end());
}

}  // namespace

TEST_CASE("a worker is stopped with requests that wait in it: its clients wait, and nobody else's do") {
  ProxyUnderTest proxy({.servers = {{.name = "video-1"}, {.name = "video-2"}},
                        .workers = 2,
                        .unit = "5ms",
                        .proxy_keys = "watchdog = \"0s\"\n"});
  std::vector<TcpPeer> clients = client_of_each(proxy);
  const pid_t stopped = proxy.worker_pids().at(0);
  const std::int64_t before = stats_of(proxy).received;
  ask_for_all(clients[0], 40);
  REQUIRE(wait_until([&] { return stats_of(proxy).received == before + static_cast<std::int64_t>(kEach); }));
  ::kill(stopped, SIGSTOP);
  ask_for_all(clients[1], 4);
  check_all_answered(clients[1]);  // while those of the stopped one, which came earlier, wait
  CHECK(stats_of(proxy).open > 2);
  ::kill(stopped, SIGCONT);
  check_all_answered(clients[0]);
  CHECK(unrest_at_the_end(proxy) == "");
  CHECK(proxy.stop() == Exit{0, 0});
}
