// Signals that hit every process of the proxy at once: a terminal that closes, Ctrl-\, `kill -HUP $(pidof
// finishline)`. Each means what it means to the master, and no client notices more than that.
#include <doctest/doctest.h>

#include <csignal>
#include <string>
#include <vector>

#include "tests/support/processes.h"
#include "tests/support/proxy_under_test.h"
#include "tests/support/stats.h"

using namespace finishline;
using namespace finishline::test;

namespace {

/// Four streams through two workers to a server that the test plays.
class FourStreams {
 public:
  FourStreams()
      : proxy_({.servers = {{.name = "any", .played = Played::by_nobody}},
                .listeners = {{.name = "any", .mode = "stream"}},
                .workers = 2,
                .proxy_keys = "max_connections = 100\n"}),
        host_(proxy_.server_port("any")) {
    for (int n = 0; n < 4; ++n) {
      clients_.push_back(proxy_.connect("any"));
      servers_.push_back(host_.accept());
    }
    REQUIRE(proxy_.wait_for_log(" admin_listening "));
  }

  ProxyUnderTest& proxy() { return proxy_; }
  void signal_all(int number) const { ::kill(-proxy_group(), number); }

  /// Whether each still passes bytes in both directions.
  bool live() {
    for (std::size_t n = 0; n < clients_.size(); ++n) {
      if (!clients_[n].send("ask!") || servers_[n].read(4) != "ask!") return false;
      if (!servers_[n].send("told") || clients_[n].read(4) != "told") return false;
    }
    return true;
  }
  void end() {
    clients_.clear();
    servers_.clear();
  }

 private:
  pid_t proxy_group() const { return const_cast<ProxyUnderTest&>(proxy_).process().pid(); }

  ProxyUnderTest proxy_;
  TcpHost host_;
  std::vector<TcpPeer> clients_;
  std::vector<TcpPeer> servers_;
};

}  // namespace

TEST_CASE("signals that nobody documents, sent to all processes, change nothing") {
  FourStreams streams;
  const auto children = children_of(streams.proxy().process().pid());
  for (const int number : {SIGALRM, SIGVTALRM, SIGPROF, SIGPIPE, SIGIO, SIGPWR, SIGSTKFLT, SIGXCPU, SIGXFSZ,
                           SIGTTOU, SIGURG, SIGWINCH, SIGUSR1, SIGRTMIN, SIGRTMIN + 7, SIGRTMAX}) {
    CAPTURE(number);
    streams.signal_all(number);
    CHECK(streams.live());
  }
  CHECK(children_of(streams.proxy().process().pid()) == children);
  CHECK(streams.proxy().process().running());
}

TEST_CASE("SIGHUP to all processes is one reload, SIGUSR2 one upgrade, and every stream stays") {
  FourStreams streams;
  streams.signal_all(SIGHUP);
  CHECK(streams.proxy().wait_for_log(" reloaded "));
  CHECK(streams.live());
  streams.signal_all(SIGUSR2);
  CHECK(streams.proxy().wait_for_log(" taken_over "));
  CHECK(streams.proxy().wait_for_log(" reloaded ", 2));
  CHECK(streams.live());
  CHECK(streams.proxy().logged(" worker_died ") + streams.proxy().logged(" control_died ") == 0);
}

TEST_CASE("an end that all processes are told drains once: streams run on until they end") {
  for (const int number : {SIGTERM, SIGINT, SIGQUIT}) {
    CAPTURE(number);
    FourStreams streams;
    streams.signal_all(number);
    REQUIRE(streams.proxy().wait_for_log(" draining", 3));
    CHECK(streams.live());
    streams.end();
    CHECK(streams.proxy().process().wait() == Exit{0, 0});
  }
}

TEST_CASE("SIGTERM to one worker alone does nothing; killed, it is replaced") {
  FourStreams streams;
  const auto before = streams.proxy().worker_pids();
  ::kill(before.at(0), SIGTERM);
  CHECK(streams.live());
  ::kill(before.at(0), SIGKILL);
  CHECK(streams.proxy().wait_for_log(" worker_started ", 3));
}
