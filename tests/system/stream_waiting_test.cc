// Clients that wait for a place at a server, held by several workers.
#include <doctest/doctest.h>
#include <poll.h>
#include <signal.h>

#include <algorithm>
#include <deque>
#include <list>
#include <optional>
#include <thread>
#include <vector>

#include "tests/support/proxy_under_test.h"
#include "tests/support/stats.h"

using namespace finishline;
using namespace finishline::test;

namespace {

SetUp one_place(std::uint32_t workers) {
  return {.servers = {{.name = "slow", .keys = "max_connections = 1\n", .played = Played::by_nobody}},
          .listeners = {{.mode = "stream"}},
          .workers = workers,
          .proxy_keys = "max_connections = 200\n",
          .pool_keys = "check = \"off\"\neject_after = 0\nqueue_timeout = \"30s\"\n"};
}

/// Serves one connection after the other for a moment each.
class SlowServer {
 public:
  SlowServer(std::uint16_t port, int connections)
      : host_(port), thread_([this, connections] {
          for (int i = 0; i < connections; ++i) {
            TcpPeer peer = host_.accept();
            std::this_thread::sleep_for(std::chrono::milliseconds(5));
            peer.send("x");
          }
        }) {}
  ~SlowServer() { thread_.join(); }

 private:
  TcpHost host_;
  std::thread thread_;
};

}  // namespace

TEST_CASE("clients that come back again and again are served in turn, whichever worker holds them") {
  constexpr int kClients = 16, kServed = 160;
  ProxyUnderTest proxy(one_place(2));
  const SlowServer server(proxy.server_port("slow"), kServed);
  struct Client {
    TcpPeer peer;
    int overtaken = 0;
  };
  std::list<Client> waiting;  // the oldest first
  int came = 0, most_overtaken = 0;
  const auto come = [&] {
    waiting.push_back({proxy.connect()});
    ++came;
  };
  while (came < kClients) come();
  for (int served = 0; served < kServed; ++served) {
    std::vector<pollfd> fds;
    for (Client& client : waiting) fds.push_back({client.peer.descriptor(), POLLIN, 0});
    REQUIRE(::poll(fds.data(), fds.size(), 20'000) > 0);
    auto client = waiting.begin();
    for (auto fd = fds.begin(); fd->revents == 0; ++fd, ++client)
      most_overtaken = std::max(most_overtaken, ++client->overtaken);
    REQUIRE(client->peer.read(1) == "x");
    waiting.erase(client);
    if (came < kServed) come();
  }
  CHECK(most_overtaken < kClients);  // by nobody twice
  CHECK(stats_of(proxy).closed["queue_timeout"] == 0);
  CHECK(unrest_at_the_end(proxy) == "");
}

TEST_CASE("a place falls free when the worker that held it is killed, and the others take it") {
  ProxyUnderTest proxy(one_place(2));
  TcpHost host(proxy.server_port("slow"));
  std::deque<TcpPeer> clients;
  clients.push_back(proxy.connect());
  const TcpPeer first = host.accept();
  pid_t holder = 0;
  for (const Stats::Worker& worker : stats_of(proxy).workers)
    if (worker.connections_open == 1) holder = worker.pid;
  REQUIRE(holder > 0);
  for (int i = 0; i < 7; ++i) clients.push_back(proxy.connect());
  REQUIRE(wait_until([&] { return stats_of(proxy).accepted == 8; }));
  ::kill(holder, SIGKILL);
  for (TcpPeer& client : clients) client.send("here");
  TcpPeer next = host.accept();
  CHECK(next.read(4) == "here");
}

TEST_CASE("clients that left while they waited are told from those that are served") {
  ProxyUnderTest proxy(one_place(2));
  TcpHost host(proxy.server_port("slow"));
  std::deque<TcpPeer> clients;
  clients.push_back(proxy.connect());
  std::optional<TcpPeer> served(host.accept());
  for (int i = 0; i < 6; ++i) clients.push_back(proxy.connect());
  TcpPeer asked = proxy.connect();
  asked.send("question");
  asked.finish();
  REQUIRE(wait_until([&] { return stats_of(proxy).accepted == 8; }));
  for (std::size_t i = 1; i <= 3; ++i) clients[i].reset();
  while (clients.size() > 4) clients.pop_back();
  REQUIRE(wait_until([&] { return stats_of(proxy).closed["left_waiting"] == 6; }));
  served.reset();
  clients.pop_front();
  served.emplace(host.accept());
  CHECK(served->read(8) == "question");
  CHECK(served->send("answer"));
  served->finish();
  CHECK(asked.read_all() == "answer");
}
