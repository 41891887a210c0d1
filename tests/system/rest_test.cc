// Listeners at a limit, with clients that wait: nobody looks again and again, and room is used when it is
// there.
#include <doctest/doctest.h>

#include <deque>
#include <fstream>
#include <string>
#include <thread>

#include "tests/support/proxy_under_test.h"
#include "tests/support/stats.h"

using namespace finishline;
using namespace finishline::test;
using proto::Status;

namespace {

/// How often a process has gone to sleep.
long sleeps(pid_t pid) {
  std::ifstream status("/proc/" + std::to_string(pid) + "/status");
  for (std::string line; std::getline(status, line);) {
    constexpr std::string_view kName = "voluntary_ctxt_switches:";
    if (line.starts_with(kName)) return std::stol(line.substr(kName.size()));
  }
  return 0;
}

}  // namespace

TEST_CASE("at their limits twenty listeners with waiting clients leave the workers asleep") {
  SetUp set_up{.servers = {{.name = "video-1"}}, .listeners = {}, .workers = 2, .unit = "1us"};
  for (int i = 0; i < 20; ++i)
    set_up.listeners.push_back({.name = "l" + std::to_string(i), .keys = "max_connections = 1\n"});
  ProxyUnderTest proxy(set_up);
  std::deque<TcpPeer> clients;
  for (const ListenerPart& listener : set_up.listeners) {
    clients.push_back(proxy.connect(listener.name));
    REQUIRE(wait_until(
        [&] { return stats_of(proxy).accepted == static_cast<std::int64_t>(clients.size() + 1) / 2; }));
    clients.push_back(proxy.connect(listener.name));
  }
  long before = 0, after = 0;
  for (const pid_t pid : proxy.worker_pids()) before += sleeps(pid);
  std::this_thread::sleep_for(std::chrono::milliseconds(300));
  for (const pid_t pid : proxy.worker_pids()) after += sleeps(pid);
  CHECK(after - before < 300);  // a look every millisecond would be 12,000; each worker has a tick of ten
  for (std::size_t i = 0; i < clients.size(); i += 2) {
    clients[i].finish();
    TcpPeer& waited = clients[i + 1];
    REQUIRE(waited.send_frame({.type = 'V', .id = 1, .length = 1}));
    const auto reply = waited.read_frame();
    REQUIRE(reply);
    CHECK(reply->status() == Status::ok);
  }
  CHECK(unrest_at_the_end(proxy) == "");
}

TEST_CASE("at the limit of the whole proxy whoever goes makes room for one who waits, at whichever worker") {
  ProxyUnderTest proxy(
      {.servers = {{.name = "video-1"}}, .workers = 2, .unit = "1us", .proxy_keys = "max_connections = 4\n"});
  std::deque<TcpPeer> inside, outside;
  for (int i = 0; i < 4; ++i) inside.push_back(proxy.connect());
  REQUIRE(wait_until([&] { return stats_of(proxy).accepted == 4; }));
  for (int i = 0; i < 12; ++i) outside.push_back(proxy.connect());
  for (std::uint64_t i = 0; i < 12; ++i) {
    inside.front().finish();
    inside.pop_front();
    REQUIRE(outside.front().send_frame({.type = 'V', .id = i, .length = 1}));
    const auto reply = outside.front().read_frame();
    REQUIRE(reply);
    CHECK(reply->status() == Status::ok);
    inside.push_back(std::move(outside.front()));
    outside.pop_front();
  }
  inside.clear();
  CHECK(unrest_at_the_end(proxy) == "");
}
