// A worker runs out of file descriptors: nobody who is connected notices, and newcomers get in as others go.
#include <doctest/doctest.h>
#include <sys/resource.h>

#include <deque>
#include <filesystem>
#include <string>

#include "tests/support/proxy_under_test.h"
#include "tests/support/stats.h"

using namespace finishline;
using namespace finishline::test;

namespace {

std::size_t open_descriptors(pid_t pid) {
  std::size_t count = 0;
  for (const auto& entry : std::filesystem::directory_iterator("/proc/" + std::to_string(pid) + "/fd"))
    count += entry.path().empty() ? 0 : 1;
  return count;
}

bool served(TcpPeer& client) {
  if (!client.send_frame({.type = 'V', .id = 1, .length = 1})) return false;
  const auto reply = client.read_frame();
  return reply && reply->status() == proto::Status::ok;
}

}  // namespace

TEST_CASE("out of descriptors, a worker serves whom it has, does not spin, and recovers") {
  ProxyUnderTest proxy({.servers = {{.name = "video-1"}}, .unit = "1us"});
  TcpPeer alice = proxy.connect();
  REQUIRE(served(alice));
  const pid_t worker = proxy.worker_pids().at(0);
  const rlim_t room = open_descriptors(worker) + 3;
  const rlimit few{.rlim_cur = room, .rlim_max = room};
  REQUIRE(::prlimit(worker, RLIMIT_NOFILE, &few, nullptr) == 0);

  std::deque<TcpPeer> crowd;
  for (int n = 0; n < 8; ++n) crowd.push_back(proxy.connect());  // the kernel says yes to all
  REQUIRE(proxy.wait_for_log("accept_failed"));
  CHECK(served(alice));
  REQUIRE(proxy.wait_for_log("accept_failed", 2));
  CHECK(proxy.logged("accept_failed") < 20);  // ten a second, not thousands
  while (!crowd.empty()) {
    CHECK(served(crowd.front()));
    crowd.pop_front();
  }
  CHECK(unrest_at_the_end(proxy) == "");
}
