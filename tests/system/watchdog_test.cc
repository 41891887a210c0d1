// A process that does not turn its loop: it is not counted as one that runs, it is found, and it is replaced.
#include <doctest/doctest.h>

#include <algorithm>
#include <csignal>
#include <string>

#include "tests/support/processes.h"
#include "tests/support/proxy_under_test.h"

using namespace finishline;
using namespace finishline::test;
using proto::Status;

namespace {

/// The child of the proxy that is no worker.
pid_t control_of(ProxyUnderTest& proxy) {
  const auto workers = proxy.worker_pids();
  for (const pid_t child : children_of(proxy.process().pid()))
    if (std::ranges::find(workers, child) == workers.end()) return child;
  return 0;
}

}  // namespace

TEST_CASE(
    "a worker and a control process that do not turn their loops are found, said, killed and replaced") {
  ProxyUnderTest proxy({.servers = {{.name = "video-1"}}, .workers = 2, .proxy_keys = "watchdog = \"1s\"\n"});
  REQUIRE(proxy.wait_for_log(" admin_listening "));
  const pid_t worker = proxy.worker_pids().at(0), control = control_of(proxy);
  ::kill(worker, SIGSTOP);
  ::kill(control, SIGSTOP);
  CHECK(proxy.wait_for_log(" stalled child=\"worker 0\" pid=" + std::to_string(worker) + " for_s="));
  CHECK(proxy.wait_for_log(" stalled child=control pid=" + std::to_string(control) + " for_s="));
  CHECK(proxy.wait_for_log(" worker 0 listening ", 2));
  CHECK(proxy.wait_for_log(" admin_listening ", 2));
  CHECK(proxy.get("/metrics").body.find("\nfinishline_stalled_total 2\n") != std::string::npos);
  CHECK(proxy.worker_pids().at(0) != worker);
  CHECK(proxy.logged(" stalled child=\"worker 1\"") == 0);
}

TEST_CASE("a proxy whose workers do not turn their loops is not healthy, and says which") {
  ProxyUnderTest proxy({.servers = {{.name = "video-1"}}, .workers = 2, .proxy_keys = "watchdog = \"0s\"\n"});
  CHECK(proxy.get("/healthz").status == 200);
  ::kill(proxy.worker_pids().at(0), SIGSTOP);
  for (const pid_t worker : proxy.worker_pids()) ::kill(worker, SIGSTOP);
  CHECK(wait_until([&] { return proxy.get("/healthz").status == 503; }));
  CHECK(proxy.get("/healthz").body.find("worker 1 has not turned its loop for ") != std::string::npos);
  ::kill(proxy.worker_pids().at(1), SIGCONT);
  CHECK(wait_until([&] { return proxy.get("/healthz").status == 200; }));
  ::kill(proxy.worker_pids().at(0), SIGCONT);
  CHECK(proxy.logged(" stalled ") == 0);
}

TEST_CASE("a whole proxy that was stopped and goes on has lost nobody") {
  ProxyUnderTest proxy({.servers = {{.name = "video-1"}}, .workers = 2, .proxy_keys = "watchdog = \"1s\"\n"});
  REQUIRE(proxy.wait_for_log(" admin_listening "));
  auto all = children_of(proxy.process().pid());
  all.push_back(proxy.process().pid());
  for (const pid_t pid : all) ::kill(pid, SIGSTOP);
  std::this_thread::sleep_for(std::chrono::milliseconds(1500));
  std::ranges::reverse(all);  // the master first
  for (const pid_t pid : all) ::kill(pid, SIGCONT);
  TcpPeer client = proxy.connect();
  REQUIRE(client.send_frame({.type = 'V', .id = 1, .length = 1}));
  CHECK(client.read_frame()->status() == Status::ok);
  CHECK(proxy.get("/healthz").status == 200);
  CHECK(proxy.logged(" stalled ") == 0);
}
